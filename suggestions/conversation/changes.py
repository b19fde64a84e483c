"""What handlers of a `Conversation` know of it, and what they are to be called for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from itertools import compress, count
from operator import is_not
from typing import Any, Literal

from .._util.clock import Alarm, clock
from .._util.elapsed import monotonic
from ..events import Event
from .chat_message import UNDER_WAY, ChatChange, ChatMessage, difference

ConversationStatus = Literal["ready", "submitted", "streaming", "calling", "error"]
"""Nothing is under way; asked; being written; tools are called; the newest answer failed."""


class Changes:
    """The messages and the status as handlers were called for them. Not thread-safe.

    `throttle`: seconds between two changes of an answer that is being written. What it holds back
    is due when `on_alarm()` is called, on the clock's thread.
    """

    def __init__(self, throttle: float | None, on_alarm: Callable[[], object]) -> None:
        self._throttle = throttle or 0.0
        self._on_alarm = on_alarm
        self.is_held_back = False
        """A change waits for the alarm, which `on_alarm` is to set to False."""
        self._messages: list[ChatMessage] = []
        self._status: ConversationStatus = "ready"
        self._alarm: Alarm | None = None
        self._next_text = 0.0  # when, by monotonic()

    def begin_with(self, messages: Sequence[ChatMessage], status: ConversationStatus) -> None:
        """No handler is called for these."""
        self._messages, self._status = list(messages), status

    def next_event(
        self, messages: Sequence[ChatMessage], status: ConversationStatus
    ) -> Event[Any] | None:
        """The event for the first difference, which counts as reported; None if there is none."""
        change = self._first_change(messages)
        if change is not None:
            return Event("change", change)
        if status != self._status:
            self._status = status
            return Event("status", status)
        return None

    def _first_change(self, messages: Sequence[ChatMessage]) -> ChatChange | None:
        known = self._messages
        # Of a long conversation, almost all are the same objects: they are passed over in C.
        for position in compress(count(), map(is_not, known, messages)):
            old, new = known[position], messages[position]
            if old.id != new.id:
                return self._removed()
            change = difference(old, new, position)
            if change is not None and not self._has_to_wait(change):
                known[position] = new
                return change
        if len(known) > len(messages):
            return self._removed()
        if len(known) < len(messages):
            known.append(messages[len(known)])
            return ChatChange("added", known[-1], len(known) - 1)
        return None

    def _removed(self) -> ChatChange:
        message = self._messages.pop()
        return ChatChange("removed", message, len(self._messages))

    def _has_to_wait(self, change: ChatChange) -> bool:
        is_more = change.message.status in UNDER_WAY and "status" not in change.fields
        if not is_more or monotonic() >= self._next_text:
            return False
        if not self.is_held_back:
            # If no thread can be started for it, the change comes with the next piece of text.
            with contextlib.suppress(RuntimeError):
                self._alarm = clock.call_at(self._next_text, self._on_alarm)
                self.is_held_back = True
        return True

    def begin_interval(self) -> None:
        """Handlers have returned. The interval begins here, and not when they were called, so that
        handlers that are slower than `throttle` do not keep their loop busy."""
        self._next_text = monotonic() + self._throttle

    def cancel_alarm(self) -> None:
        """What is held back is due with the next piece of text."""
        self.is_held_back = False
        if self._alarm is not None:
            clock.cancel(self._alarm)
