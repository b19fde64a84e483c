"""What the server's own program does with an answer that passes through it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from suggestions.events import Event

logger = logging.getLogger("suggestions")

Callback = Callable[[Any], object]
"""Plain or async."""


class Callbacks:
    """The callbacks of one response. What one raises is logged behind `context`, no more.

    Raises `TypeError` for what cannot be called.
    """

    def __init__(
        self,
        context: str,
        on_content: Callback | None,
        on_complete: Callback | None,
        on_error: Callback | None,
    ) -> None:
        named = {"on_content": on_content, "on_complete": on_complete, "on_error": on_error}
        for name, callback in named.items():
            if callback is not None and not callable(callback):
                raise TypeError(f"{name} must be callable, not {callback!r}")
        self._context = context
        self._by_event = {"chunk": on_content, "done": on_complete, "error": on_error}

    def call(self, event: Event[Any]) -> None:
        """An async one runs to its end in a loop of its own, here."""
        with self._logged(event):
            result = self._begin(event)
            if isawaitable(result):
                asyncio.run(_awaited(result))

    async def acall(self, event: Event[Any]) -> None:
        """As `call`, in the loop that runs. Where its task is cancelled, so is the callback."""
        result = None
        with self._logged(event):
            result = self._begin(event)
        if isawaitable(result):
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
    """The task that has awaited it: one of its own, so that what is cancelled in there can be told
    from a cancellation of the task that waits here. `asyncio.wait` raises that one alone, and at
    once."""
    task = asyncio.ensure_future(_awaited(result))
    try:
        await asyncio.wait((task,))
    finally:
        task.cancel()
    return task


async def _awaited(result: Awaitable[object]) -> None:
    await result
