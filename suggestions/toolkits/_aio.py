"""asyncio: handlers run on the event loop, and may be async."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable
from typing import Any

from suggestions.toolkits._lifetime import Lifetime


def aio(loop: asyncio.AbstractEventLoop | None = None) -> Aio:
    """The dispatcher of a loop; without one, of the running loop (`RuntimeError`: there is none).

    Handlers run in a copy of the caller's context. When the loop ends, its sources close, and a
    post raises `RuntimeError`.
    """
    return Aio(asyncio.get_running_loop() if loop is None else loop)


class Aio:
    """Posts with `call_soon_threadsafe`; awaits async handlers in tasks of their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._context = contextvars.copy_context()
        self._lifetime = Lifetime("the event loop")
        self.on_gone = self._lifetime.on_gone
        self._tasks: set[asyncio.Future[Any]] = set()
        self._watch = _until_shutdown(self._lifetime, self._tasks)
        self(self._begin_watch)

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the loop is closed."""
        self._lifetime.check()
        self._loop.call_soon_threadsafe(fn, context=self._context.copy())

    def is_gone(self) -> bool:
        # One that is closed without a word of its end takes the posts that it had accepted along.
        return self._loop.is_closed()

    def runs_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def spawn(self, fn: Callable[[], Any], ended: Callable[[BaseException | None], None]) -> None:
        """Awaits `fn()` in a task, and then calls `ended(exception)`, None for none."""
        if self._lifetime.over:
            return  # a task that begins now would never end

        def done(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            # One that is cancelled has not failed: so the loop's end ends them all.
            ended(None if task.cancelled() else task.exception())

        task = self._loop.create_task(fn())
        self._tasks.add(task)
        task.add_done_callback(done)

    def _begin_watch(self) -> None:
        # Its first step is what makes the loop know it.
        try:
            self._watch.asend(None).send(None)
        except StopIteration:
            return


async def _until_shutdown(
    lifetime: Lifetime, tasks: set[asyncio.Future[Any]]
) -> AsyncGenerator[None, None]:
    # A loop that ends, as at the end of asyncio.run(), closes the generators that were begun on
    # it; unlike a task, one that is never closed prints nothing.
    try:
        yield
    finally:
        lifetime.end()
        for task in list(tasks):
            task.cancel()
