"""The bytes of one answer: its frames as they come, and heartbeats while none come."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import contextlib
import itertools
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions._util.waiting import Waiters
from suggestions.events import Event
from suggestions.relay.callbacks import Callbacks
from suggestions.relay.frames import ENDINGS, Frames

# A comment at once lets the headers go out, so that the browser's `open` need not wait for the
# model.
_OPENING = b":\n\n"
# A server finds out that the browser has left only when it writes. A heartbeat is therefore three
# writes. The browser's machine answers the first one with a reset. After _ROUND_TRIP seconds that
# reset has arrived, and the second write fails. A server that writes on another thread than this
# one reports the failure at the third.
_HEARTBEAT = (b":\n", b":\n", b"\n")
_ROUND_TRIP = 0.2


class AnswerStream:
    """The request is sent at the first `next`; `close()` stops the answer."""

    def __init__(
        self,
        source: SuggestionsEventSource,
        frames: Frames,
        callbacks: Callbacks,
        heartbeat: float,
    ) -> None:
        self.source = source
        self._frames = frames
        self._callbacks = callbacks
        self._heartbeat = heartbeat  # seconds
        self._inbox = _Inbox(source, frames.event_names)

    def close(self) -> None:
        """Closes the request to the service, from any thread."""
        self.source.close()

    def chunks(self) -> Iterator[bytes]:
        """For a thread that may block."""
        _open_sources.add(self.source)
        try:
            self.source.start()
            yield _OPENING
            silences = self._silences()
            while True:
                timeout, heartbeat = next(silences)
                events = self._inbox.take(timeout)
                for event in events:
                    self._callbacks.call(event)
                if events:
                    silences = self._silences()
                yield b"".join(map(self._frames.encode, events)) or heartbeat
                if events and events[-1].type in ENDINGS:
                    return
        finally:
            self.close()

    async def achunks(self) -> AsyncGenerator[bytes, None]:
        """As `chunks`, under asyncio."""
        try:
            self.source.start()
            yield _OPENING
            silences = self._silences()
            while True:
                timeout, heartbeat = next(silences)
                events = await self._inbox.atake(timeout)
                for event in events:
                    await self._callbacks.acall(event)
                if events:
                    silences = self._silences()
                yield b"".join(map(self._frames.encode, events)) or heartbeat
                if events and events[-1].type in ENDINGS:
                    return
        finally:
            self.close()

    def _silences(self) -> Iterator[tuple[float, bytes]]:
        """How long to wait next, in seconds, and what to send if nothing has come by then."""
        timeouts = (self._heartbeat, _ROUND_TRIP, _ROUND_TRIP)
        return itertools.cycle(zip(timeouts, _HEARTBEAT, strict=True))


class _Inbox:
    """Events on their way from the source's thread to the one reader that sends them on."""

    def __init__(self, source: SuggestionsEventSource, names: Iterable[str]) -> None:
        self._events: deque[Event[Any]] = deque()
        self._readers = Waiters()
        for name in names:
            source.connect(name, self._put)

    def take(self, timeout: float) -> list[Event[Any]]:
        """All that has come, after at most `timeout` seconds; empty if nothing has."""
        self._readers.block_until(self._has_some, timeout)
        return self._all()

    async def atake(self, timeout: float) -> list[Event[Any]]:
        """As `take`, under asyncio."""
        if not self._events:
            await self._until_some(timeout)
        return self._all()

    async def _until_some(self, timeout: float) -> None:
        # `asyncio.wait_for` would be shorter. But before Python 3.12 it loses a cancellation that
        # comes in the same step of the loop in which the wait ends, and the answer would go on
        # though the browser has left. Here the task itself waits, so its cancellation arrives.
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
        # A reader takes all before it waits again: only the first of several must wake it.
        if len(self._events) == 1:
            self._readers.wake()

    def _has_some(self) -> bool:
        return bool(self._events)

    def _all(self) -> list[Event[Any]]:
        return [self._events.popleft() for _ in range(len(self._events))]


# A server that runs its requests in a `ThreadPoolExecutor`, like gunicorn's gthread, gives them a
# time limit at a stop or a reload. After that the interpreter would wait for each thread for as
# long as its stream goes on. So the open sources are closed before the interpreter waits.
_open_sources: weakref.WeakSet[SuggestionsEventSource] = weakref.WeakSet()


def _close_all() -> None:
    for source in list(_open_sources):
        source.close()


# `atexit` callbacks run after that wait, too late. `threading._register_atexit` keeps another list,
# which runs before it, last entry first. The pools register there as well, when their module is
# imported: it is imported above so that our entry comes after theirs, and so runs before. The
# function is private; on a Python without it, the server's own time limit ends the process.
assert concurrent.futures.thread
with contextlib.suppress(RuntimeError):  # this module is imported at the exit itself
    getattr(threading, "_register_atexit", lambda close: None)(_close_all)
