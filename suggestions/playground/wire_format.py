"""What all wire formats share: who may ask, how a request is refused, how an answer is written.

To add a format:

1. A file in this folder with a `wire_format(...)` blueprint, its routes and a `Format`.
2. A line for the blueprint in `app.py`, and a property for its address in `server.py`.
3. If the page is to ask in it, a line in `WIRES` of `page.py`. That needs a dialect of its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response, current_app, request

from .failures import demanded
from .model import Chat, Reply, reply_to, tokenize
from .streaming import Fault, Frame, Refused, streamed, to_json

Json = dict[str, object]


def wire_format(
    name: str, error_body: Callable[[Fault], object], check_token: Callable[[], None] | None = None
) -> Blueprint:
    """A blueprint for the routes of one wire format.

    `error_body` makes the body of its errors. `check_token` raises `Refused` for a wrong token;
    without it, the playground's token must come as a bearer token.
    """
    blueprint = Blueprint(name, __name__)
    blueprint.before_request(partial(_admit, check_token or _check_bearer))

    @blueprint.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        fault = refused.fault
        response = json_response(error_body(fault), fault.status)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    return blueprint


def _admit(check_token: Callable[[], None]) -> Response | None:
    """Checks the token, then carries out a failure that concerns the whole request."""
    check_token()
    failure = demanded().failure
    if failure.fault:
        raise Refused(failure.fault)
    return failure.instead() if failure.instead else None


def _check_bearer() -> None:
    token = current_app.config["PLAYGROUND_TOKEN"]
    if token is None:
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        message = "You didn't provide an API key. Send it as `Authorization: Bearer YOUR_KEY`."
        raise Refused(Fault(401, message))
    if given.strip() != token:
        raise Refused(Fault(401, "Incorrect API key provided.", "invalid_api_key"))


def json_response(body: object, status: int = 200) -> Response:
    return Response(to_json(body), status, mimetype="application/json")


@dataclass(frozen=True)
class Said:
    """A reply that a format is to write; `id` is the same for the same question."""

    reply: Reply
    model: str
    id: str

    @property
    def completion_tokens(self) -> int:
        called = sum(len(tokenize(call.name + call.arguments)) for call in self.reply.calls)
        return len(self.reply.reasoning) + len(self.reply.tokens) + called


@dataclass(frozen=True)
class Format:
    """How a format writes an answer as a stream and as one JSON value, and a fault in mid-stream.

    `whole` is None if the format has no answer in one value, `fault` if it writes faults as the
    OpenAI API does.
    """

    frames: Callable[[Said], Iterator[Frame]]
    whole: Callable[[Said], object] | None
    fault: Callable[[Fault], bytes] | None = None
    mimetype: str = "text/event-stream"


def text_format(
    token: Callable[[str], bytes],
    fault: Callable[[Fault], bytes],
    start: bytes = b"",
    end: Callable[[Reply], bytes] = lambda reply: b"",
    mimetype: str = "text/event-stream",
    whole: Callable[[Reply], object] | None = None,
) -> Format:
    """A format that has nothing but text: how it writes its start, each token and its end."""

    def frames(said: Said) -> Iterator[Frame]:
        if start:
            yield Frame("control", start)
        for each in said.reply.tokens:
            yield Frame("token", token(each))
        if last := end(said.reply):
            yield Frame("done", last)

    return Format(
        frames, None if whole is None else lambda said: whole(said.reply), fault, mimetype
    )


def respond(format: Format, chat: Chat, *, stream: bool) -> Response:
    """The answer to `chat`. Raises `Refused` for a failure that this kind of answer cannot have."""
    demand = demanded()
    failure = demand.failure
    reply = reply_to(chat)
    if failure.reply:
        reply = failure.reply(reply, demand.after)
    said = Said(reply, chat.model, digest(chat))
    if failure.whole or not stream:
        if format.whole is None or failure.frames:
            message = "This failure needs an answer of another kind: a stream, or one JSON value."
            raise Refused(Fault(400, message, "invalid_value", param="fail"))
        return json_response(format.whole(said))
    frames = list(format.frames(said))
    if failure.frames:
        frames = failure.frames(frames, demand.after)
    if fault := format.fault:
        frames = [f._replace(data=fault(f.fault)) if f.fault else f for f in frames]
    return streamed(frames, demand.pace, format.mimetype)


def digest(value: object) -> str:
    """24 characters that are the same for the same value, for an id."""
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:24]


def limit_of(given: int, name: str) -> int | None:
    """The limit of the answer's length in tokens; 0 is none. Raises `Refused`."""
    if given < 0:
        message = f"Invalid '{name}': expected an integer of at least 1."
        raise Refused(Fault(400, message, "integer_below_min_value", param=name))
    return given or None
