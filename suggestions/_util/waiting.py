"""Waiting for something from outside of handlers: on a thread that blocks, or under asyncio."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from .elapsed import monotonic

if TYPE_CHECKING:
    import asyncio

# Seconds. Python runs a signal's handler on the main thread, and while that thread waits for a
# lock it cannot: on Windows never, elsewhere if the signal came just before the wait. So the main
# thread never waits for longer at a time.
_LONGEST = 0.1 if sys.platform == "win32" else 0.5
_OFTEN = 0.1


class Waiters:
    """Threads and tasks that wait for a condition. `wake()`, from any thread, has each check it."""

    def __init__(self) -> None:
        self.wakers: list[Callable[[], object]] = []
        """Each wakes one of them; empty if none waits."""

    def wake(self) -> None:
        for wake in tuple(self.wakers):
            wake()

    def block_until(
        self, condition: Callable[[], bool], timeout: float | None = None, *, often: bool = False
    ) -> bool:
        """Blocks until the condition holds or `timeout` seconds are over; returns if it holds.

        With `often`, it checks ten times a second, even if nothing wakes it.
        """
        deadline = None if timeout is None else monotonic() + timeout
        # A lock that is free if there is news. An Event has a lock of its own inside: a signal's
        # handler that sets it, on the thread that waits for it, would deadlock.
        news = threading.Lock()
        gets_signals = threading.current_thread() is threading.main_thread()
        longest = _OFTEN if often else _LONGEST if gets_signals else threading.TIMEOUT_MAX

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # it is free already
                news.release()

        self.wakers.append(wake)
        try:
            while not condition():
                left = math.inf if deadline is None else max(0.0, deadline - monotonic())
                # A change after the check has freed the lock, so that this wait ends at once.
                if not news.acquire(timeout=min(left, longest)) and left == 0:
                    return False
            return True
        finally:
            self.wakers.remove(wake)

    @contextlib.contextmanager
    def bell(self) -> Iterator[Bell]:
        """A bell for the task that calls this; `wake()` rings it."""
        bell = Bell()
        self.wakers.append(bell.ring)
        try:
            yield bell
        finally:
            self.wakers.remove(bell.ring)


class Bell:
    """Wakes one task under asyncio. To be made on its loop."""

    def __init__(self) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._news: asyncio.Future[None] | None = None  # what the task waits for, or has

    def ring(self) -> None:
        """From any thread."""
        if threading.get_ident() == self._thread:
            if self._news is not None and not self._news.done():
                self._news.set_result(None)
        else:
            with contextlib.suppress(RuntimeError):  # the loop was closed, with the task on it
                self._loop.call_soon_threadsafe(self.ring)

    def wait(self) -> Awaitable[None]:
        """To be awaited at once: it is over when the bell rings.

        Checking a condition before this loses nothing: what rings on this thread does so only while
        the task waits, and what rings elsewhere comes after that.
        """
        self._news = news = self._loop.create_future()
        return news
