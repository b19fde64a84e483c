"""How the entries of an endless stream are told: its log forgets, and it can stop and go on."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from suggestions._delivery.delivery import NOTHING, Delivery
from suggestions._delivery.handlers import Cursor
from suggestions.events import Event, MessageEvent
from suggestions.signals import BY_NAME

if TYPE_CHECKING:
    from typing import Any

    from blinker import Signal

EVERY = "*"
"""The name under which a handler hears every event."""
OWN_NAMES = frozenset(("open", "message", "comment", "error", "handler_error", EVERY))
"""The server cannot give its events these names: with one of them, an event is a `message`."""


class StreamLog:
    """Counts like a list: positions are those since the first entry ever.

    The last `length` entries are kept, and those from `needed_from()`, a position, on. Each entry
    knows `id_before` it, that of the last event. One that was withdrawn or forgotten is None. A
    thread that changes the log holds the delivery's lock.
    """

    def __init__(self, length: int, last_event_id: str, needed_from: Callable[[], int]) -> None:
        self._length = length
        self._needed_from = needed_from
        self._last_id = last_event_id
        # By position: what is read while something is dropped stays in its place.
        self._entries: dict[int, tuple[Event[Any] | None, str]] = {}
        self._oldest = 0
        self._end = 0

    def __len__(self) -> int:
        """How many entries there have ever been."""
        return self._end

    def __getitem__(self, position: int) -> Event[Any] | None:
        return self._entries[position][0]

    @property
    def start(self) -> int:
        """The position of the first entry for a handler that is connected now."""
        return max(self._oldest, self._end - self._length)

    @property
    def kept(self) -> int:
        """How many entries are in memory."""
        return len(self._entries)

    def append(self, event: Event[Any]) -> None:
        self._entries[self._end] = event, self._last_id
        if isinstance(event.detail, MessageEvent):
            self._last_id = event.detail.last_event_id
        self._end += 1
        keep_from = min(self._end - self._length, self._needed_from())
        while self._oldest < keep_from:
            del self._entries[self._oldest]
            self._oldest += 1

    def withdraw(self, position: int) -> str | None:
        """Makes None of every entry from `position` on. Returns the id before the first of them,
        or None if there was none."""
        position = max(position, self._oldest)
        if position >= self._end:
            return None
        self._last_id = self._entries[position][1]
        for place in range(position, self._end):
            self._entries[place] = None, self._last_id
        return self._last_id

    def forget(self, name: str) -> None:
        """Makes None of every event of that name."""
        for place, (event, id_before) in self._entries.items():
            if event is not None and event.type == name:
                self._entries[place] = None, id_before


class TellStream:
    """The entries are events. One that was claimed is told to all its handlers, also if the stream
    is closed meanwhile, since another connection will not bring it again."""

    names: Collection[str] = ()
    # The server may call an event "done", and it is none of an answer.
    signals: Mapping[str, Signal] = {
        name: signal for name, signal in BY_NAME.items() if name in OWN_NAMES
    }

    def __init__(self, log: StreamLog) -> None:
        self.log = log
        # Refers weakly to the cursor that was claimed for: a late one would keep its handler.
        self._told: Callable[[], Cursor | None] = lambda: None

    def cursor(self) -> Cursor:
        return Cursor(self.log.start)

    def tell(self, delivery: Delivery, entry: Event[Any] | None, cursor: Cursor) -> None:
        with delivery.lock:
            if cursor is not delivery.live and delivery.audible is NOTHING:
                cursor.position -= 1  # it hears this after a restart
                return
            if entry is None or self.log[cursor.position - 1] is None:
                return  # close() has withdrawn it
            # Claimed: the cursor is beyond it, and close() withdraws what lies ahead of the cursor.
            self._told = weakref.ref(cursor)
            delivery.claimed = entry
        delivery.call(entry, cursor)
        if EVERY in cursor.receivers:
            delivery.call(entry, cursor, EVERY)
        delivery.claimed = None

    def forget_failures(self) -> None:
        self.log.forget("handler_error")

    def withdraw(self, delivery: Delivery) -> str | None:
        """Takes back what was not claimed, or was claimed for async handlers that have not begun.

        Returns the id of the last event before that, or None if there is nothing to take back.
        """
        if delivery.async_calls.drop_all() and (told := self._told()) is not None:
            told.position -= 1
        return self.log.withdraw(delivery.live.position)
