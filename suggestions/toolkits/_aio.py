"""asyncio: handlers run on the event loop, and may be async."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import weakref
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any

from ._host import Host


def aio(loop: asyncio.AbstractEventLoop | None = None) -> Aio:
    """The dispatcher of a loop; without one, of the running loop.

    A thread opens the request. Once the response's headers are here, the loop itself reads the
    answer and calls the handlers, so that many streams need no thread for each. A handler that
    blocks stops the loop. Handlers run in a copy of the caller's context. When the loop ends, its
    sources close, and a post raises `RuntimeError`. Raises `RuntimeError` if no loop is running.
    """
    if loop is None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError("no running event loop: call aio() in a coroutine") from None
    return Aio(loop)


class Aio(Host):
    """Posts with `call_soon_threadsafe`; awaits async handlers in tasks of their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._context = contextvars.copy_context()
        super().__init__("the event loop")
        self._tasks: set[asyncio.Future[Any]] = set()
        self._watch = _until_shutdown(weakref.WeakMethod(self._end), self._tasks)
        self(self._begin_watch)

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the loop is closed."""
        self._check()
        self._loop.call_soon_threadsafe(fn, context=self._context.copy())

    def is_gone(self) -> bool:
        # A loop that is closed without a shutdown drops the posts that it had accepted.
        return super().is_gone() or self._loop.is_closed()

    def is_running(self) -> bool:
        return self._loop.is_running()

    def runs_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def watch(self, sock: socket.socket, readable: Callable[[], None]) -> Callable[[], object]:
        """Calls `readable()` while the socket has something to read. Returns what ends that.

        Raises `NotImplementedError` under Windows' proactor loop.
        """
        descriptor = sock.fileno()
        self._context.copy().run(self._loop.add_reader, descriptor, readable)
        return partial(self._loop.remove_reader, descriptor)

    def spawn(
        self, fn: Callable[[], Any], ended: Callable[[BaseException | None], None]
    ) -> Callable[[], object] | None:
        """Awaits `fn()` in a task, and then calls `ended(exception)`, None for none. Returns what
        cancels the task."""
        if self._is_over:
            return None  # a task that begins now would never end

        def done(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            # A cancelled task has not failed: the end of the loop cancels them all.
            ended(None if task.cancelled() else task.exception())

        task = self._loop.create_task(fn())
        self._tasks.add(task)
        task.add_done_callback(done)
        return task.cancel

    def _begin_watch(self) -> None:
        # Its first step registers it with the loop.
        try:
            self._watch.asend(None).send(None)
        except StopIteration:
            return


async def _until_shutdown(
    end: weakref.WeakMethod[Callable[[], None]], tasks: set[asyncio.Future[Any]]
) -> AsyncGenerator[None, None]:
    # A loop that ends, as at the end of asyncio.run(), closes the generators that were begun on
    # it. A task would do as well, but prints a warning if the loop is never closed.
    # It holds the dispatcher weakly, so that no cycle keeps an unused one alive.
    try:
        yield
    finally:
        if (dispatcher_end := end()) is not None:
            dispatcher_end()
        for task in list(tasks):
            task.cancel()
