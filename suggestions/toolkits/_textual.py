"""Textual: handlers run in the app, where its widgets may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from suggestions.toolkits._lifetime import Lifetime

_ATTRIBUTE = "_suggestions_dispatcher"
_LOOK = 0.1  # seconds until an app's end is noticed


def textual(app: Any) -> Textual:
    """The dispatcher of an app. When the app exits, its sources close, and a post raises
    `RuntimeError`."""
    dispatcher = getattr(app, _ATTRIBUTE, None)
    if dispatcher is None:
        dispatcher = Textual(app)
        setattr(app, _ATTRIBUTE, dispatcher)  # one per app, so that only one looks after it
    return dispatcher


class Textual:
    """Posts to the app's queue, as what the bare loop is given runs without `active_app`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._lifetime = Lifetime("the Textual app")
        self.on_gone = self._lifetime.on_gone
        self.is_gone = self._lifetime.is_gone
        self._watch: asyncio.Task[None] | None = None
        app.call_later(self._begin_watch)

    def __call__(self, fn: Callable[[], None]) -> None:
        self._lifetime.check()
        if not self._app.call_later(fn):
            raise RuntimeError("the Textual app is gone")

    def runs_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is getattr(self._app, "_loop", None)
        except RuntimeError:
            return False

    def _begin_watch(self) -> None:
        self._watch = asyncio.create_task(self._look_after())

    async def _look_after(self) -> None:
        # An app that exits goes on taking posts, which it never gets to, and tells nobody but
        # itself. Its loop may survive it, so that a task can look; or else cancels that task.
        try:
            while self._app.is_running:
                await asyncio.sleep(_LOOK)
        finally:
            self._lifetime.end()
