"""Async handlers: their coroutines go to the dispatcher, and what comes behind waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from suggestions.connected import Adapter, Handler, is_same
from suggestions.dispatch import Spawn
from suggestions.events import Event

AsyncHandler = Callable[..., Awaitable[object]]


class Call:
    """A call of an async handler, in its turn or waiting for it."""

    def __init__(self, name: str, handler: AsyncHandler, target: Any, event: Event[Any]) -> None:
        self.name = name
        self.handler = handler
        self.target = target
        self.event = event
        self.begun = False
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
        self._spawn = spawn
        self._may_begin = may_begin
        self._report = report
        self._ended = ended

    def adapt(self, name: str, handler: AsyncHandler) -> Adapter:
        """One that is called as any other. Raises `TypeError` where nothing would await it."""
        if self._spawn is None:
            raise TypeError(
                f"the handler of {name!r} is an async function, which nothing here would await: "
                "use dispatch=suggestions.toolkits.aio() or trio_()"
            )

        def call(target: Any, event: Event[Any]) -> None:
            self.calls.append(Call(name, handler, target, event))
            if len(self.calls) == 1:
                self._go_on()

        return Adapter(handler, call)

    def drop(self, name: str, handler: Handler) -> None:
        """That handler was disconnected: it begins no more."""
        for call in tuple(self.calls):
            if call.name == name and is_same(call.handler, handler):
                call.dropped = True

    def has_begun(self) -> bool:
        """Whether one of the calls has, or there is none."""
        calls = tuple(self.calls)
        return not calls or any(call.begun for call in calls)

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
                self._report(call.event, call.handler, exception)
                self.calls.popleft()

    def _begin(self, call: Call) -> None:
        async def run() -> None:
            _here.set(call)  # the task's, with which it goes
            # Its turn may come after close(), or after disconnect().
            if self._may_begin(call.name) and not call.dropped:
                call.begun = True
                await call.handler(call.target, event=call.event)

        def ended(exception: BaseException | None) -> None:
            if call not in self.calls:
                return  # nobody waits any more
            if exception is not None:
                self._report(call.event, call.handler, exception)  # before what waits goes on
            self.calls.remove(call)
            self._go_on()
            if not self.calls:
                self._ended()

        assert self._spawn is not None
        self._spawn(run, ended)
