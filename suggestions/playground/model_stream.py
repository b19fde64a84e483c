"""Answers in formats that have all that a model says: reasoning, text, calls and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response

from .chat import Chat, Reply
from .completions import digest
from .demand import demanded
from .faults import Fault, Refused
from .model import reply_to
from .stream import Frame, streamed
from .tokens import tokenize
from .wire_format import json_response

Json = dict[str, object]


@dataclass(frozen=True)
class Said:
    """A reply on its way into a format; `id` is the same for the same question."""

    reply: Reply
    model: str
    id: str

    @property
    def completion_tokens(self) -> int:
        called = sum(len(tokenize(call.name + call.arguments)) for call in self.reply.calls)
        return len(self.reply.reasoning) + len(self.reply.tokens) + called


@dataclass(frozen=True)
class Format:
    """How a format writes an answer as a stream and whole, and a fault in mid-stream."""

    frames: Callable[[Said], Iterator[Frame]]
    whole: Callable[[Said], Json]
    fault: Callable[[Fault], bytes]
    mimetype: str = "text/event-stream"


def respond(format: Format, chat: Chat, *, stream: bool) -> Response:
    """The answer to `chat`. Raises `Refused` for a failure that only a stream can have."""
    demand = demanded()
    reply = reply_to(chat)
    if demand.failure.reply:
        reply = demand.failure.reply(reply, demand.after)
    said = Said(reply, chat.model, digest(chat))
    change = demand.failure.frames
    if change and not stream:
        raise Refused(Fault(400, "This failure needs a stream.", "invalid_value", param="fail"))
    if demand.failure.whole or not stream:
        return json_response(format.whole(said))
    frames = list(format.frames(said))
    if change:
        frames = change(frames, demand.after)
    told = (f._replace(data=format.fault(f.fault)) if f.fault else f for f in frames)
    return streamed(told, demand.pace, format.mimetype)


def limit_of(given: int, name: str) -> int | None:
    """The bound of the answer's length in tokens; 0 is none. Raises `Refused`."""
    if given < 0:
        message = f"Invalid '{name}': expected an integer of at least 1."
        raise Refused(Fault(400, message, "integer_below_min_value", param=name))
    return given or None
