"""Plain blinker signals that every source in the process sends: one for each event name, and two
of the source itself.

A host watches all its plugins' answers with `signals.done.connect(handler)`; a handler is called
`handler(source, event=event)`, on the thread that runs the source's own handlers. A signal costs
nothing until a handler is connected. As everywhere in blinker, a connection is weak by default.

`started` and `finished` are sent once for each source of an answer that asks, and only watch:
connecting to them changes neither which thread reads nor who counts as a listener. Their handlers
are called `handler(source)`, at once, on the thread that starts or finishes it, and must not block.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import Any, TypeVar

import blinker

from .events import NAMES

logger = logging.getLogger("suggestions")

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

started = blinker.Signal("a source asks, in the context of its caller")
"""Sent by `start()`, before the request. The handlers run in a copy of the caller's context, and
the threads that read the answer run in it, too, with what the handlers have set there."""
finished = blinker.Signal("nothing more of an answer is read: it is done, failed or was closed")
"""Sent on the thread that has read; the source's own handlers may still have to be called."""

BY_NAME: dict[str, Signal] = {name: globals()[name] for name in NAMES}


def is_watched(signals: Mapping[str, blinker.Signal]) -> bool:
    """Whether a handler is connected to one of these signals now."""
    return any(signal.receivers for signal in signals.values())


def send_started(source: Any) -> Context | None:
    """Returns the context for the threads that read; None for an empty one."""
    if not started.receivers:
        return None
    context = copy_context()
    context.run(_send, started, source)
    return context


def send_finished(source: Any) -> None:
    if finished.receivers:
        _send(finished, source)


def _send(signal: blinker.Signal, source: Any) -> None:
    """A handler that raises harms neither the answer nor the other handlers."""
    for handler in signal.receivers_for(source):
        try:
            handler(source)
        except Exception:
            logger.exception("a handler of %r raised", signal)
