"""Async handlers: the dispatcher awaits their coroutines, and the next event waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, TypeGuard

from ..events import Event
from .dispatch import Spawn
from .handlers import Connection, Handler, Way

AsyncHandler = Callable[..., Awaitable[object]]


def is_async(handler: Callable[..., Any]) -> TypeGuard[AsyncHandler]:
    """Whether calling it makes a coroutine; true also for an object with an async `__call__`."""
    return iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__)


class AsyncCall:
    """A call of an async handler, in its turn or waiting for it."""

    __slots__ = ("connection", "event", "handler", "has_begun", "is_dropped", "is_sure", "way")

    def __init__(
        self, connection: Connection, event: Event[Any], handler: Handler, way: Way
    ) -> None:
        self.connection = connection
        self.event = event
        self.handler = handler
        self.way = way
        self.has_begun = False
        self.is_dropped = False
        self.is_sure = False
        """`close()` has left the event to all its handlers."""


_current: ContextVar[AsyncCall | None] = ContextVar("_current", default=None)


class AsyncCalls:
    """The calls of async handlers of one target, one after another.

    `pending` has those that have not ended; the first of them has its turn. `spawn` is the
    dispatcher's, None if it has none. `may_begin(name)` says if an event of that name may still be
    delivered; `failed(event, handler, exception)` gets what a handler raises; `ended()` is called
    when none is left. `lock()` is held when a call begins and when calls are dropped: each either
    begins or is dropped.
    """

    def __init__(
        self,
        may_begin: Callable[[str], bool],
        failed: Callable[[Event[Any], Handler, BaseException], object],
        ended: Callable[[], object],
        lock: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._lock = lock
        self.pending: deque[AsyncCall] = deque()
        self.spawn: Spawn | None = None
        self._may_begin = may_begin
        self._failed = failed
        self._ended = ended

    def check(self, name: str) -> None:
        """Raises `TypeError` if no dispatcher awaits the async handlers of this target."""
        if self.spawn is None:
            raise TypeError(
                f"the handler of {name!r} is an async function, which nothing here would await: "
                "use dispatch=suggestions.toolkits.aio() or trio_()"
            )

    def add(self, connection: Connection, event: Event[Any], handler: Handler, way: Way) -> None:
        """Calls the handler after all calls that are pending."""
        call = AsyncCall(connection, event, handler, way)
        call.is_sure = not self._may_begin(connection.name)
        self.pending.append(call)
        if len(self.pending) == 1:
            self._begin_next()

    def drop(self, is_unwanted: Callable[[Connection], bool]) -> None:
        """No pending call of such a connection begins any more."""
        for call in tuple(self.pending):
            call.is_dropped |= is_unwanted(call.connection)

    def drop_all(self) -> list[Connection]:
        """No pending call begins any more. Returns the connections of those that will not."""
        calls = [call for call in self.pending if not (call.is_dropped or call.has_begun)]
        self.drop(lambda connection: True)
        return [call.connection for call in calls]

    def _is_wanted(self, call: AsyncCall) -> bool:
        signal = call.connection.signal
        is_unwanted = call.is_dropped or (signal is not None and signal.aborted)
        return not is_unwanted and (call.is_sure or self._may_begin(call.connection.name))

    def runs_here(self) -> bool:
        """Whether the caller is one of the handlers that are awaited."""
        return _current.get() in self.pending

    def _begin_next(self) -> None:
        while self.pending:
            call = self.pending[0]
            try:
                self._begin(call)
                return
            except Exception as exception:
                self._failed(call.event, call.handler, exception)
                self.pending.popleft()

    def _begin(self, call: AsyncCall) -> None:
        async def run() -> None:
            _current.set(call)  # of this task's context, which ends with the task
            # The task may begin after close(), after disconnect(), or after the signal's abort.
            with self._lock():
                call.has_begun = self._is_wanted(call)
            if call.has_begun:
                await call.way(call.handler, call.event.target, call.event)

        def ended(exception: BaseException | None) -> None:
            if call not in self.pending:
                return  # the target has dropped all calls
            if exception is not None:
                self._failed(call.event, call.handler, exception)  # before the next event
            self.pending.remove(call)
            self._begin_next()
            if not self.pending:
                self._ended()

        assert self.spawn is not None
        self.spawn(run, ended)
