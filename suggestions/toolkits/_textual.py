"""Textual: handlers run in the app, and may use its widgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ._host import Host

_ATTRIBUTE = "_suggestions_dispatcher"
_INTERVAL = 0.1  # seconds between two looks at whether the app runs


def textual(app: Any) -> Textual:
    """The dispatcher of an app. When the app exits, its sources close, and a post raises
    `RuntimeError`."""
    dispatcher = getattr(app, _ATTRIBUTE, None)
    if dispatcher is None:
        dispatcher = Textual(app)
        setattr(app, _ATTRIBUTE, dispatcher)  # one per app, so that it is watched only once
    return dispatcher


class Textual(Host):
    """Posts to the app's queue. A callback of the bare loop would run without `active_app`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        super().__init__("the Textual app")
        self._watch: asyncio.Task[None] | None = None
        app.call_later(self._begin_watch)

    def __call__(self, fn: Callable[[], None]) -> None:
        self._check()
        if not self._app.call_later(fn):
            raise RuntimeError("the Textual app is gone")

    def runs_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is getattr(self._app, "_loop", None)
        except RuntimeError:
            return False

    def _begin_watch(self) -> None:
        self._watch = asyncio.create_task(self._watch_end())

    async def _watch_end(self) -> None:
        # An app that exits goes on accepting posts, which never run, and has no signal for its end.
        # Its loop either outlives it, so this task sees the end, or cancels this task.
        try:
            while self._app.is_running:
                await asyncio.sleep(_INTERVAL)
        finally:
            self._end()
