"""Async handlers: their coroutines go to the dispatcher, and what comes behind waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, TypeGuard

from suggestions._delivery.dispatch import Spawn
from suggestions._delivery.handlers import Adapter, Handler, is_same
from suggestions.events import Event

AsyncHandler = Callable[..., Awaitable[object]]


def is_async(handler: Callable[..., Any]) -> TypeGuard[AsyncHandler]:
    """Whether calling it makes a coroutine; also an object with an async `__call__`."""
    return iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__)


class Call:
    """A call of an async handler, in its turn or waiting for it."""

    def __init__(
        self, name: str, handler: AsyncHandler, known_as: Handler, target: Any, event: Event[Any]
    ) -> None:
        self.name = name
        self.handler = handler
        self.known_as = known_as
        self.target = target
        self.event = event
        self.dropped = False


_here: ContextVar[Call | None] = ContextVar("_here", default=None)


class Awaited:
    """The calls of async handlers of one target, one after another.

    `calls` has those that have not ended; the first of them has its turn. `spawn` is the
    dispatcher's, None where it has none. `may_begin(name)` says whether the name may still be
    heard; `report(event, handler, exception)` gets what a handler raises; `ended` is called when
    none is left.
    """

    def __init__(
        self,
        spawn: Spawn | None,
        may_begin: Callable[[str], bool],
        report: Callable[[Event[Any], Handler, BaseException], object],
        ended: Callable[[], object],
    ) -> None:
        self.calls: deque[Call] = deque()
        self._begun = False  # one of those that were called for the same event
        self._spawn = spawn
        self._may_begin = may_begin
        self._report = report
        self._ended = ended

    def adapt(self, name: str, handler: AsyncHandler, known_as: Handler | None = None) -> Adapter:
        """One that is called as any other. Raises `TypeError` where nothing would await it.

        `known_as` is the one that was connected, where `handler` stands for it.
        """
        if self._spawn is None:
            raise TypeError(
                f"the handler of {name!r} is an async function, which nothing here would await: "
                "use dispatch=suggestions.toolkits.aio() or trio_()"
            )

        def call(target: Any, event: Event[Any]) -> None:
            self.calls.append(Call(name, handler, known_as or handler, target, event))
            if len(self.calls) == 1:
                self._begun = False
                self._go_on()

        return Adapter(handler, call)

    def drop(self, name: str, handler: Handler) -> None:
        """That handler was disconnected: it begins no more."""
        for call in tuple(self.calls):
            if call.name == name and is_same(call.known_as, handler):
                call.dropped = True

    def drop_all(self) -> None:
        """None begins any more, also where the target is opened again."""
        for call in tuple(self.calls):
            call.dropped = True

    def has_begun(self) -> bool:
        """Whether one of the event's calls has, or there is none left that might."""
        return self._begun or all(call.dropped for call in tuple(self.calls))

    def runs_here(self) -> bool:
        """Whether the caller is one of those that are waited for."""
        return _here.get() in self.calls

    def _go_on(self) -> None:
        """Has the first of the calls begin."""
        while self.calls:
            call = self.calls[0]
            try:
                self._begin(call)
                return
            except Exception as exception:
                self._report(call.event, call.known_as, exception)
                self.calls.popleft()

    def _begin(self, call: Call) -> None:
        async def run() -> None:
            _here.set(call)  # the task's, with which it goes
            # Its turn may come after close(), or after disconnect().
            if self._may_begin(call.name) and not call.dropped:
                self._begun = True
                await call.handler(call.target, event=call.event)

        def ended(exception: BaseException | None) -> None:
            if call not in self.calls:
                return  # nobody waits any more
            if exception is not None:
                self._report(call.event, call.known_as, exception)  # before what waits goes on
            self.calls.remove(call)
            self._go_on()
            if not self.calls:
                self._ended()

        assert self._spawn is not None
        self._spawn(run, ended)
