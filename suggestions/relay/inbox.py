"""Events on their way from a source's thread to the one that sends them on."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from typing import Any

from suggestions.events import Event
from suggestions.follow import Followers
from suggestions.source import SuggestionsEventSource


class Inbox:
    """Filled by a source, emptied by one reader."""

    def __init__(self, source: SuggestionsEventSource, names: Iterable[str]) -> None:
        self._events: deque[Event[Any]] = deque()
        self._readers = Followers()
        for name in names:
            source.connect(name, self._put)

    def take(self, timeout: float) -> list[Event[Any]]:
        """All that has come; waits for the first `timeout` seconds, and is empty after that."""
        self._readers.block_until(self._has_some, timeout)
        return self._all()

    async def atake(self, timeout: float) -> list[Event[Any]]:
        """As `take`, under asyncio."""
        if not self._events:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._readers.until(self._has_some), timeout)
        return self._all()

    def _put(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        self._events.append(event)
        # A reader takes all before it waits again: only the first of several is news to it.
        if len(self._events) == 1:
            self._readers.tell()

    def _has_some(self) -> bool:
        return bool(self._events)

    def _all(self) -> list[Event[Any]]:
        return [self._events.popleft() for _ in range(len(self._events))]
