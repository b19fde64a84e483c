"""An asyncio loop that runs on a thread of its own, as that of an application does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from waiting import SOON
from wire_server import Told

from suggestions.toolkits import aio

T = TypeVar("T")


class LoopThread:
    """The loop goes round while `with` lasts, also after an exit in one of its callbacks."""

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
        self.loop = (make or asyncio.new_event_loop)()
        self.exits = 0
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="the-loop", daemon=True)

    def __enter__(self) -> LoopThread:
        self._thread.start()
        self.dispatch = aio(self.loop)
        self.call(lambda: None)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if not self.loop.is_closed():
            self.loop.close()

    @property
    def ident(self) -> int | None:
        """Of its thread, as `threading.get_ident()` returns it."""
        return self._thread.ident

    def call(self, fn: Callable[[], T]) -> T:
        """Calls `fn()` on the loop's thread, and returns or raises what it does."""
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(fn())
            except Exception as error:
                outcome.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return outcome.result(SOON)

    def stop(self) -> None:
        """The loop goes round no more, and is not closed."""
        if self._thread.is_alive():
            self._is_over = True
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(SOON)

    def _run(self) -> None:
        while not self._is_over:
            try:
                self.loop.run_forever()
            except SystemExit:
                self.exits += 1


class ReceivedOn(Told):
    """As `Told`, with a loop that reads. `threads` are those on which handlers ran."""

    def __init__(self, url: str, loop: LoopThread, **options: Any) -> None:
        self.threads: set[int] = set()
        super().__init__(url, dispatch=loop.dispatch, **options)

    def __call__(self, source: Any, event: Any) -> None:
        self.threads.add(threading.get_ident())
        super().__call__(source, event)
