"""`openai_endpoint`: what clients of OpenAI ask, in front of any dialect."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.arguments import check_seconds
from .._util.secret import hide, hide_arguments, hide_fields
from ..auth import Token
from ..dialects import Dialect, DialectName
from .answer_stream import AnswerStream
from .asking import check_context, check_messages, choose_dialect
from .callbacks import Callback, Callbacks
from .frames import Wording
from .frames.openai import OpenAIFrames
from .openai_answer import OpenAIAnswer, Plain, WholeFrames
from .openai_body import ClientLeft, read_by_asgi, read_by_wsgi
from .openai_models import Models
from .openai_parameters import messages_for, options_for
from .openai_request import Refused, read_request
from .response import Cors
from .send_timeout import check_send_timeout
from .servers import Receive, Send, Sendable, send_by_wsgi, send_closed_on_disconnect

if TYPE_CHECKING:
    import requests

logger = logging.getLogger("suggestions")

Authorize = Callable[[str], "bool | Awaitable[bool]"]
"""Whether a client with this key may ask; "" if it sends none. Plain or async."""

_CHAT = re.compile(r"(?:/v1)?/chat/completions/?")
_MODELS = re.compile(r"(?:/v1)?/models(?:/(?P<id>.+?)?)?")
_NO_SUCH = "There is nothing at this address: expected /v1/chat/completions or /v1/models."


def openai_endpoint(
    dialect: DialectName | None = None,
    *,
    models: str | Sequence[str] | Mapping[str, str | Dialect] | None = None,
    authorize: Authorize | None = None,
    url: str | None = None,
    token: Token | None = None,
    timeouts: Mapping[str, float | None] | None = None,
    session: requests.Session | None = None,
    cors: str | list[str] | None = None,
    events: Collection[str] | None = None,
    error_context: str | None = None,
    on_content: Callback | None = None,
    on_complete: Callback | None = None,
    on_error: Callback | None = None,
    on_abort: Callback | None = None,
    expose_errors: bool = False,
    error_message: str | None = None,
    heartbeat: float = 15.0,
    patience: float = 30.0,
    send_timeout: float | None = 60.0,
    longest_body: int = 32 * 1024 * 1024,
) -> OpenAIEndpoint:
    """`/v1/chat/completions` and `/v1/models` in front of any service: a WSGI and an ASGI
    application that any client of OpenAI can have as its `base_url`.

    - `dialect`, `url`, `token`, `timeouts` (seconds), `session`: the service, as `relay` has them;
      without a dialect the environment names it.
    - `models`: what a client may ask for: names; or a mapping from these to the service's names, or
      to dialects, each of which asks its own service. A client that names another gets status 404,
      and one that names none gets the first. Without `models` every name goes on to the service,
      and the list has only the dialect's own.
    - `authorize(key)`: whether the client with that bearer token may ask ("" if it sends none);
      plain or async. Without it, everybody may, at your expense. The key never goes to the service.
    - `cors`: as for `relay`.
    - `events`: what is sent besides the text, as for `relay(frames="openai")`, by default all. The
      usage is sent with a whole answer, and in a stream to a client that asks for it.
    - `error_context`, `on_content`, `on_complete`, `on_error`, `on_abort`, `expose_errors`,
      `error_message`, `heartbeat`, `send_timeout`: as for `relay`.
    - `patience`: seconds for which a stream waits for its first piece before it begins. Until then
      a failure has its own status, such as 429 with `Retry-After`; after that it is an `error` in
      the stream. It is rounded up to the next heartbeat.
    - `longest_body`: bytes of a request at most; a longer one is refused with status 413.

    Raises `TypeError` and `ValueError` that name the argument, and `RuntimeError` if neither the
    arguments nor the environment name a service.
    """
    has_default = not isinstance(models, Mapping) or not all(
        isinstance(each, Dialect) for each in models.values()
    )
    default = None
    if has_default or dialect is not None or not models:
        default = choose_dialect(dialect, None, has_url=url is not None)
    if authorize is not None and not callable(authorize):
        raise TypeError(f"authorize must be callable, not {authorize!r}")
    if isinstance(longest_body, bool) or not isinstance(longest_body, int):
        raise TypeError(f"longest_body must be an int, not {type(longest_body).__name__}")
    if longest_body <= 0:
        raise ValueError(f"longest_body is {longest_body}: expected a number of bytes above 0")
    context = check_context(error_context or "openai_endpoint")
    wanted = OpenAIFrames.optional if events is None else tuple(events)
    if unknown := [name for name in wanted if name not in OpenAIFrames.optional]:
        known = ", ".join(OpenAIFrames.optional)
        raise ValueError(f"events has {unknown[0]!r}: expected any of {known}")
    seconds = check_seconds("heartbeat", heartbeat, longest=threading.TIMEOUT_MAX)
    waits = check_seconds("patience", patience, longest=threading.TIMEOUT_MAX, may_be_0=True)
    service = hide_arguments(
        {"url": url, "token": hide(token), "timeouts": timeouts, "session": session}
    )
    endpoint = OpenAIEndpoint(
        Models(models, default),
        service,
        authorize,
        Cors(cors),
        wanted,
        Callbacks(context, on_content, on_complete, on_error, on_abort),
        Wording(expose_errors, error_message),
        (min(seconds, waits) or seconds, waits),
        check_send_timeout(send_timeout),
        longest_body,
    )
    endpoint.check()
    return endpoint


class OpenAIEndpoint:
    """What `openai_endpoint` makes: a WSGI application and an ASGI application, of any number of
    requests."""

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        models: Models,
        service: Mapping[str, Any],
        authorize: Authorize | None,
        cors: Cors,
        events: Sequence[str],
        callbacks: Callbacks,
        wording: Wording,
        seconds: tuple[float, float],
        send_timeout: float | None,
        longest_body: int,
    ) -> None:
        self._models = models
        self._service = service
        self._authorize = authorize
        self._cors = cors
        self._events = events
        self._callbacks = callbacks
        self._wording = wording
        self._heartbeat, self._patience = seconds
        self._send_timeout = send_timeout
        self._longest_body = longest_body
        self._created = int(time.time())  # seconds since the epoch

    def check(self) -> None:
        """Raises what a wrong argument raises, which is not a fault of a request."""
        for dialect in self._models.dialects:
            # A dialect without a model of its own gets that of each request.
            has_own = getattr(dialect, "model", None) is not None
            options = options_for(dialect, {}, None if has_own else "any", False)
            self._source("Hello", dialect, options)

    def __call__(self, *args: Any) -> Any:
        """WSGI (PEP 3333), ASGI 3, and ASGI 2, which uvicorn uses for an object that is no async
        function."""
        if len(args) == 2:
            return self._by_wsgi(*args)
        if len(args) == 3:
            return self._by_asgi(*args)
        if len(args) == 1:
            return lambda receive, send: self._by_asgi(args[0], receive, send)
        raise TypeError(
            "an endpoint is called with (environ, start_response) by WSGI "
            "or with (scope, receive, send) by ASGI"
        )

    def _by_wsgi(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        origin, method = environ.get("HTTP_ORIGIN"), environ["REQUEST_METHOD"]
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        try:
            response = self._without_key(method, environ.get("PATH_INFO", ""), origin, asked)
            if response is None:
                self._admit_here(environ.get("HTTP_AUTHORIZATION", ""))
                response = self._listed(environ.get("PATH_INFO", ""), origin)
            if response is None:
                response = self._answer(read_by_wsgi(environ, self._longest_body), origin)
        except Refused as refused:
            response = self._refusal(refused, origin)
        except Exception:
            response = self._refusal(_broken(), origin)
        return send_by_wsgi(response, environ, start_response)

    async def _by_asgi(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"an endpoint answers HTTP requests, not {scope['type']!r}")
        headers = {
            bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]
        }
        origin, method, path = headers.get(b"origin"), scope["method"], _path_of(scope)
        asked = headers.get(b"access-control-request-headers")
        try:
            response = self._without_key(method, path, origin, asked)
            if response is None:
                await self._admit(headers.get(b"authorization", ""))
                response = self._listed(path, origin)
            if response is None:
                body = await read_by_asgi(headers, receive, self._longest_body)
                response = self._answer(body, origin)
        except ClientLeft:
            return
        except Refused as refused:
            response = self._refusal(refused, origin)
        except Exception:
            response = self._refusal(_broken(), origin)
        await send_closed_on_disconnect(response, scope, receive, send)

    # What both have in common

    def _without_key(
        self, method: str, path: str, origin: str | None, asked: str | None
    ) -> Sendable | None:
        """The answer to a preflight, which a browser sends without a key. Raises `Refused` for a
        wrong address or method."""
        if _CHAT.fullmatch(path):
            allowed = ["POST"]
        elif _MODELS.fullmatch(path):
            allowed = ["GET", "HEAD"]
        else:
            raise Refused(404, _NO_SUCH, "unknown_url")
        if method == "OPTIONS" and self._cors.headers(origin):
            return Plain(204, None, self._cors.preflight(origin, asked))
        if method not in allowed:
            words = " or ".join(allowed)
            refused = Refused(
                405, f"{method} is not allowed here: expected {words}.", "method_not_allowed"
            )
            refused.headers["Allow"] = ", ".join(allowed)
            raise refused
        return None

    def _admit_here(self, header: str) -> None:
        if self._authorize is not None:
            admits = self._authorize(_key_in(header))
            if isawaitable(admits):
                admits = asyncio.run(_awaited(admits))
            _check(admits)

    async def _admit(self, header: str) -> None:
        if self._authorize is not None:
            admits = self._authorize(_key_in(header))
            _check(await admits if isawaitable(admits) else admits)

    def _listed(self, path: str, origin: str | None) -> Sendable | None:
        """None for a path that is not of the models."""
        found = _MODELS.fullmatch(path)
        if found is None:
            return None
        listed = [
            {"id": name, "object": "model", "created": self._created, "owned_by": "suggestions"}
            for name in self._models.names
        ]
        value: Any = {"object": "list", "data": listed}
        if (id := found["id"]) is not None:
            value = next((each for each in listed if each["id"] == id), None)
            if value is None:
                raise self._models.unknown(id)
        return Plain(200, value, self._headers(origin))

    def _answer(self, body: bytes, origin: str | None) -> Sendable:
        asking = read_request(body)
        dialect, model = self._models.find(asking.model)
        try:
            messages = check_messages(messages_for(dialect, asking.messages), dialect)
        except (TypeError, ValueError) as error:
            raise Refused(400, f"Invalid value for {error}", "invalid_value", "messages") from None
        events = [name for name in self._events if name != "usage" or asking.wants_usage]
        try:
            # A whole answer always has the usage.
            wants_usage = asking.wants_usage or not asking.is_streamed
            options = options_for(dialect, asking.parameters, model, wants_usage)
            source = self._source(messages, dialect, options)
        except (TypeError, ValueError) as error:
            raise Refused(400, f"Invalid value: {error}", "invalid_value") from None
        frames: OpenAIFrames | WholeFrames
        if asking.is_streamed:
            frames = OpenAIFrames(source, self._wording, events)
        else:
            frames = WholeFrames(source, self._wording, self._events)
        stream = AnswerStream(source, frames, self._callbacks, self._heartbeat)
        return OpenAIAnswer(
            stream,
            frames,
            self._wording,
            self._patience,
            self._headers(origin),
            self._send_timeout,
        )

    def _source(
        self, messages: Any, dialect: Dialect, options: dict[str, Any]
    ) -> SuggestionsEventSource:
        service = dict(self._service)
        if dialect is not self._models.default:
            service |= {"url": None, "token": None}  # those of another service
        hidden = hide_fields(options)
        return SuggestionsEventSource(
            messages, start=False, dialect=dialect, options=hidden, **service
        )

    def _refusal(self, refused: Refused, origin: str | None) -> Sendable:
        return Plain(refused.status, refused.value, {**refused.headers, **self._headers(origin)})

    def _headers(self, origin: str | None) -> dict[str, str]:
        return {"X-Request-Id": f"req_{uuid.uuid4().hex}", **self._cors.headers(origin)}


def _key_in(header: str) -> str:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _check(admits: object) -> None:
    if admits:
        return
    refused = Refused(401, "Incorrect API key provided, or none at all.", "invalid_api_key")
    refused.headers["WWW-Authenticate"] = "Bearer"
    raise refused


async def _awaited(admits: Awaitable[bool]) -> bool:
    return await admits


def _broken() -> Refused:
    logger.exception("openai_endpoint: the request could not be answered")
    return Refused(500, "The server had an error while processing your request.", "server_error")


def _path_of(scope: Mapping[str, Any]) -> str:
    """Without the prefix at which the application is mounted, which some frameworks leave."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


async def _live(receive: Receive, send: Send) -> None:
    """ASGI's lifespan: there is nothing to start and nothing to stop."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
