"""Plain text: the data of each event is a piece of the answer, or the body itself is the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import from_report, is_report
from .delta import Delta, Failure
from .json_message import failure_in
from .prompted import Prompted

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent


class Text(Prompted):
    """`data: <text>`, the texts joined as they are; or `text/plain`, with no framing at all.

    The end of the stream is the end of the answer. A message named `error` reports an error; those
    of other names are not part of the answer. `Prompted` says how it asks.
    """

    name = "text"
    ends_at_eof = True
    framings = {"text/event-stream": "events", "text/plain": "text", "": "text"}

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        return decode_text(message)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        if is_report(body):
            return (Failure(from_report(body)),)
        if not isinstance(body, str):
            raise ValueError(f"expected a text, got a JSON {type(body).__name__}")
        return (body,)


def decode_text(message: ServerSentEvent) -> Iterable[Delta]:
    """The data of a message without a name, whatever it looks like."""
    if message.type == "message":
        return (message.data,)
    return (failure_in(message.data),) if message.type == "error" else ()
