"""prompt_toolkit: handlers run in the application's event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from ._host import Host


def prompt_toolkit(app: Any) -> PromptToolkit:
    """The dispatcher of an `Application` for one run of it: the current run, or else the next one,
    for which the handlers wait. Call it on the application's own thread.

    When that run ends, its sources close, and a post raises `RuntimeError`.
    """
    return PromptToolkit(app)


class PromptToolkit(Host):
    """Posts with `call_soon_threadsafe`, and redraws the application after each post."""

    def __init__(self, app: Any) -> None:
        self._app = app
        super().__init__("the prompt_toolkit application")
        self._lock = threading.Lock()
        self._early: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        if app.is_running:
            self._begin()
        else:
            app.pre_run_callables.append(self._begin)

    def __call__(self, fn: Callable[[], None]) -> None:
        self._check()
        with self._lock:
            loop = self._loop
            if loop is None:
                self._early.append(fn)
                return
        # In the application's context, so that get_app() finds it.
        loop.call_soon_threadsafe(self._run, fn, context=self._app.context)

    def runs_here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _begin(self) -> None:
        self._app.future.add_done_callback(lambda future: self._end())
        with self._lock:
            self._loop = self._app.loop
            early, self._early = self._early, []
        for fn in early:
            self(fn)

    def _run(self, fn: Callable[[], None]) -> None:
        try:
            fn()
        finally:
            self._app.invalidate()
