"""What handlers raise: logged, and sent as `handler_error`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..events import Event, HandlerFailure
from .handlers import Handler

logger = logging.getLogger("suggestions")


class HandlerErrors:
    """`send(event)` sends an event to the handlers of `handler_error`."""

    def __init__(self, send: Callable[[Event[HandlerFailure]], object]) -> None:
        self._send = send
        self._counts: Counter[tuple[int, ...]] = Counter()

    def report(self, event: Event[Any], handler: Handler, exception: BaseException) -> None:
        """Logs what a handler has raised, with its traceback the first time, and sends it."""
        method = getattr(handler, "__func__", handler), getattr(handler, "__self__", None)
        known_by = tuple(map(id, method))
        count = self._counts[known_by] = self._counts[known_by] + 1
        if count == 1:
            logger.error("a handler of %r raised", event.type, exc_info=exception)
        elif count in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
            logger.error("a handler of %r has raised %d times", event.type, count)
        # If a handler of `handler_error` fails, reporting that would have no end.
        if event.type != "handler_error":
            self._send(Event("handler_error", HandlerFailure(event, handler, exception)))

    def forget(self) -> None:
        """Counts anew: the handlers are dropped, and others may get their ids."""
        self._counts.clear()


def forget_failures(log: list[Any]) -> None:
    """Makes None of each `handler_error`: it refers to its handler, and so keeps that alive."""
    for place, entry in enumerate(log):
        if type(entry) is Event and entry.type == "handler_error":
            log[place] = None
