"""Drops a browser that reads nothing: its answer would keep a request to the service open."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import inf
from typing import Any

from .._util.arguments import check_optional_seconds
from .._util.elapsed import monotonic
from . import on_trio

logger = logging.getLogger("suggestions")

LET_GO = "the browser reads nothing"
"""What the task that sends is cancelled with."""


def check_send_timeout(seconds: object) -> float | None:
    """Raises `TypeError`, `ValueError`."""
    return check_optional_seconds("send_timeout", seconds, longest=threading.TIMEOUT_MAX)


async def let_go_after(
    seconds: float, chunks: AsyncGenerator[bytes, None], close: Callable[[], object]
) -> AsyncGenerator[bytes, None]:
    """Passes the chunks on. If the task that sends them has not sent one after so many seconds,
    it calls `close()`, and cancels the task under asyncio. Under trio the task waits on."""
    watch = _Watch(seconds, close)
    try:
        async with aclosing(chunks):
            async for data in chunks:
                watch.sends_since = monotonic()
                yield data
                watch.sends_since = inf
    finally:
        watch.end()


class _Watch:
    """Looks at the task that made it, once in so many seconds."""

    def __init__(self, seconds: float, close: Callable[[], object]) -> None:
        self.sends_since = inf
        self._seconds = seconds
        self._close = close
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        if on_trio.is_here():
            on_trio.spawn(self._watch_on_trio)
        else:
            self._task = asyncio.current_task()
            self._look()

    def end(self) -> None:
        self._has_ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        waits = monotonic() - self.sends_since
        if waits < self._seconds:
            again = self._seconds - max(0.0, waits)
            self._timer = asyncio.get_running_loop().call_later(again, self._look)
            return
        self._let_go()
        if self._task is not None:
            self._task.cancel(LET_GO)

    def _let_go(self) -> None:
        logger.warning("a browser has read nothing for %g s: its answer is closed", self._seconds)
        self._close()

    async def _watch_on_trio(self) -> None:
        while not self._has_ended:
            await on_trio.sleep(self._seconds)
            if monotonic() - self.sends_since >= self._seconds:
                self._let_go()
                return
