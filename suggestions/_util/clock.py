"""Calls functions at their time, all of them on one thread of the process."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from . import fork, threads
from .elapsed import monotonic


class Alarm:
    """A call that is due at a moment. `Clock.cancel` makes `fn` None."""

    __slots__ = ("fn",)

    def __init__(self, fn: Callable[[], object]) -> None:
        self.fn: Callable[[], object] | None = fn


class Clock:
    """Its thread runs while functions wait. They must not block: the others wait for them."""

    def __init__(self) -> None:
        self._in_child()
        fork.register(self)

    def _in_child(self) -> None:
        # What waits in the parent is called there.
        self._news = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._waiting = 0
        self._is_running = False

    def call_at(self, moment: float, fn: Callable[[], object]) -> Alarm:
        """Calls `fn()` at a moment of `time.monotonic()`.

        Raises `RuntimeError` if no thread can be started, such as at the interpreter's exit.
        """
        alarm = Alarm(fn)
        with self._news:
            if not self._is_running:
                threads.start(self._run, "clock", self)
                self._is_running = True
            heapq.heappush(self._alarms, (moment, next(self._numbers), alarm))
            self._waiting += 1
            if self._alarms[0][2] is alarm:
                self._news.notify()
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """Does not call it, unless it has been called or is about to be."""
        with self._news:
            if alarm.fn is not None:
                alarm.fn = None
                self._waiting -= 1
            if not self._waiting:
                self._alarms.clear()
                self._news.notify()

    def stop(self) -> None:
        """Calls none of the functions that wait, so that its thread ends."""
        with self._news:
            for _, _, alarm in self._alarms:
                alarm.fn = None
            self._waiting = 0
            self._alarms.clear()
            self._news.notify()

    def is_needed(self) -> bool:
        """Whether functions wait. If none does, its thread is about to end."""
        return self._waiting > 0

    def _run(self) -> None:
        while (fn := self._next()) is not None:
            fn()

    def _next(self) -> Callable[[], object] | None:
        """The next function, at its time; None if none waits any more."""
        with self._news:
            while self._alarms:
                moment, _, alarm = self._alarms[0]
                left = moment - monotonic()
                if alarm.fn is not None and left > 0:
                    self._news.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                heapq.heappop(self._alarms)
                if alarm.fn is not None:
                    fn, alarm.fn = alarm.fn, None
                    self._waiting -= 1
                    return fn
            self._is_running = False
            return None


clock = Clock()
