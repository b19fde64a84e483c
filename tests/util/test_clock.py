"""The clock calls functions at their time, on one thread that ends."""

from __future__ import annotations

import os
import random
import threading
from time import monotonic

import pytest
from waiting import SOON, eventually, our_threads

from suggestions._util.clock import Clock


def test_in_the_order_of_their_moments() -> None:
    clock, received = Clock(), list[int]()
    begin = monotonic() + 0.05
    numbers = list(range(200))
    random.shuffle(numbers)
    for number in numbers:
        clock.call_at(begin + number / 2000, lambda number=number: received.append(number))
    assert eventually(lambda: len(received) == 200)
    assert received == list(range(200))
    assert monotonic() >= begin + 199 / 2000
    assert eventually(lambda: not our_threads("clock"))


def test_a_moment_that_comes_before_the_one_awaited() -> None:
    clock, received = Clock(), threading.Event()
    late = clock.call_at(monotonic() + 1000, lambda: None)
    clock.call_at(monotonic() + 0.01, received.set)
    assert received.wait(SOON)
    assert len(our_threads("clock")) == 1
    clock.cancel(late)
    assert eventually(lambda: not our_threads("clock"))


def test_what_is_cancelled_is_not_called() -> None:
    clock, received = Clock(), list[int]()
    moment = monotonic() + 0.1
    alarms = [
        clock.call_at(moment, lambda number=number: received.append(number))
        for number in range(1000)
    ]
    for alarm in alarms[::2]:
        clock.cancel(alarm)
        clock.cancel(alarm)
    assert eventually(lambda: not our_threads("clock"))
    assert received == list(range(1, 1000, 2))
    clock.cancel(alarms[1])  # which was called
    clock.call_at(monotonic(), lambda: received.append(-1))
    assert eventually(lambda: received[-1] == -1)
    assert eventually(lambda: not our_threads("clock"))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_has_a_clock_of_its_own() -> None:
    clock, received = Clock(), threading.Event()
    clock.call_at(monotonic() + 0.2, received.set)
    child = os.fork()
    if not child:
        mine = threading.Event()
        clock.call_at(monotonic() + 0.01, mine.set)
        works = mine.wait(SOON) and not received.wait(0.4)
        os._exit(0 if works else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert received.wait(SOON)
