"""The bytes of one answer: its frames as they come, and heartbeats while none come."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.elapsed import monotonic
from .._util.waiting import Bell, Waiters
from ..events import Event
from ..toolkits import aio
from . import on_trio
from .callbacks import Callbacks
from .frames import ENDINGS, Frames
from .server_stop import closes_at_stop, stopping_error

if TYPE_CHECKING:
    from .rounds import Rounds

# A comment at once lets the headers go out, so that the browser's `open` need not wait for the
# model.
OPENING = b":\n\n"
# A server finds out that the browser has left only when it writes. A heartbeat is therefore three
# writes. The browser's machine answers the first one with a reset. After ROUND_TRIP seconds that
# reset has arrived, and the second write fails. A server that writes on another thread than this
# one reports the failure at the third.
HEARTBEAT = (b":\n", b":\n", b"\n")
ROUND_TRIP = 0.2  # seconds


class AnswerStream:
    """The request is sent at the first `next`; `close()` stops the answer."""

    def __init__(
        self,
        source: SuggestionsEventSource | Rounds,
        frames: Frames,
        callbacks: Callbacks,
        heartbeat: float,
    ) -> None:
        self.source = source
        self._frames = frames
        self._callbacks = callbacks
        self._silences = (heartbeat, ROUND_TRIP, ROUND_TRIP)  # seconds, before each write
        self._follower = source._follow(frames.event_names)
        self._follower.forgets = True
        self._is_disconnected = False
        # A server may take the bytes after the view, and what watches the view, have ended.
        self._context = contextvars.copy_context()

    def keep_log(self) -> None:
        """Handlers may be connected to the source, and then get what had come before."""
        self._follower.forgets = False

    def close(self) -> None:
        """Closes the request to the service, from any thread."""
        self.source.close()

    def disconnect(self) -> None:
        """The server says that the browser has left. If the browser gets anything after that, it is
        the server that stops."""
        self._is_disconnected = True
        self.close()

    def chunks(self) -> Iterator[bytes]:
        """For a thread that may block."""
        closes_at_stop(self.source)
        is_over = False
        try:
            self._context.run(self.source.start)
            yield OPENING
            beats = 0  # the writes of heartbeats since the last event
            while True:
                beat = beats % len(HEARTBEAT)
                events = self._take_within(self._silences[beat])
                for event in events:
                    self._callbacks.call(event)
                beats = 0 if events else beats + 1
                is_over = bool(events) and events[-1].type in ENDINGS
                yield b"".join(map(self._frames.encode, events)) or HEARTBEAT[beat]
                if is_over:
                    return
        finally:
            if (abort := self._leave(is_over)) is not None:
                self._callbacks.call(abort)

    def _leave(self, is_over: bool) -> Event[Any] | None:
        """The event that a callback is to get, if the browser has left and one wants it."""
        self.close()
        source = self.source
        if is_over or "abort" not in self._callbacks.wanted or source.state != "aborted":
            return None
        return Event("abort", source.full_message)

    def _take_within(self, timeout: float) -> list[Event[Any]]:
        """All that has come, after at most `timeout` seconds; empty if nothing has."""
        follower, deadline = self._follower, monotonic() + timeout
        while not (events := follower.take()):
            left = deadline - monotonic()
            if left <= 0 or not follower.waiters.block_until(follower.has_more, left):
                break
        return events

    async def achunks(self) -> AsyncGenerator[bytes, None]:
        """As `chunks`, in a task of trio, or of asyncio, whose loop reads the answer itself."""
        source, callbacks, encode = self.source, self._callbacks, self._frames.encode
        follower = self._follower
        is_over = False
        closes_at_stop(source)
        with closing(make_task(follower.waiters)) as task:
            try:
                source._run_on(task.dispatcher)
                self._context.run(source.start)
                yield OPENING
                beats = 0  # the writes of heartbeats since the last event
                while True:
                    beat = beats % len(HEARTBEAT)
                    deadline = monotonic() + self._silences[beat]
                    while not (events := follower.take()) and monotonic() < deadline:
                        await task.wait(deadline)
                    if not events:
                        beats += 1
                        yield HEARTBEAT[beat]
                        continue
                    beats = 0
                    if follower.has_stopped_reading:
                        source._resume()
                    for event in events:
                        if event.type in callbacks.wanted:
                            await callbacks.acall(event)
                    is_over = events[-1].type in ENDINGS
                    if self._is_disconnected and events[-1].type == "abort":
                        events[-1] = Event("error", stopping_error())
                    yield b"".join(map(encode, events))
                    if is_over:
                        return
            finally:
                if (abort := self._leave(is_over)) is not None:
                    # The task may be cancelled, and the callback may await.
                    run_beside(partial(callbacks.acall, abort))


class AsyncioTask:
    """The task that sends an answer. It waits until `waiters` are woken."""

    def __init__(self, waiters: Waiters) -> None:
        self.dispatcher = aio()
        self._bell = Bell()
        self._waiters = waiters
        waiters.wakers.append(self._bell.ring)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._moment = 0.0

    def wait(self, deadline: float) -> Awaitable[None]:
        """Is over when there may be news, or at `deadline` (of `time.monotonic()`)."""
        # A timer for an earlier deadline stays: it only wakes the task too early, and to set
        # another one for each piece of text would cost more.
        if self._timer is None or deadline < self._moment:
            self._cancel_timer()
            self._moment = deadline
            self._timer = self._loop.call_later(deadline - monotonic(), self._ring)
        return self._bell.wait()

    def close(self) -> None:
        self._waiters.wakers.remove(self._bell.ring)
        self._cancel_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        self._bell.ring()


def run_beside(work: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Runs `work()`, which must not raise, in a task of its own on the loop that runs here."""
    if on_trio.is_here():
        on_trio.spawn(work)
        return
    task = asyncio.ensure_future(work())
    _tasks.add(task)  # a loop alone does not keep it
    task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Future[object]] = set()


def make_task(waiters: Waiters) -> AsyncioTask | on_trio.TrioTask:
    """For the task of asyncio or trio that calls this."""
    return on_trio.TrioTask(waiters) if on_trio.is_here() else AsyncioTask(waiters)
