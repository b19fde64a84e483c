"""The relay in a task of trio: under hypercorn's `-k trio`, or a framework that runs on trio."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from .._util.elapsed import monotonic
from .._util.waiting import Waiters
from ..toolkits import trio_

_T = TypeVar("_T")


def is_here() -> bool:
    """Whether a task of trio calls this."""
    # As an attribute of the module that the program has imported: it is never imported here.
    trio: Any = sys.modules.get("trio")
    if trio is None:
        return False
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        return False
    return True


class TrioTask:
    """The task that sends an answer. It waits until `waiters` are woken."""

    def __init__(self, waiters: Waiters) -> None:
        self._trio: Any = sys.modules["trio"]
        self.dispatcher = trio_()
        self._token = self._trio.lowlevel.current_trio_token()
        self._news = self._trio.Event()
        self._waiters = waiters
        waiters.wakers.append(self._ring)

    async def wait(self, deadline: float) -> None:
        """Returns when there may be news, or at `deadline` (of `time.monotonic()`)."""
        with self._trio.move_on_after(max(0.0, deadline - monotonic())):
            await self._news.wait()
        self._news = self._trio.Event()

    def close(self) -> None:
        self._waiters.wakers.remove(self._ring)

    def _ring(self) -> None:
        with suppress(self._trio.RunFinishedError):
            self._token.run_sync_soon(self._wake, idempotent=True)

    def _wake(self) -> None:
        self._news.set()


@asynccontextmanager
async def beside(work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Runs `work()` in a task of its own, which is cancelled at the end."""
    trio: Any = sys.modules["trio"]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        yield
        nursery.cancel_scope.cancel()


def spawn(work: Callable[[], Awaitable[object]]) -> None:
    """Runs `work()`, which must not raise, until it ends or the program does."""
    trio: Any = sys.modules["trio"]
    trio.lowlevel.spawn_system_task(work)


async def sleep(seconds: float) -> None:
    trio: Any = sys.modules["trio"]
    await trio.sleep(seconds)


async def call_on_thread(work: Callable[[], _T]) -> _T:
    trio: Any = sys.modules["trio"]
    result: _T = await trio.to_thread.run_sync(work)
    return result
