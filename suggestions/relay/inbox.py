"""Events on their way from a source's thread to the one that sends them on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

from suggestions._delivery.waiting import Waiters
from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.events import Event


class Inbox:
    """Filled by a source, emptied by one reader."""

    def __init__(self, source: SuggestionsEventSource, names: Iterable[str]) -> None:
        self._events: deque[Event[Any]] = deque()
        self._readers = Waiters()
        for name in names:
            source.connect(name, self._put)

    def take(self, timeout: float) -> list[Event[Any]]:
        """All that has come; waits for the first `timeout` seconds, and is empty after that."""
        self._readers.block_until(self._has_some, timeout)
        return self._all()

    async def atake(self, timeout: float) -> list[Event[Any]]:
        """As `take`, under asyncio."""
        if not self._events:
            await self._until_some(timeout)
        return self._all()

    async def _until_some(self, timeout: float) -> None:
        # Not by `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes in the
        # step of the loop in which the wait ends, and the answer would go on for nobody. Here the
        # task waits itself, and nothing stands between it and its cancellation.
        over = asyncio.Event()

        def end() -> None:
            over.set()
            self._readers.wake()

        timer = asyncio.get_running_loop().call_later(timeout, end)
        try:
            await self._readers.until(lambda: self._has_some() or over.is_set())
        finally:
            timer.cancel()

    def _put(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        self._events.append(event)
        # A reader takes all before it waits again: only the first of several is news to it.
        if len(self._events) == 1:
            self._readers.wake()

    def _has_some(self) -> bool:
        return bool(self._events)

    def _all(self) -> list[Event[Any]]:
        return [self._events.popleft() for _ in range(len(self._events))]
