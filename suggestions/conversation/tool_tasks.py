"""Async tools: each call of one is a task on the host's loop, while the caller's thread waits."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from .._delivery.dispatch import Dispatcher, Spawn

Work = Callable[[], Coroutine[Any, Any, None]]
Ended = Callable[[BaseException | None], object]


class ToolTasks:
    """The tasks of the calls of one answer. Those that still run when a `with` is left are
    cancelled."""

    def __init__(self, dispatch: Dispatcher | None) -> None:
        self._dispatch: Any = dispatch
        self._is_gone: Callable[[], bool] | None = getattr(dispatch, "is_gone", None)
        self._running: set[_Task] = set()
        self._forget: object = None

    def __enter__(self) -> ToolTasks:
        return self

    def __exit__(self, *_: object) -> None:
        if callable(self._forget):
            self._forget()
        for task in tuple(self._running):
            self._cancel(task)

    def __bool__(self) -> bool:
        """Whether one runs."""
        return bool(self._running)

    def start(self, work: Work, ended: Ended) -> Callable[[], None]:
        """Awaits `work()` in a task, and returns what cancels it.

        It has the caller's context variables, under trio those of the dispatcher. After it, or when
        the loop ends, `ended(exception)` is called, once, unless the task was cancelled here.
        Raises what the dispatcher does if its loop is gone.
        """
        if self._forget is None and (on_gone := getattr(self._dispatch, "on_gone", None)):
            self._forget = on_gone(self._end_all)
        task = _Task(self._running, work, ended)
        begin = partial(contextvars.copy_context().run, task.begin, self._dispatch.spawn)
        self._dispatch(begin)
        return partial(self._cancel, task)

    def check(self) -> None:
        """Notices a loop that has ended without calling back."""
        if self._running and self._is_gone is not None and self._is_gone():
            self._end_all()

    def _cancel(self, task: _Task) -> None:
        self._running.discard(task)
        # The loop comes to this after `begin`, which was posted first.
        with contextlib.suppress(Exception):  # the loop has ended, and the task with it
            self._dispatch(task.cancel)

    def _end_all(self) -> None:
        for task in tuple(self._running):
            task.end(RuntimeError("the event loop has ended"))


class _Task:
    """In the set `running` until its end counts. `begin`, `cancel` are for the loop's thread."""

    def __init__(self, running: set[_Task], work: Work, ended: Ended) -> None:
        self._running = running
        self._work = work
        self._ended = ended
        self._cancel: object = None
        running.add(self)

    def begin(self, spawn: Spawn) -> None:
        if self in self._running:
            try:
                self._cancel = spawn(self._work, self.end)
            except Exception as error:  # such as: there are too many
                self.end(error)

    def end(self, exception: BaseException | None) -> None:
        if self in self._running:
            self._running.discard(self)
            self._ended(exception)

    def cancel(self) -> None:
        if callable(self._cancel):
            self._cancel()
