"""Thousands of handlers: each costs the same, however many there are.

Time is measured as a ratio within one run: four times as many may take nine times as long, which is
three times for each doubling.
"""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from waiting import SOON, eventually

from suggestions import EventTarget
from suggestions.events import Event

STEEPEST = 9
ROUNDS = 20
COUNT = 1500

Handlers = list[Callable[..., None]]


def handlers(count: int, called: list[int]) -> Handlers:
    return [lambda source, event, n=n: called.append(n) for n in range(count)]


def connect(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for handler in known:
        target.connect("x", handler)


def connect_weakly(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for handler in known:
        target.connect("x", handler, weak=True)


def connect_to_names(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for n, handler in enumerate(known):
        target.connect(f"x{n}", handler)


def connect_again(target: EventTarget, known: Handlers, called: list[int]) -> None:
    connect(target, known, called)
    connect(target, known, called)


def disconnect(target: EventTarget, known: Handlers, called: list[int]) -> None:
    connect(target, known, called)
    for handler in reversed(known):
        target.disconnect("x", handler)


def be_called_once(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for handler in known:
        target.once("x", handler)
    target.dispatch_event(Event("x"))
    target.dispatch_event(Event("x"))
    assert called == list(range(len(known)))


def be_late(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for _ in range(10):
        target.dispatch_event(Event("x"))
    connect(target, known, called)
    assert eventually(lambda: len(called) == 10 * len(known))


def be_late_and_leave(target: EventTarget, known: Handlers, called: list[int]) -> None:
    for _ in range(10):
        target.dispatch_event(Event("x"))
    disconnect(target, known, called)


WAYS = [
    connect,
    connect_weakly,
    connect_to_names,
    connect_again,
    disconnect,
    be_called_once,
    be_late,
    be_late_and_leave,
]


def cost(way: Callable[[EventTarget, Handlers, list[int]], None], count: int) -> float:
    target, called = EventTarget(), list[int]()
    known = handlers(count, called)
    gc.collect()
    gc.disable()  # what a collection takes grows with what the tests before have left
    try:
        began = time.process_time()
        way(target, known, called)
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.timeout(int(SOON * 5))
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_costs_linear_time(way: Any) -> None:
    once, four_times = float("inf"), float("inf")
    for _ in range(ROUNDS):
        once = min(once, cost(way, COUNT))
        four_times = min(four_times, cost(way, 4 * COUNT))
        if four_times < STEEPEST * once:
            return
    pytest.fail(f"{once:.3f} s, and {four_times:.3f} s for four times as many")


def test_all_are_called_in_the_order_of_their_connection() -> None:
    target, called = EventTarget(), list[int]()
    known = handlers(100, called)
    connect(target, known, called)
    for handler in known[::2]:
        target.disconnect("x", handler)
    target.connect("x", known[0])
    target.dispatch_event(Event("x"))
    assert called == [*range(1, 100, 2), 0]


def test_late_ones_get_all_that_came_before_each_in_order() -> None:
    target = EventTarget()
    got: dict[int, list[int]] = {n: [] for n in range(50)}
    for value in range(20):
        target.dispatch_event(Event("x", value))
    for n in range(50):
        target.connect("x", lambda source, event, n=n: got[n].append(event.detail))
    assert eventually(lambda: all(each == [*range(20)] for each in got.values()))
    target.dispatch_event(Event("x", 20))
    assert all(each == [*range(21)] for each in got.values())


def test_one_without_a_hash_is_found() -> None:
    class Unhashable:
        def __init__(self) -> None:
            self.called = 0

        def __eq__(self, other: object) -> bool:
            return self is other

        def __call__(self, source: object, event: object) -> None:
            self.called += 1

    target, first, second = EventTarget(), Unhashable(), Unhashable()
    for handler in (first, second, first):
        target.connect("x", handler)
    target.disconnect("x", second)
    target.dispatch_event(Event("x"))
    assert (first.called, second.called) == (1, 0)


def test_thousands_of_weak_ones_that_are_gone_are_not_kept() -> None:
    class View:
        def show(self, source: object, event: object) -> None: ...

    target, gone = EventTarget(), list[Any]()
    before = len(gc.get_objects())
    for _ in range(3000):
        view = View()
        gone.append(weakref.ref(view))
        target.connect("x", view.show, weak=True)
    del view
    gc.collect()
    assert not any(ref() for ref in gone)
    assert len(gc.get_objects()) - before < 3 * len(gone), "each connection has several objects"
