"""How handlers are called for an endless stream: its log forgets, and it can stop and go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from .._delivery.delivery import NOTHING, Delivery
from .._delivery.handlers import Connection, Cursor
from ..events import Event, MessageEvent
from ..signals import BY_NAME

if TYPE_CHECKING:
    from typing import Any

    from blinker import Signal

EVERY = "*"
"""The name under which a handler gets every event."""
OWN_NAMES = frozenset(("open", "message", "comment", "error", "handler_error", EVERY))
"""The server cannot give its events these names: with one of them, an event is a `message`."""


class StreamLog:
    """Counts like a list: a position is a number since the first entry ever.

    It keeps the last `length` entries, and all from the position `needed_from()` on. With each
    entry it keeps the id of the last event before it. One that was withdrawn or forgotten is None.
    A thread that changes the log holds the delivery's lock.
    """

    def __init__(self, length: int, last_event_id: str, needed_from: Callable[[], int]) -> None:
        self._length = length
        self._needed_from = needed_from
        self._last_id = last_event_id
        # By position, so that a thread may read one entry while another drops older ones.
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


class StreamEntries:
    """The entries are events; each is claimed, under the lock, before its handlers are called.

    `close()` on another thread may come just as a handler is called. Whether that has begun cannot
    be seen without a race (looking into the thread's frames was tried), and waiting for a handler
    may take for ever. So the claim decides. What was claimed counts as delivered: all its handlers
    are called, because no later connection brings it again. All else is withdrawn, and
    `last_event_id` goes back to before it, so that the server sends it again.
    """

    names: Collection[str] = ()
    # The server may call an event "done", and it is none of an answer.
    signals: Mapping[str, Signal] = {name: BY_NAME[name] for name in OWN_NAMES & BY_NAME.keys()}

    def __init__(self, log: StreamLog) -> None:
        self.log = log
        self._last_claim: Cursor | None = None

    def cursor(self) -> Cursor:
        return Cursor(self.log.start)

    def deliver(self, delivery: Delivery, entry: Event[Any] | None, cursor: Cursor) -> None:
        with delivery.lock:
            if cursor is not delivery.live and delivery.audible is NOTHING:
                cursor.position -= 1  # the late handler gets it after a restart
                return
            if entry is None or self.log[cursor.position - 1] is None:
                return  # close() has withdrawn it
            # From here on it is claimed: close() withdraws only what lies ahead of the cursor.
            self._last_claim = cursor
            delivery.claimed = entry
        delivery.call(entry, cursor)
        if EVERY in cursor.receivers:
            delivery.call(entry, cursor, EVERY)
        delivery.claimed = None

    def forget_failures(self) -> None:
        self.log.forget("handler_error")

    def withdraw(self, delivery: Delivery) -> str | None:
        """Withdraws what was not claimed, or was claimed only for async handlers that have not
        begun. If other handlers were called for it, the event is kept for those.

        Returns the id of the last event before that, or None if there is nothing to withdraw.
        """
        owed, claim = delivery.async_calls.drop_all(), self._last_claim
        if owed and claim is not None:
            position = claim.position - 1
            event = self.log[position]
            comes_again = (
                event and claim is delivery.live and self._is_owed_to_all(delivery, event, owed)
            )
            if comes_again:
                claim.position = position
            for connection in owed:
                # The call has disconnected a handler that was connected with `once`.
                if not (comes_again and connection.is_active):
                    self._go_back(delivery, connection, position)
        return self.log.withdraw(delivery.live.position)

    def _go_back(self, delivery: Delivery, connection: Connection, position: int) -> None:
        """Makes a late handler of one that gets the entries from a position on once more."""
        delivery.disconnect(connection)
        handler = connection.handler
        if handler is not None:
            connection.is_active = True
            delivery.known.add(connection, handler)
            delivery.late.append(Cursor(position))
            delivery.late[-1].add(connection)

    def _is_owed_to_all(
        self, delivery: Delivery, event: Event[Any], owed: list[Connection]
    ) -> bool:
        """Whether no handler was called for an event but those that it is owed to."""
        receivers, signal = delivery.live.receivers, self.signals.get(event.type)
        known = (*receivers.get(event.type, ()), *receivers.get(EVERY, ()))
        return not (signal and signal.receivers) and all(each in owed for each in known)
