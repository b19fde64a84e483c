"""A host's loop that turns only if a test says so, on the thread of the test."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any


class Loop:
    """`dispatch=loop.post` offers a loop that runs functions, `dispatch=loop` one that runs async
    handlers, too."""

    def __init__(self) -> None:
        self.posted: deque[Callable[[], None]] = deque()
        self.spawned: deque[tuple[Callable[[], Any], Callable[[BaseException | None], None]]] = (
            deque()
        )
        self.most_waiting = 0
        self.gone = False
        """Whether `post` raises."""
        self.refuses = False
        """Whether `spawn` raises."""

    def post(self, fn: Callable[[], None]) -> None:
        if self.gone:
            raise RuntimeError("the loop is gone")
        self.posted.append(fn)
        self.most_waiting = max(self.most_waiting, len(self.posted))

    def __call__(self, fn: Callable[[], None]) -> None:
        self.post(fn)

    def spawn(self, fn: Callable[[], Any], ended: Callable[[BaseException | None], None]) -> None:
        if self.refuses:
            raise RuntimeError("too many tasks")
        self.spawned.append((fn, ended))

    def run_once(self) -> None:
        """One function that was posted; without one, it waits for a moment."""
        try:
            fn = self.posted.popleft()
        except IndexError:
            time.sleep(0.001)
        else:
            fn()

    def run(self) -> None:
        """All that was posted, and what that posts."""
        while self.posted:
            self.run_once()

    def begin(self) -> None:
        """Awaits the first async handler to its end, once there is one."""
        self.run_until(lambda: bool(self.spawned))
        fn, ended = self.spawned.popleft()
        failure: Exception | None = None
        try:
            asyncio.run(fn())
        except Exception as exception:
            failure = exception
        ended(failure)

    def run_all(self) -> None:
        """All that was posted and spawned, and what that posts and spawns."""
        while self.posted or self.spawned:
            self.run()
            if self.spawned:
                self.begin()

    def run_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come true"
            self.run_once()

    def run_to_end(self, source: Any) -> None:
        """Until the source's last event has come."""
        ended: list[object] = []
        source.connect("end", lambda source, event: ended.append(event))
        self.run_until(lambda: ended)
