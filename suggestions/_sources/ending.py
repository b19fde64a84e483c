"""Waiting for the threads of one source or of all, for hosts that unload a program."""

from __future__ import annotations

import math
import sys
import weakref
from typing import Protocol

from .._delivery.delivery import Delivery
from .._util import threads
from .._util.arguments import check_seconds
from .._util.clock import clock
from .._util.elapsed import monotonic

_MOMENT = 0.1  # seconds


class Closable(Protocol):
    _delivery: Delivery

    def close(self) -> None: ...


_started: weakref.WeakValueDictionary[int, Closable] = weakref.WeakValueDictionary()
_under_way: list[None] = []
"""An item for each call of `shutdown` that has not returned."""


def add(source: Closable) -> None:
    """A source is about to start. Raises `RuntimeError` while `shutdown` waits, and if the
    interpreter exits, when nothing can be imported any more either."""
    if sys.is_finalizing():
        raise RuntimeError("no source can be started: the interpreter exits")
    if _under_way:
        raise RuntimeError("no source can be started while suggestions.shutdown() waits")
    _started[id(source)] = source


def join(source: Closable, timeout: float | None) -> bool:
    """Waits for the threads of a source, and for the clock's if it has no other source to serve."""
    deadline = _deadline(timeout)
    if _runs_on_thread_of(source):
        raise RuntimeError("join() would wait for the thread that calls it")
    delivery = source._delivery
    return threads.join(deadline, delivery) and (clock.is_needed() or threads.join(deadline, clock))


def shutdown(timeout: float | None = None) -> bool:
    """Closes every source of the process, and waits until all threads of this package have ended.

    For a host that unloads a program or ends its sub-interpreter: no thread is left after it has
    returned True. Returns False if `timeout` (seconds) came first: a thread may still wait for the
    system to look up an address, or for a handler to return. While it waits, starting a source
    raises `RuntimeError`; afterwards, sources can be started again.

    Raises `RuntimeError` in a handler that runs on a source's own thread, without closing anything,
    and `TypeError`, `ValueError` for a wrong `timeout`.
    """
    deadline = _deadline(timeout)
    if threads.runs_here() or any(map(_runs_on_thread_of, _live())):
        raise RuntimeError("shutdown() would wait for the thread that calls it")
    _under_way.append(None)
    try:
        while True:
            for source in _live():
                source.close()
            clock.stop()
            threads.close_services()
            # A thread that is about to end may still set the clock once more: so it looks again.
            if threads.join(min(deadline, monotonic() + _MOMENT)):
                return True
            if monotonic() >= deadline:
                return False
    finally:
        _under_way.pop()


shutdown.__module__ = __name__.rpartition("._")[0]


def _live() -> list[Closable]:
    return [source for refer in _started.valuerefs() if (source := refer()) is not None]


def _runs_on_thread_of(source: Closable) -> bool:
    """Whether the caller is on a thread that `join` waits for, or that such a thread waits for."""
    delivery = source._delivery
    if threads.runs_here(delivery):
        return True
    return delivery.host is None and delivery.is_delivering_here()


def _deadline(timeout: float | None) -> float:
    if timeout is None:
        return math.inf
    return monotonic() + check_seconds("timeout", timeout, may_be_0=True, or_none=True)
