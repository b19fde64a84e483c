"""Hosts that have only a timer: handlers run when the host calls `Pump.run`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .._util.elapsed import monotonic
from ._host import Host


class Pump(Host):
    """A dispatcher for a plug-in's idle callback, a game's frame or a terminal's main loop.

    pump = Pump()
    source = SuggestionsEventSource(question, dispatch=pump)
    host.every_frame(pump.run)
    """

    __module__ = __name__.rpartition("._")[0]

    def __init__(self) -> None:
        super().__init__("the pump")
        self._posts: deque[Callable[[], None]] = deque()
        self._thread: int | None = None

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` after `close()`."""
        self._check()
        self._posts.append(fn)

    def run(self, budget: float = 0.005) -> bool:
        """Runs handlers on this thread; begins none after `budget` seconds.

        Returns True if more are waiting. Raises what a handler raises if that is not an `Exception`
        (Ctrl-C, `sys.exit`).
        """
        self._thread = threading.get_ident()
        deadline = monotonic() + budget
        while self._posts:
            self._posts.popleft()()
            if monotonic() >= deadline:
                break
        return bool(self._posts)

    def close(self) -> None:
        """Ends the pump: its sources close, and a post raises `RuntimeError`."""
        self._end()
        self._posts.clear()

    def runs_here(self) -> bool:
        """Whether this is the thread that `run()` was last called on."""
        return threading.get_ident() == self._thread
