"""Plain blinker signals, one for each event name, sent by every source in the process.

A host watches all its plugins' answers with `signals.done.connect(handler)`; a handler is called
`handler(source, event=event)`, on the thread that runs the source's own handlers. A signal costs
nothing until a handler is connected. As everywhere in blinker, a connection is weak by default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import blinker

from .events import NAMES

F = TypeVar("F", bound=Callable[..., Any])

WATCHED: set[str] = set()
"""Names whose signal has, or had, a handler: looked at for each event, so this is a set."""


class Signal(blinker.Signal):
    """Notes that it is watched. `receiver_connected` would do it too, and would take 50 µs for each
    signal when this is imported."""

    def connect(self, receiver: F, sender: Any = blinker.ANY, weak: bool = True) -> F:
        WATCHED.update(name for name, signal in BY_NAME.items() if signal is self)
        return super().connect(receiver, sender, weak)


open = Signal("the server accepted the request")
message = Signal("each server-sent event")
chunk = Signal("each piece of text")
suggestion = Signal("the text so far")
reasoning = Signal("each piece of reasoning")
function_call_chunk = Signal("a function call so far")
function_done = Signal("a complete function call")
tool_call_chunk = Signal("a tool call so far")
tool_call = Signal("a complete tool call")
citation = Signal("where something in the answer comes from")
file = Signal("an image or a file of the answer")
object = Signal("the object so far")
usage = Signal("token counts")
retry = Signal("another attempt follows")
done = Signal("a complete answer")
abort = Signal("an answer closed by the user")
error_quota_exceeded = Signal("429, 402")
error_moderation = Signal("422, content filter")
error_service_unavailable = Signal("503, 529")
error_context_too_large = Signal("413, context length")
error_unclear_prompt = Signal("the marker of an unclear prompt")
error_network = Signal("everything else")
error_response = Signal("any failure")
error = Signal("any failure")
end = Signal("last of all")
handler_error = Signal("a handler raised")

BY_NAME: dict[str, Signal] = {name: globals()[name] for name in NAMES}


def is_watched(signals: Mapping[str, blinker.Signal]) -> bool:
    """Whether a handler is connected to one of these signals now."""
    return any(signal.receivers for signal in signals.values())
