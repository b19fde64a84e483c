"""Hosts that have no more than a timer: handlers run when the host finds the time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from suggestions.toolkits._lifetime import Lifetime


class Pump:
    """A dispatcher for a plug-in's idle callback, a game's frame or a terminal's main loop.

    pump = Pump()
    source = SuggestionsEventSource(question, dispatch=pump)
    host.every_frame(pump.run)
    """

    def __init__(self) -> None:
        self._lifetime = Lifetime("the pump")
        self._posts: deque[Callable[[], None]] = deque()
        self._thread: int | None = None
        self.on_gone = self._lifetime.on_gone
        self.is_gone = self._lifetime.is_gone

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` after `close()`."""
        self._lifetime.check()
        self._posts.append(fn)

    def run(self, budget: float = 0.005) -> bool:
        """Runs handlers on this thread; begins none after `budget` seconds.

        Returns True where more are waiting. What a handler of yours raises that is no `Exception`
        (Ctrl-C, `sys.exit`) comes out here.
        """
        self._thread = threading.get_ident()
        deadline = monotonic() + budget
        while self._posts:
            self._posts.popleft()()
            if monotonic() >= deadline:
                break
        return bool(self._posts)

    def close(self) -> None:
        """The host goes: its sources close, and a post raises."""
        self._lifetime.end()
        self._posts.clear()

    def runs_here(self) -> bool:
        """Whether this is the thread that `run()` was last called on."""
        return threading.get_ident() == self._thread
