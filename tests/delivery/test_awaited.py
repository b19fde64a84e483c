"""Async handlers, on a host that begins each when the test says so."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from script import HOLD, Script

from suggestions import Event, EventSource, EventTarget


class Host:
    """A loop: what is posted runs in `run`, and an async handler in `begin`, to its end."""

    def __init__(self) -> None:
        self.posted: deque[Callable[[], None]] = deque()
        self.waiting: deque[tuple[Callable[[], Any], Callable[[Any], None]]] = deque()
        self.refuses = False

    def __call__(self, fn: Callable[[], None]) -> None:
        self.posted.append(fn)

    def spawn(self, fn: Callable[[], Any], ended: Callable[[Any], None]) -> None:
        if self.refuses:
            raise RuntimeError("no more tasks")
        self.waiting.append((fn, ended))

    def run(self) -> None:
        while self.posted:
            self.posted.popleft()()

    def begin(self) -> None:
        fn, ended = self.waiting.popleft()
        asyncio.run(fn())
        ended(None)
        self.run()

    def run_all(self) -> None:
        self.run()
        while self.waiting:
            self.begin()

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            self.run()
            time.sleep(0.001)


class View:
    def __init__(self) -> None:
        self.heard: list[tuple[Any, Any]] = []

    async def show(self, target: Any, event: Event[Any]) -> None:
        self.heard.append((target, event.detail))

    async def listen(self, event: Event[Any]) -> None:
        self.heard.append((event.target, event.detail))


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def target(host: Host) -> EventTarget:
    return EventTarget(dispatch=host)


def send(target: EventTarget, *details: object) -> None:
    for detail in details:
        target.dispatch_event(Event("x", detail))


# Weakly


@pytest.mark.parametrize("late", [False, True])
def test_a_weak_one_is_called_for_as_long_as_something_else_knows_it(
    host: Host, target: EventTarget, late: bool
) -> None:
    view = View()
    if late:
        send(target, 1)
    for _ in range(2):  # it is known again, as the same one
        assert target.connect("x", view.show, weak=True) == view.show
        host.run()
    if not late:
        send(target, 1)
    send(target, 2)
    host.run_all()
    assert view.heard == [(target, 1), (target, 2)]
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    send(target, 3)
    host.run()
    assert not host.waiting
    assert not target._has_receivers("x")
    assert "x" not in target._receivers


def test_a_weak_one_can_be_disconnected(host: Host, target: EventTarget) -> None:
    view = View()
    target.connect("x", view.show, weak=True)
    target.disconnect("x", view.show)
    send(target, 1)
    host.run_all()
    assert view.heard == []


def test_one_that_is_not_weak_is_kept(host: Host, target: EventTarget) -> None:
    heard: list[object] = []

    def connect() -> None:
        async def show(target: EventTarget, event: Event[Any]) -> None:
            heard.append(event.detail)

        target.connect("x", show)

    connect()
    gc.collect()
    send(target, 1)
    host.run_all()
    assert heard == [1]


# Between its call and its turn


@pytest.mark.parametrize("way", ["connect", "once", "weak", "listener"])
def test_one_that_is_disconnected_before_its_turn_does_not_begin(
    host: Host, target: EventTarget, way: str
) -> None:
    first, second = View(), View()
    target.connect("x", first.show)
    if way == "listener":
        target.add_event_listener("x", second.listen)
    elif way == "weak":
        target.connect("x", second.show, weak=True)
    else:
        getattr(target, way)("x", second.show)
    send(target, 1)
    host.run()
    target.disconnect("x", second.listen if way == "listener" else second.show)
    host.run_all()
    assert first.heard == [(target, 1)]
    assert second.heard == []


def test_one_keeps_its_turn_when_others_are_disconnected(host: Host, target: EventTarget) -> None:
    first, second, third = View(), View(), View()
    for view in (first, second, third):
        target.connect("x", view.show)
    send(target, 1)
    host.run()
    target.disconnect("x", third.show)
    target.disconnect("y", second.show)
    host.run_all()
    assert (len(first.heard), len(second.heard), len(third.heard)) == (1, 1, 0)


@pytest.mark.parametrize("aborted", [False, True])
def test_a_listener_whose_signal_is_aborted_before_its_turn_does_not_begin(
    host: Host, target: EventTarget, aborted: bool
) -> None:
    view, signal = View(), SimpleNamespace(aborted=False)
    target.add_event_listener("x", view.listen, signal=signal)
    send(target, 1)
    host.run()
    signal.aborted = aborted
    host.run_all()
    assert view.heard == ([] if aborted else [(target, 1)])


def test_one_that_the_host_does_not_take_has_failed(host: Host, target: EventTarget) -> None:
    view, failures = View(), list[Any]()
    target.connect("x", view.show)
    target.connect("handler_error", lambda target, event: failures.append(event.detail))
    host.refuses = True
    send(target, 1)
    host.run()
    host.refuses = False
    send(target, 2)
    host.run_all()
    assert view.heard == [(target, 2)]
    [failure] = failures
    assert failure.handler == view.show
    assert isinstance(failure.exception, RuntimeError)


# A stream that is closed meanwhile


@pytest.fixture
def stream(host: Host) -> Any:
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
    return [detail.last_event_id for _, detail in view.heard]


@pytest.mark.parametrize("heard", [0, 1, 2])
def test_an_event_none_has_begun_with_is_brought_again(
    host: Host, stream: EventSource, heard: int
) -> None:
    view = View()
    stream.connect("message", view.show)
    stream.start()
    for _ in range(heard):
        host.until(lambda: host.waiting)
        host.begin()
    host.until(lambda: host.waiting)
    stream.close()
    assert stream.last_event_id == ("", "1", "2")[heard]
    host.run_all()
    assert len(view.heard) == heard


def test_an_event_one_of_several_has_begun_with_is_not(host: Host, stream: EventSource) -> None:
    first, second = View(), View()
    stream.connect("message", first.show)
    stream.connect("message", second.show)
    stream.start()
    host.until(lambda: host.waiting)
    host.begin()
    assert ids(first) == ["1"]
    stream.close()
    assert stream.last_event_id == "1"
    host.run_all()
    assert second.heard == []


def test_one_whose_turn_comes_after_a_restart_does_not_begin(
    host: Host, stream: EventSource
) -> None:
    view = View()
    stream.connect("message", view.show)
    stream.start()
    host.until(lambda: host.waiting)
    stream.close()
    stream.restart()
    host.begin()
    assert view.heard == []
    while len(view.heard) < 3:
        host.until(lambda: host.waiting)
        host.begin()
    assert ids(view) == ["1", "2", "3"]
