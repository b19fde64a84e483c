"""A log that forgets: what an endless stream keeps for handlers that are connected late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class History:
    """Stands in for the list of an `EventTarget`: positions count from the first entry ever.

    The last `length` entries are kept, and before them those that `needed_from()`, a position,
    asks for. Changing it is for the holder of the target's lock; reading what is needed is not.
    """

    def __init__(self, length: int, needed_from: Callable[[], int]) -> None:
        self._length = length
        self._needed_from = needed_from
        # By position: what is read while something is forgotten stays where it is.
        self._entries: dict[int, Any] = {}
        self._oldest = 0
        self._end = 0

    def __len__(self) -> int:
        """How many entries there have ever been."""
        return self._end

    def __getitem__(self, position: int) -> Any:
        return self._entries[position]

    @property
    def start(self) -> int:
        """The position of the first entry for somebody who comes now."""
        return max(self._oldest, self._end - self._length)

    @property
    def oldest(self) -> int:
        """The position of the first entry that is in memory."""
        return self._oldest

    @property
    def kept(self) -> int:
        """How many entries are in memory."""
        return len(self._entries)

    def append(self, entry: Any) -> None:
        self._entries[self._end] = entry
        self._end += 1
        keep_from = min(self._end - self._length, self._needed_from())
        while self._oldest < keep_from:
            del self._entries[self._oldest]
            self._oldest += 1

    def forget(self, name: str) -> None:
        """Makes None of every event of that name."""
        for place, entry in self._entries.items():
            if entry is not None and entry.type == name:
                self._entries[place] = None

    def withdraw(self, position: int) -> bool:
        """Makes None of every entry from `position` on; whether there was one."""
        for place in range(max(position, self._oldest), self._end):
            self._entries[place] = None
        return position < self._end
