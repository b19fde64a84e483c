"""An `EventTarget` that tells of a stream without an end: its log forgets, and it can be stopped
and go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from suggestions._delivery.handlers import Cursor
from suggestions._delivery.target import EventTarget, Receivers
from suggestions._sources.history import History
from suggestions._sources.subscription import OWN_NAMES
from suggestions.events import Event, MessageEvent

if TYPE_CHECKING:
    from blinker import Signal

EVERY = "*"
"""The name under which a handler hears every event."""
_LEAST_BACKLOG = 100  # events


class StreamTarget(EventTarget):
    """The log's entries are events, and None where one was dropped before it was told."""

    def _tell_of(self, last_event_id: str, history: int) -> None:
        self._last_event_id = self._told_id = last_event_id
        self._told_to = 0  # the position behind the last entry that was told
        self._told_before = 0, last_event_id  # the same of the entry before it
        self._telling = self._live  # whose handlers are told, or were last
        self._log = History(history, self._slowest)
        self._longest_backlog = max(history, _LEAST_BACKLOG)

    # Taking what was read; under the lock

    def _record(self, events: Iterable[Event[Any]]) -> None:
        for event in events:
            self._log.append(event)

    def _forget_failures(self) -> None:
        self._log.forget("handler_error")

    def _drop_untold(self) -> None:
        """Nobody hears any more of what was not told yet; the stream is to bring it again."""
        if not self._awaited.has_begun():
            self._untell()
        self._awaited.drop_all()
        if self._log.withdraw(self._told_to):
            self._last_event_id = self._told_id

    def _untell(self) -> None:
        """None of those that were just told has begun to hear of it."""
        if self._telling is self._live:
            self._told_to, self._told_id = self._told_before
        else:
            self._telling.position = max(self._telling.position - 1, self._log.oldest)

    def _slowest(self) -> int:
        """The position of the first entry that somebody still has to hear."""
        position: int = self._live.position
        # One that was just told may not begin with it, and hear it later.
        return min([position, *(max(0, late.cursor.position - 1) for late in self._late)])

    # Delivering, on whatever thread holds the baton

    def _is_behind(self) -> bool:
        """Whether so much is to be told that no more is to be read now."""
        with self._lock:
            return len(self._log) - self._slowest() > self._longest_backlog

    def _tell(self, entry: Any, cursor: Any, receivers: Receivers) -> None:
        with self._lock:
            self._telling = cursor
            if self._only is not None:
                if cursor is not self._live:
                    self._untell()
                return  # it was dropped
            # Claimed: it counts as told, and no close() on another thread takes it back.
            self._claimed = entry
            if cursor is self._live:
                self._told_before = self._told_to, self._told_id
                self._told_to = cursor.position
                if entry is not None and isinstance(entry.detail, MessageEvent):
                    self._told_id = entry.detail.last_event_id
        if entry is None:
            return
        self._call(entry, receivers)
        if EVERY in receivers:
            self._call(entry, receivers, EVERY)
        self._claimed = None

    def _call_watchers(self, signal: Signal, event: Event[Any]) -> None:
        # A stream's event may be called "done" and be none of an answer.
        if event.type in OWN_NAMES:
            super()._call_watchers(signal, event)

    def _new_cursor(self) -> Cursor:
        cursor = super()._new_cursor()
        cursor.position = self._log.start
        return cursor
