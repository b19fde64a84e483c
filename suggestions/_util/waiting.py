"""Waiting for something from outside of handlers: on a thread that blocks, or under asyncio."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
from time import monotonic

# Python runs a signal's handler on the main thread, after the wait that the signal came in (on
# Windows), or just before the wait begins. So no wait may keep that thread for longer than this
# many seconds.
_LONGEST = 0.1


class Waiters:
    """Threads and tasks that wait for a condition. `wake()`, from any thread, has them look."""

    def __init__(self) -> None:
        self._wakers: list[Callable[[], object]] = []

    def __bool__(self) -> bool:
        return bool(self._wakers)

    def wake(self) -> None:
        for wake in tuple(self._wakers):
            wake()

    def block_until(
        self, condition: Callable[[], bool], timeout: float | None = None, *, often: bool = False
    ) -> bool:
        """Blocks until the condition holds or `timeout` seconds are over; returns if it holds.

        With `often`, it looks ten times a second, also if nothing wakes it.
        """
        deadline = None if timeout is None else monotonic() + timeout
        # A lock that is open when there is news. An Event would deadlock if a signal's handler on
        # the waiting thread is what sets it.
        news = threading.Lock()
        gets_signals = threading.current_thread() is threading.main_thread()
        longest = _LONGEST if often or gets_signals else threading.TIMEOUT_MAX

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # open already
                news.release()

        self._wakers.append(wake)
        try:
            while not condition():
                left = math.inf if deadline is None else max(0.0, deadline - monotonic())
                # What changes from here on opens the lock again, so looking then misses nothing.
                if not news.acquire(timeout=min(left, longest)) and left == 0:
                    return False
            return True
        finally:
            self._wakers.remove(wake)

    async def until(self, condition: Callable[[], bool]) -> None:
        """As `block_until`, under asyncio and without a timeout of its own."""
        import asyncio

        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed, with the task on it
                loop.call_soon_threadsafe(news.set)

        self._wakers.append(wake)
        try:
            while not condition():
                await news.wait()
                news.clear()
        finally:
            self._wakers.remove(wake)
