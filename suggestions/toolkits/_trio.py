"""trio: handlers run in the caller's run, and may be async."""

from __future__ import annotations

import contextlib
import contextvars
import importlib
import sys
from collections.abc import Callable
from typing import Any

from ._host import Host


def trio_() -> Trio:
    """The dispatcher of the running `trio.run`. Raises `RuntimeError` outside of one.

    Handlers run in a copy of the caller's context. When the run ends, its sources close, and a
    post raises `trio.RunFinishedError`, which is a `RuntimeError`.
    """
    return Trio()


class Trio(Host):
    """Posts with `run_sync_soon`.

    Async handlers are awaited in system tasks. An answer belongs to no nursery: no nursery cancels
    it, and it keeps none open. The tasks are cancelled when the main task has ended. If a handler
    raises anything but an `Exception`, the whole run ends.
    """

    def __init__(self) -> None:
        self._trio: Any = importlib.import_module("trio")
        # On Python 3.10, it comes from a package that trio requires.
        groups = "builtins" if sys.version_info >= (3, 11) else "exceptiongroup"
        self._group: Any = importlib.import_module(groups).BaseExceptionGroup
        self._token = self._trio.lowlevel.current_trio_token()
        self._context = contextvars.copy_context()
        super().__init__("the trio run")
        self._watch: Any = None  # the scope of the task that waits for the end

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the run has ended."""
        self._check()
        self._token.run_sync_soon(self._context.copy().run, fn)

    def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back when the main task has ended."""
        forget = super().on_gone(callback)
        self._soon(self._adjust_watch)

        def take_back() -> None:
            forget()
            self._soon(self._adjust_watch)

        return take_back

    def runs_here(self) -> bool:
        try:
            return bool(self._trio.lowlevel.current_trio_token() is self._token)
        except RuntimeError:
            return False

    def spawn(
        self, fn: Callable[[], Any], ended: Callable[[BaseException | None], None]
    ) -> Callable[[], object] | None:
        """Awaits `fn()` in a task, and then calls `ended(exception)`, None for none. Returns what
        cancels the task."""
        scope = self._trio.CancelScope()

        async def work() -> None:
            failure: BaseException | None = None
            try:
                with scope:
                    await fn()
            except Exception as exception:
                failure = exception
            except self._group as group:
                # From a nursery of the handler. The failures are reported, and only the rest goes
                # back to trio: it does not accept a failure together with a cancellation.
                failure, rest = group.split(Exception)
                if rest is not None:
                    if failure is not None:
                        ended(failure)
                    raise rest from None
            ended(failure)

        if self._is_over:
            return None  # after the end there are no tasks
        self._trio.lowlevel.spawn_system_task(work, context=self._context.copy())
        cancel: Callable[[], object] = scope.cancel
        return cancel

    def _soon(self, fn: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the run has ended
            self._token.run_sync_soon(fn)

    def _adjust_watch(self) -> None:
        if self._watch is not None and not self._is_watched:
            self._watch.cancel()
            self._watch = None
        elif self._watch is None and self._is_watched:
            self._watch = self._trio.CancelScope()
            try:
                self._trio.lowlevel.spawn_system_task(self._await_end, self._watch)
            except RuntimeError:  # too late for a new task
                self._end()

    async def _await_end(self, scope: Any) -> None:
        with scope:
            try:
                await self._trio.sleep_forever()
            finally:
                if not scope.cancel_called:
                    self._end()
