"""Async handlers: their coroutines go to the dispatcher, and what comes behind waits for them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from suggestions.connected import Adapter, Handler
from suggestions.dispatch import Spawn
from suggestions.events import Event

_here: ContextVar[object] = ContextVar("_here", default=None)
"""What stands for the async handler that runs here."""


class Awaited:
    """The async handlers of one target. `running` has what stands for each that has not ended.

    `spawn` is the dispatcher's, None where it has none; `ended` is called when the last one has.
    """

    def __init__(self, spawn: Spawn | None, ended: Callable[[], object]) -> None:
        self.running: set[object] = set()
        self._spawn = spawn
        self._ended = ended

    def adapt(
        self,
        name: str,
        handler: Handler,
        may_begin: Callable[[], bool],
        report: Callable[[Event[Any], Handler, BaseException], object],
    ) -> Adapter:
        """One that can be called as any other. Raises `TypeError` where nothing would await it."""
        spawn = self._spawn
        if spawn is None:
            raise TypeError(
                f"the handler of {name!r} is an async function, which nothing here would await: "
                "use dispatch=suggestions.toolkits.aio() or trio_()"
            )

        def call(target: Any, event: Event[Any]) -> None:
            key = object()

            async def begin() -> None:
                outer = _here.set(key)
                try:
                    if may_begin():  # its turn may come after close()
                        await handler(target, event=event)  # type: ignore[misc]
                finally:
                    _here.reset(outer)
                self._has_ended(key)

            def failed(exception: BaseException) -> None:
                report(event, handler, exception)  # before what waits goes on
                self._has_ended(key)

            self.running.add(key)
            try:
                spawn(begin, failed)
            except BaseException:
                self.running.discard(key)
                raise

        return Adapter(handler, call)

    def runs_here(self) -> bool:
        """Whether the caller is one of those that are waited for."""
        return _here.get() in self.running

    def _has_ended(self, key: object) -> None:
        self.running.discard(key)
        if not self.running:
            self._ended()
