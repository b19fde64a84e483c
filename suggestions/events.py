"""`Event`, the names of the events, and the types of their `detail`.

To add an event with a payload, touch:

1. this file: its name in `NAMES`, and its payload, a `NamedTuple`, if no other fits;
2. `signals.py`: its signal;
3. `_sources/answer.py`: the method that emits it;
4. `_delivery/handler_types.py`: its name and payload, for type checkers;
5. `docs/events.md`: its row in the table; `docs/reference/events.md`: the payload; and the help of
   `cli/command_ask.py`, which lists the fields of each detail;
6. if a service sends it, the delta that a dialect decodes it to: `dialects/delta.py`, the imports
   and `__all__` of `dialects/__init__.py`, and `docs/reference/dialects.md`.

`tests/project/test_tables.py` then names each table that lacks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, overload

from .errors import SuggestionsError

T_co = TypeVar("T_co", covariant=True)

ERROR_NAMES = (
    "error_quota_exceeded",
    "error_moderation",
    "error_service_unavailable",
    "error_context_too_large",
    "error_unclear_prompt",
    "error_network",
)

NAMES = frozenset(
    (
        "open",
        "message",
        "chunk",
        "suggestion",
        "reasoning",
        "function_call_chunk",
        "function_done",
        "tool_call_chunk",
        "tool_call",
        "citation",
        "file",
        "object",
        "usage",
        "retry",
        "done",
        "abort",
        *ERROR_NAMES,
        "error_response",
        "error",
        "end",
        "handler_error",
    )
)
"""Every name that the library sends itself; a server's message of such a name is a `message`."""


class Event(Generic[T_co]):
    """What a handler gets: `type` (the event's name), `detail`, and `target` (the source)."""

    __slots__ = ("detail", "target", "type")

    @overload
    def __init__(self: Event[None], type: str, detail: None = None, target: Any = None) -> None: ...
    @overload
    def __init__(self, type: str, detail: T_co, target: Any = None) -> None: ...
    def __init__(self, type: str, detail: Any = None, target: Any = None) -> None:
        self.type = type
        self.detail: T_co = detail
        self.target = target

    def __repr__(self) -> str:
        return f"Event({self.type!r}, {self.detail!r})"


class Later(NamedTuple):
    """An event in the log whose detail is made when it is delivered, if a handler listens to it."""

    type: str
    make_detail: Callable[[], object]


class ServerSentEvent(NamedTuple):
    """Detail of `message`: one message as it came over the wire."""

    type: str
    data: str
    last_event_id: str


class ResponseInfo(NamedTuple):
    """Detail of `open`: the response's status and headers, and the dialect that reads it."""

    status: int
    headers: Mapping[str, str]
    request_id: str | None
    dialect: str = ""


class MessageEvent(NamedTuple):
    """Detail of what an `EventSource` receives (WHATWG HTML, section 9.2.6).

    `type` is the name that the server gave it, "message" if it gave none. `origin` is that of the
    stream's address after all redirects, such as "https://example.org".
    """

    data: str
    type: str
    last_event_id: str
    origin: str

    def json(self) -> Any:
        """What `data` says as JSON (RFC 8259). Raises `ValueError` if it is not JSON."""
        try:
            return json.loads(self.data, parse_constant=_no_constant)
        except RecursionError:
            raise ValueError("the data is nested too deeply for JSON") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"the data is no JSON, which has no {name}")


class FunctionCall(NamedTuple):
    """Detail of `function_call_chunk` (so far) and `function_done` (whole).

    `arguments` is the JSON text that the model wrote; it is not checked.
    """

    name: str
    arguments: str


class ToolCall(NamedTuple):
    """Detail of `tool_call`: one call.

    `id` names the call in the result of the tool. If the service has none, a whole call has a new
    one.

    `arguments` is the JSON text that the model wrote; it is not checked.
    """

    id: str
    name: str
    arguments: str

    @property
    def parsed(self) -> dict[str, Any]:
        """The arguments as an object, made anew each time; {} if there are none.

        Raises `ValueError` if they are not a JSON object: a model may write what it likes, and a
        limit of tokens may cut it off. Do not call anything with half of them.
        """
        try:
            value = json.loads(self.arguments) if self.arguments.strip() else {}
        except RecursionError:
            raise ValueError("the arguments are nested too deeply for JSON") from None
        if not isinstance(value, dict):
            raise ValueError(f"the arguments are no JSON object, but {type(value).__name__}")
        return value


class PartialToolCall(ToolCall):
    """Detail of `tool_call_chunk`: a call so far."""

    __slots__ = ()

    @property
    def parsed(self) -> dict[str, Any]:
        """The best object so far of the arguments, which takes time that grows with them; {} if
        there is none. It never raises.

        A number and a name only count once they have ended, and a text as far as it has come.
        """
        from ._util.partial_json import best_object

        best = best_object(self.arguments)
        return best if isinstance(best, dict) else {}


class Citation(NamedTuple):
    """Detail of `citation`: where something in the answer comes from.

    `url` and `title` name the source; each is "" if the service does not say it. The source
    supports the answer's text from `start` to `end`, in characters; both are None if the service
    does not say it. `quote` is what the source says.
    """

    url: str
    title: str = ""
    start: int | None = None
    end: int | None = None
    quote: str = ""


class AnswerFile(NamedTuple):
    """Detail of `file`: an image or another file that the model made.

    `url` is a web address, or a data URL (RFC 2397), as `<img src>` takes both. With `partial`, it
    is a preview; another event with the same `id` follows.
    """

    media_type: str
    url: str
    partial: bool = False
    id: str = ""

    @property
    def data(self) -> bytes | None:
        """The bytes of a data URL, decoded each time; None for a web address.

        Raises `ValueError` if they are not base64.
        """
        head, comma, encoded = self.url.partition(",")
        if not comma or head[:5].lower() != "data:":
            return None
        import base64

        return base64.b64decode(encoded, validate=True)


class Usage(NamedTuple):
    """Detail of `usage`: counts of tokens.

    `prompt_tokens` include the `cached_tokens`, which came from the service's cache;
    `completion_tokens` include the `reasoning_tokens`. `details` is all that the service sent about
    them.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    details: Mapping[str, Any]
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class Retry(NamedTuple):
    """Detail of `retry`: attempt `attempt` (the first was 1) follows in `delay` seconds."""

    attempt: int
    delay: float
    error: SuggestionsError


class HandlerFailure(NamedTuple):
    """Detail of `handler_error`: `handler` raised `exception` when it was called with `event`."""

    event: Event[Any]
    handler: Callable[..., object]
    exception: BaseException
