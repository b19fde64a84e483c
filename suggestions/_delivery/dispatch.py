"""Where handlers run: on the thread that has news, or wherever the host wants them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

Spawn = Callable[[Callable[[], Any], Callable[[BaseException | None], None]], object]

SLICE = 0.01
"""Seconds that one post may take of the host's loop before it queues up again."""


class Dispatcher(Protocol):
    """A callable that queues `fn` for the host's own thread or loop.

    It never blocks, never runs `fn` itself, and raises when its loop is gone. It may have

    - `on_gone(callback)`, which calls back when the loop dies and returns a function that takes
      the callback back;
    - `is_gone()`, which tells whether the loop is over, though it has accepted a post;
    - `runs_here()`, which tells whether the caller is on its thread;
    - `spawn(fn, ended)`, called on its thread, which awaits `fn()` in a task of its own, and then
      calls `ended(exception)` there, with None where it raised none or was cancelled: with it,
      handlers may be async.
    """

    def __call__(self, fn: Callable[[], None], /) -> object: ...


class Deliverable(Protocol):
    """What has something to deliver."""

    def drain(
        self, deadline: float | None = None, *, wait: bool = False, live_only: bool = False
    ) -> bool: ...

    def forsake(self, *, let_go: bool = True) -> None:
        """The host's loop is gone: nothing can be delivered any more.

        `let_go` is false on a thread that is not to let go of handlers, and what they know.
        """


class Inline:
    """Delivers on the thread that has the news, or on a short-lived one, one at a time.

    `home` is the identity of the thread on which delivering at once is right.
    """

    spawn: Spawn | None = None

    def __init__(self, deliverable: Deliverable) -> None:
        self._deliverable = deliverable
        self.home: int | None = None
        self.in_child()

    def in_child(self) -> None:
        """After a fork, in the child: no thread is under way."""
        self._pending = threading.Lock()
        self._turn = threading.Lock()

    def catches(self, exception: BaseException) -> bool:
        """Whether what a handler has raised ends here, and does not go to whoever called."""
        # Ctrl-C and sys.exit() are for the program, which calls from no other thread than this.
        is_programs = threading.current_thread() is threading.main_thread()
        return isinstance(exception, Exception) or not is_programs

    def wake(self, *, here: bool = False, late: bool = False) -> None:
        """There is news. `here`: deliver it on the caller's thread, whichever that is; `late`: it
        is for a handler that was connected late."""
        if late:
            self._start_thread()
        elif threading.get_ident() == self.home:
            # Its first duty is to read: who was connected late has a thread of its own.
            self._deliverable.drain(live_only=True)
        elif here:
            try:
                self._deliverable.drain()
            except BaseException:
                # What has come meanwhile, others have left to this one.
                self._start_thread()
                raise
        else:
            self._start_thread()

    def _start_thread(self) -> None:
        if not self._pending.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._run, name="suggestions-deliver", daemon=True).start()
        except RuntimeError:
            # The interpreter is on its way out, or there are too many: the caller's has to do.
            self._pending.release()
            self._deliverable.drain()

    def _run(self) -> None:
        with self._turn:  # one waits for the baton, and one for its turn
            self._pending.release()
            self._deliverable.drain(wait=True)

    def look(self) -> None:
        return

    def runs_here(self) -> bool:
        return False

    def open(self) -> None:
        return

    def close(self) -> None:
        return

    def let_go(self, forget: Callable[[], None]) -> None:
        return


class Posted:
    """Delivers through a dispatcher, with at most one post pending."""

    def __init__(self, deliverable: Deliverable, dispatcher: Dispatcher) -> None:
        self._deliverable = deliverable
        self._dispatcher = dispatcher
        self._pending = threading.Lock()
        self._thread: int | None = None
        self.spawn: Spawn | None = getattr(dispatcher, "spawn", None)
        self._is_gone = _is_gone_of(dispatcher)
        self._take_back: Any = None
        self._is_open = False

    def in_child(self) -> None:
        return  # a post that is pending is in the child's queue as well

    def catches(self, exception: BaseException) -> bool:
        # What else escapes a handler on the host's thread (Ctrl-C, sys.exit) is for the host.
        return isinstance(exception, Exception)

    def wake(self, *, here: bool = False, late: bool = False) -> None:
        if self._pending.acquire(blocking=False):
            try:
                self._dispatcher(self._run)
            except Exception:
                self._forsake()
                self._pending.release()
        else:
            self.look()

    def look(self) -> None:
        """Sees whether the host has gone without a word, with a post that it had accepted."""
        if self._is_gone is not None and self._is_gone():
            self._forsake()

    def _forsake(self) -> None:
        # The host is about to tell, or has told, that it is gone, on its own thread.
        self._deliverable.forsake(let_go=self._take_back is None)

    def runs_here(self) -> bool:
        here = threading.get_ident()
        tells = getattr(self._dispatcher, "runs_here", None)
        return self._thread == here or bool(tells and tells()) or self._is_running_loops_own()

    def open(self) -> None:
        """From now on, the host may tell that it is gone."""
        self._is_open = True
        on_gone = getattr(self._dispatcher, "on_gone", None)
        if on_gone is not None:
            self._take_back = on_gone(self._deliverable.forsake)

    def close(self) -> None:
        if self._is_open and callable(self._take_back):
            self._take_back()
        self._is_open = False

    def let_go(self, forget: Callable[[], None]) -> None:
        # A widget that a handler knows must not be freed by the thread that reads.
        forget()

    def _run(self) -> None:
        self._thread = threading.get_ident()
        self._pending.release()
        more = True
        try:
            more = self._deliverable.drain(monotonic() + SLICE)
        finally:
            # Also behind an exception of a handler's that is meant for the host.
            if more:
                self.wake()

    def _is_running_loops_own(self) -> bool:
        # A bare `loop.call_soon_threadsafe` is a dispatcher as well.
        asyncio = sys.modules.get("asyncio")
        if asyncio is None:
            return False
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        return getattr(self._dispatcher, "__self__", None) is loop


def _is_gone_of(dispatcher: Dispatcher) -> Callable[[], bool] | None:
    # A bare `loop.call_soon_threadsafe` knows by its loop.
    loop = getattr(dispatcher, "__self__", None)
    if getattr(loop, "call_soon_threadsafe", None) == dispatcher:
        return getattr(loop, "is_closed", None)
    return getattr(dispatcher, "is_gone", None)
