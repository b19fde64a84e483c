"""On which thread handlers run: the one that reads, or the host's, through a dispatcher."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from .._util import threads
from .._util.elapsed import monotonic
from .._wire import Watch

Spawn = Callable[[Callable[[], Any], Callable[[BaseException | None], None]], object]

SLICE = 0.01
"""Seconds that one post may take of the host's loop before it posts itself again."""


class Dispatcher(Protocol):
    """A callable that queues `fn` for the host's own thread or loop.

    It never blocks, never runs `fn` itself, and raises when its loop is gone. It may have

    - `on_gone(callback)`, which calls `callback()` when the loop ends and returns a function that
      cancels the callback;
    - `is_gone()`, which says if the loop is over, even if it has accepted a post;
    - `is_running()`, which says if the loop runs, and is not only created, or stopped;
    - `runs_here()`, which says if the caller is on its thread;
    - `watch(sock, readable)`, called on its thread, which has the loop call `readable()` while the
      socket has something to read, and returns a function that ends this, to be called on its
      thread before the socket is closed: with it, the loop itself reads the answer. It raises
      `NotImplementedError` if the loop watches no sockets;
    - `spawn(fn, ended)`, called on its thread, which awaits `fn()` in a task of its own, and then
      calls `ended(exception)` there, with None if it raised nothing or was cancelled: with it,
      handlers and tools may be async. It may return a function that cancels the task, to be called
      on its thread.
    """

    def __call__(self, fn: Callable[[], None], /) -> object: ...


Dispatcher.__module__ = (
    __name__.rpartition("._")[0] + ".toolkits"
)  # a protocol's body may have no such line


class Deliverable(Protocol):
    """What has events to deliver."""

    def drain(
        self, deadline: float | None = None, *, wait: bool = False, live_only: bool = False
    ) -> bool: ...

    def host_gone(self, *, forget: bool = True) -> None:
        """The host's loop is over. `forget` is False on a thread that must free no handler."""


class OwnThread:
    """Delivers on the caller's thread, or on a short-lived one, one at a time."""

    def __init__(self, deliverable: Deliverable) -> None:
        self._deliverable = deliverable
        self.in_child()

    def in_child(self) -> None:
        """After a fork, in the child: no thread of ours runs."""
        self._pending = threading.Lock()
        self._turn = threading.Lock()

    def catches(self, exception: BaseException) -> bool:
        """Whether what a handler raises is reported here, and not raised to the caller."""
        # Ctrl-C and sys.exit() are for the program; they reach it on its main thread alone.
        is_main = threading.current_thread() is threading.main_thread()
        return isinstance(exception, Exception) or not is_main

    def wake(self, *, here: bool = False, late: bool = False) -> None:
        """Delivers events: with `here` on this thread, with `late` to late handlers too."""
        if late:
            self._start_thread()
        elif here:
            try:
                self._deliverable.drain()
            except BaseException:
                # Other threads rely on this one to deliver what they have appended meanwhile.
                self._start_thread()
                raise
        else:
            self._start_thread()

    def _start_thread(self) -> None:
        if not self._pending.acquire(blocking=False):
            return
        try:
            threads.start(self._run, "deliver", self._deliverable)
        except RuntimeError:
            # The interpreter exits, or there are too many threads: the caller's delivers.
            self._pending.release()
            self._deliverable.drain()

    def _run(self) -> None:
        with self._turn:  # one thread waits for the baton, and one for its turn
            self._pending.release()
            self._deliverable.drain(wait=True)


class Host:
    """Delivers through a dispatcher, with at most one post pending."""

    def __init__(self, deliverable: Deliverable, dispatcher: Dispatcher) -> None:
        self._deliverable = deliverable
        self._dispatcher = dispatcher
        self._pending = threading.Lock()
        self._thread: int | None = None
        self.spawn: Spawn | None = getattr(dispatcher, "spawn", None)
        watch: Watch | None = getattr(dispatcher, "watch", None)
        self.can_watch = watch is not None
        self.watch: Watch = watch or _watch_nothing
        self._is_gone = _is_gone_of(dispatcher)
        self._cancel_on_gone: Any = None
        self._is_watching = False

    def catches(self, exception: BaseException) -> bool:
        """Whether what a handler raises is reported here; Ctrl-C and sys.exit() go to the host."""
        return isinstance(exception, Exception)

    def wake(self, *, here: bool = False, late: bool = False) -> None:
        """Posts the delivery of events to the host, unless a post is pending."""
        if not self._pending.acquire(blocking=False):
            self.check()
        elif not self.post(self._run):
            self._pending.release()

    def post(self, fn: Callable[[], None]) -> bool:
        """Has `fn()` called on the host's thread. Returns False if the host is gone."""
        try:
            self._dispatcher(fn)
        except Exception:
            self.gone()
            return False
        return True

    def check(self) -> None:
        """Notices a host that has ended without calling back, with a post that it accepted."""
        if self._is_gone is not None and self._is_gone():
            self.gone()

    def runs_here(self) -> bool:
        """Whether the caller is on the thread that has to run the handlers."""
        says = getattr(self._dispatcher, "runs_here", None)
        is_here = self._thread == threading.get_ident() or bool(says and says())
        return is_here or self._is_running_loops_own()

    def is_running(self) -> bool:
        """Whether its loop runs, if the dispatcher can say so."""
        says = getattr(self._dispatcher, "is_running", None)
        return says is None or bool(says())

    def watch_end(self) -> None:
        """Asks the host to call back when its loop ends."""
        if self._is_watching:
            return
        self._is_watching = True
        on_gone = getattr(self._dispatcher, "on_gone", None)
        if on_gone is not None:
            self._cancel_on_gone = on_gone(self._called_back)

    def unwatch_end(self) -> None:
        """The host need not call back any more."""
        if self._is_watching and callable(self._cancel_on_gone):
            self._cancel_on_gone()
        self._is_watching = False

    def _called_back(self) -> None:
        self._is_watching = False
        self._deliverable.host_gone()

    def gone(self) -> None:
        self._is_watching = False
        # A host that calls back does so on its own thread, and that one may free handlers.
        self._deliverable.host_gone(forget=self._cancel_on_gone is None)

    def _run(self) -> None:
        self._thread = threading.get_ident()
        self._pending.release()
        self.deliver()

    def deliver(self) -> None:
        """Delivers for at most a slice, on the host's thread; posts the rest."""
        more = True
        try:
            more = self._deliverable.drain(monotonic() + SLICE)
        finally:
            # Even if the exception of a handler goes on to the host.
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


def _watch_nothing(_sock: object, _readable: object) -> NoReturn:
    raise NotImplementedError("the dispatcher has no watch()")


def _is_gone_of(dispatcher: Dispatcher) -> Callable[[], bool] | None:
    # A bare `loop.call_soon_threadsafe` can ask its loop.
    loop = getattr(dispatcher, "__self__", None)
    if getattr(loop, "call_soon_threadsafe", None) == dispatcher:
        return getattr(loop, "is_closed", None)
    return getattr(dispatcher, "is_gone", None)
