"""How handlers are called for a conversation: what it looks like now, and not how it came to that.

A view that is slow, or whose loop stands still, should not show each step of the past. So the log
has no changes, but an entry that says that there may be some. When that is delivered, the
conversation is compared with its state when handlers were last called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from .._delivery.delivery import Delivery
from .._delivery.handlers import Cursor
from ..events import Event
from .turn import PASSED_ON, OfTurn

if TYPE_CHECKING:
    from blinker import Signal

OWN_NAMES = frozenset(
    ("change", "status", "done", "error", "tool_call", "tool_result", "handler_error")
)


class ConversationLog:
    """Counts like a list, and forgets each entry when the next one is asked for."""

    def __init__(self) -> None:
        self._entries: deque[Any] = deque()
        self._start = 0

    def append(self, entry: Any) -> None:
        self._entries.append(entry)

    def __len__(self) -> int:
        return self._start + len(self._entries)

    def __bool__(self) -> bool:
        """No handler is late: the messages themselves have what was before it."""
        return False

    def __getitem__(self, position: int) -> Any:
        while self._start < position:
            self._start += 1
            self._entries.popleft()
        return self._entries[0]


class ConversationEntries:
    """An entry is an `Event`, an `OfTurn`, or None for changes.

    `next_change()` returns the next event that is due for these, or None; `changed()` is called
    once its handlers have run.
    """

    names: Collection[str] = PASSED_ON | OWN_NAMES
    signals: Mapping[str, Signal] = {}  # its sources call them

    def __init__(
        self, next_change: Callable[[], Event[Any] | None], changed: Callable[[], object]
    ) -> None:
        self.log: Any = ConversationLog()
        self._next_change = next_change
        self._changed = changed

    def cursor(self) -> Cursor:
        return Cursor()

    def deliver(self, delivery: Delivery, entry: Any, cursor: Cursor) -> None:
        if isinstance(entry, OfTurn):
            if not entry.turn.was_stopped:
                delivery.call(entry.event, cursor)
        elif entry is not None:
            delivery.call(entry, cursor)
        elif (event := self._next_change()) is not None:
            # One at a time: its handlers may give commands, and async ones take their time.
            cursor.position -= 1
            delivery.call(event, cursor)
            self._changed()

    def forget_failures(self) -> None:
        """No failure is kept: see `ConversationLog`."""
