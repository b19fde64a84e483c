"""The callbacks of the program that relays an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from ..events import Event
from . import on_trio

logger = logging.getLogger("suggestions")

Callback = Callable[[Any], object]
"""Plain or async."""


class Callbacks:
    """The callbacks of one response. If one raises, it is logged after `context`, and no more.

    Raises `TypeError` for what cannot be called.
    """

    def __init__(
        self,
        context: str,
        on_content: Callback | None,
        on_complete: Callback | None,
        on_error: Callback | None,
        on_abort: Callback | None = None,
    ) -> None:
        named = {
            "on_content": on_content,
            "on_complete": on_complete,
            "on_error": on_error,
            "on_abort": on_abort,
        }
        for name, callback in named.items():
            if callback is not None and not callable(callback):
                raise TypeError(f"{name} must be callable, not {callback!r}")
        self._context = context
        self._by_event = {
            "chunk": on_content,
            "done": on_complete,
            "error": on_error,
            "abort": on_abort,
        }
        self.wanted = {name for name, callback in self._by_event.items() if callback} | {"error"}
        """The names of the events for which there is something to do."""

    def call(self, event: Event[Any]) -> None:
        """An async callback runs to its end here, in a loop of its own."""
        with self._logged(event):
            result = self._begin(event)
            if isawaitable(result):
                asyncio.run(_awaited(result))

    async def acall(self, event: Event[Any]) -> None:
        """As `call`, in the running loop. If the task is cancelled, so is the callback."""
        result = None
        with self._logged(event):
            result = self._begin(event)
        if isawaitable(result) and on_trio.is_here():
            with self._logged(event):
                await result
        elif isawaitable(result):
            task = await _ended(result)
            with self._logged(event):
                task.result()

    def _begin(self, event: Event[Any]) -> object:
        if event.type == "error":
            logger.error("%s: the answer failed: %r", self._context, event.detail)
        callback = self._by_event.get(event.type)
        return None if callback is None else callback(event.detail)

    @contextmanager
    def _logged(self, event: Event[Any]) -> Iterator[None]:
        try:
            yield
        except (Exception, asyncio.CancelledError):
            logger.exception("%s: the callback for %r raised", self._context, event.type)


async def _ended(result: Awaitable[object]) -> asyncio.Task[None]:
    """Awaits the callback in a task of its own and returns that task.

    A callback may raise `CancelledError` by itself, which is logged; the task that waits here may
    be cancelled, which must go through at once. In one task the two look alike. With two,
    `asyncio.wait` raises the second alone.
    """
    task = asyncio.ensure_future(_awaited(result))
    try:
        await asyncio.wait((task,))
    finally:
        task.cancel()
    return task


async def _awaited(result: Awaitable[object]) -> None:
    await result
