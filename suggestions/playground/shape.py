"""Answers in formats that have nothing but text: how each writes a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response

from .chat import Chat, Message, Reply
from .chat_body import Body, checked, read_messages
from .demand import demanded
from .faults import Fault, Refused
from .model import reply_to
from .stream import Frame, streamed
from .wire_format import json_response

_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Shape:
    """How a format writes a stream: its start, each token, a fault in mid-stream, and its end.

    `end` is given the reply. `whole` is the answer in one JSON value, None where there is no such.
    """

    token: Callable[[str], bytes]
    fault: Callable[[Fault], bytes]
    start: bytes = b""
    end: Callable[[Reply], bytes] = lambda reply: b""
    mimetype: str = "text/event-stream"
    whole: Callable[[Reply], object] | None = None


def respond(shape: Shape, messages: tuple[Message, ...], *, stream: bool = True) -> Response:
    """The answer to `messages`. Raises `Refused` for a failure that the format cannot have."""
    demand = demanded()
    reply = reply_to(Chat(messages))
    if demand.failure.reply:
        reply = demand.failure.reply(reply, demand.after)
    if demand.failure.whole or not stream:
        if shape.whole is None or demand.failure.frames:
            message = "This failure needs an answer of another kind."
            raise Refused(Fault(400, message, "invalid_value", param="fail"))
        return json_response(shape.whole(reply))
    frames = list(_frames(shape, reply))
    if demand.failure.frames:
        frames = demand.failure.frames(frames, demand.after)
    told = (
        frame._replace(data=shape.fault(frame.fault)) if frame.fault else frame for frame in frames
    )
    return streamed(told, demand.pace, shape.mimetype)


def read_question(body: Body) -> tuple[Message, ...]:
    """`{"prompt": text}`, or `{"messages": [...]}`. Raises `Refused`."""
    if body.get("messages") is not None:
        return read_messages(body, _ROLES)
    return (Message("user", checked(body.get("prompt") or None, str, "prompt")),)


def _frames(shape: Shape, reply: Reply) -> Iterator[Frame]:
    if shape.start:
        yield Frame("control", shape.start)
    for token in reply.tokens:
        yield Frame("token", shape.token(token))
    if end := shape.end(reply):
        yield Frame("done", end)
