"""Async handlers, on a host that begins each when the test says so."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from handlers import View
from loop import Loop
from script import HOLD, Script

from suggestions import Event, EventSource, EventTarget


@pytest.fixture
def host() -> Loop:
    return Loop()


@pytest.fixture
def target(host: Loop) -> EventTarget:
    return EventTarget(dispatch=host)


def send(target: EventTarget, *details: object) -> None:
    for detail in details:
        target.dispatch_event(Event("x", detail))


# Weakly


@pytest.mark.parametrize("late", [False, True])
def test_a_weak_one_is_called_for_as_long_as_something_else_knows_it(
    host: Loop, target: EventTarget, late: bool
) -> None:
    view = View()
    if late:
        send(target, 1)
    for _ in range(2):  # it is known again, as the same one
        assert target.connect("x", view.show_later, weak=True) == view.show_later
        host.run()
    if not late:
        send(target, 1)
    send(target, 2)
    host.run_all()
    assert view.received == [1, 2]
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    send(target, 3)
    host.run()
    assert not host.spawned


def test_a_weak_one_can_be_disconnected(host: Loop, target: EventTarget) -> None:
    view = View()
    target.connect("x", view.show_later, weak=True)
    target.disconnect("x", view.show_later)
    send(target, 1)
    host.run_all()
    assert view.received == []


def test_one_that_is_not_weak_is_kept(host: Loop, target: EventTarget) -> None:
    received: list[object] = []

    def connect() -> None:
        async def show(target: EventTarget, event: Event[Any]) -> None:
            received.append(event.detail)

        target.connect("x", show)

    connect()
    gc.collect()
    send(target, 1)
    host.run_all()
    assert received == [1]


# Between its call and its turn


@pytest.mark.parametrize("way", ["connect", "once", "weak", "listener"])
def test_one_that_is_disconnected_before_its_turn_does_not_begin(
    host: Loop, target: EventTarget, way: str
) -> None:
    first, second = View(), View()
    target.connect("x", first.show_later)
    if way == "listener":
        target.add_event_listener("x", second.listen_later)
    elif way == "weak":
        target.connect("x", second.show_later, weak=True)
    else:
        getattr(target, way)("x", second.show_later)
    send(target, 1)
    host.run()
    target.disconnect("x", second.listen_later if way == "listener" else second.show_later)
    host.run_all()
    assert first.received == [1]
    assert second.received == []


def test_one_keeps_its_turn_when_others_are_disconnected(host: Loop, target: EventTarget) -> None:
    first, second, third = View(), View(), View()
    for view in (first, second, third):
        target.connect("x", view.show_later)
    send(target, 1)
    host.run()
    target.disconnect("x", third.show_later)
    target.disconnect("y", second.show_later)
    host.run_all()
    assert (len(first.received), len(second.received), len(third.received)) == (1, 1, 0)


@pytest.mark.parametrize("aborted", [False, True])
def test_a_listener_whose_signal_is_aborted_before_its_turn_does_not_begin(
    host: Loop, target: EventTarget, aborted: bool
) -> None:
    view, signal = View(), SimpleNamespace(aborted=False)
    target.add_event_listener("x", view.listen_later, signal=signal)
    send(target, 1)
    host.run()
    signal.aborted = aborted
    host.run_all()
    assert view.received == ([] if aborted else [1])


def test_one_that_the_host_does_not_take_has_failed(host: Loop, target: EventTarget) -> None:
    view, failures = View(), list[Any]()
    target.connect("x", view.show_later)
    target.connect("handler_error", lambda target, event: failures.append(event.detail))
    host.refuses = True
    send(target, 1)
    host.run()
    host.refuses = False
    send(target, 2)
    host.run_all()
    assert view.received == [2]
    [failure] = failures
    assert failure.handler == view.show_later
    assert isinstance(failure.exception, RuntimeError)


# A stream that is closed meanwhile


@pytest.fixture
def stream(host: Loop) -> Any:
    numbers = [b"id: %d\ndata: %d\n\n" % (number, number) for number in (1, 2, 3)]
    source = EventSource(
        "https://s.example/",
        session=Script([*numbers, HOLD]).session(),
        dispatch=host,
        start=False,
    )
    yield source
    source.close()


def ids(view: View) -> list[str]:
    return [detail.last_event_id for detail in view.received]


@pytest.mark.parametrize("received", [0, 1, 2])
def test_an_event_none_has_begun_with_is_brought_again(
    host: Loop, stream: EventSource, received: int
) -> None:
    view = View()
    stream.connect("message", view.show_later)
    stream.start()
    for _ in range(received):
        host.run_until(lambda: host.spawned)
        host.begin()
    host.run_until(lambda: host.spawned)
    stream.close()
    assert stream.last_event_id == ("", "1", "2")[received]
    host.run_all()
    assert len(view.received) == received


def test_an_event_one_of_several_has_begun_with_is_not(host: Loop, stream: EventSource) -> None:
    first, second = View(), View()
    stream.connect("message", first.show_later)
    stream.connect("message", second.show_later)
    stream.start()
    host.run_until(lambda: host.spawned)
    host.begin()
    host.run()
    assert ids(first) == ["1"]
    stream.close()
    assert stream.last_event_id == "1"
    host.run_all()
    assert second.received == []


def test_one_whose_turn_comes_after_a_restart_does_not_begin(
    host: Loop, stream: EventSource
) -> None:
    view = View()
    stream.connect("message", view.show_later)
    stream.start()
    host.run_until(lambda: host.spawned)
    stream.close()
    stream.restart()
    host.begin()
    host.run()
    assert view.received == []
    while len(view.received) < 3:
        host.run_until(lambda: host.spawned)
        host.begin()
    assert ids(view) == ["1", "2", "3"]
