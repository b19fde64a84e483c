"""`EventTarget`: who is called, when, in which order, and how one stops listening."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from handlers import Received, View
from loop import Loop
from waiting import eventually, our_threads

from suggestions import Event, EventTarget


@pytest.fixture
def target() -> EventTarget:
    return EventTarget()


def send(target: EventTarget, *details: Any, name: str = "news") -> None:
    for detail in details:
        target.dispatch_event(Event(name, detail))


def settle() -> None:
    """Waits for the threads that deliver to late handlers."""
    assert eventually(lambda: not our_threads("deliver"))


def test_a_handler_hears_its_name_alone(target: EventTarget) -> None:
    received, other = Received(), Received()
    assert target.connect("news", received) is received
    target.connect("other", other)
    send(target, 1, 2)
    assert list(received) == [1, 2]
    assert list(other) == []


def test_handlers_are_called_in_the_order_of_their_connection(target: EventTarget) -> None:
    order: list[int] = []
    for number in range(20):
        target.connect("news", lambda target, event, number=number: order.append(number))
    send(target, None)
    assert order == list(range(20))


def test_a_handler_that_is_connected_again_is_the_last(target: EventTarget) -> None:
    order: list[str] = []

    def first(target: EventTarget, event: Event[Any]) -> None:
        order.append("first")

    target.connect("news", first)
    target.connect("news", lambda target, event: order.append("second"))
    target.disconnect("news", first)
    target.connect("news", first)
    send(target, None)
    assert order == ["second", "first"]


def test_the_same_handler_is_connected_once(target: EventTarget) -> None:
    received = Received()
    target.connect("news", received)
    target.connect("news", received)
    send(target, 1)
    target.connect("news", received)
    settle()
    assert list(received) == [1]


def test_a_bound_method_is_the_same_handler_each_time(target: EventTarget) -> None:
    view = View()
    target.connect("news", view.show)
    target.connect("news", view.show)
    send(target, 1)
    target.disconnect("news", view.show)
    send(target, 2)
    assert view.received == [1]


def test_disconnect(target: EventTarget) -> None:
    received = Received()
    target.connect("news", received)
    target.disconnect("news", received)
    target.disconnect("news", received)
    target.disconnect("never", received)
    send(target, 1)
    assert list(received) == []


def test_a_handler_disconnected_by_the_one_before_it_is_not_called(target: EventTarget) -> None:
    received, bystander = Received(), Received()
    target.connect("news", lambda target, event: target.disconnect("news", received))
    target.connect("news", received)
    target.connect("news", bystander)
    send(target, 1)
    assert list(received) == []
    assert list(bystander) == [1]


def test_a_handler_connected_late_hears_everything_in_order(target: EventTarget) -> None:
    first, late = Received(), Received()
    target.connect("news", first)
    send(target, *range(5))
    target.connect("news", late)
    settle()
    send(target, *range(5, 9))
    assert list(first) == list(late) == list(range(9))


def test_a_late_handler_may_be_disconnected_before_its_turn(target: EventTarget) -> None:
    late = Received()
    busy, leave = threading.Event(), threading.Event()

    def block(target: EventTarget, event: Event[Any]) -> None:
        busy.set()
        leave.wait(10)

    target.connect("news", block)
    worker = threading.Thread(target=send, args=(target, 1))
    worker.start()
    busy.wait(10)
    target.connect("news", late)
    target.disconnect("news", late)
    leave.set()
    worker.join(10)
    settle()
    assert list(late) == []


def test_a_late_handler_may_be_disconnected_at_the_last_moment() -> None:
    for _ in range(200):
        target, received = EventTarget(), Received()
        target.dispatch_event(Event("news", 1))
        target.connect("news", received)
        target.disconnect("news", received)  # while another thread is about to call it
        target.dispatch_event(Event("news", 2))
        settle()
        assert list(received) in ([], [1])


def test_disconnecting_a_late_handler_leaves_the_others(target: EventTarget) -> None:
    received, neighbour, namesake = Received(), Received(), Received()

    def connect(target: EventTarget, event: Event[Any]) -> None:
        target.connect("news", received)
        target.connect("news", neighbour)
        target.connect("other", received)
        target.connect("other", namesake)
        target.disconnect("news", received)

    target.once("news", connect)
    send(target, 1)
    settle()
    send(target, 2, name="other")
    assert list(received) == [2]
    assert list(neighbour) == [1]
    assert list(namesake) == [2]


def test_on_connects_the_function_below_it(target: EventTarget) -> None:
    received: list[Any] = []

    @target.on("news")
    def hear(target: EventTarget, event: Event[Any]) -> None:
        received.append(event.detail)

    send(target, 1)
    assert received == [1]
    assert callable(hear)


@pytest.mark.parametrize("late", [False, True])
def test_once(target: EventTarget, late: bool) -> None:
    received = Received()
    if late:
        send(target, 1, 2)
    assert target.once("news", received) is received
    if not late:
        send(target, 1, 2)
    settle()
    send(target, 3)
    assert list(received) == [1]


def test_once_is_taken_back_by_the_handler_itself(target: EventTarget) -> None:
    received = Received()
    target.once("news", received)
    target.disconnect("news", received)
    send(target, 1)
    assert list(received) == []


def test_listeners_are_called_with_the_event_alone(target: EventTarget) -> None:
    received: list[Any] = []

    def listen(event: Event[Any]) -> None:
        received.append((event.type, event.detail, event.target))

    target.add_event_listener("news", listen)
    target.add_event_listener("news", listen)
    send(target, 1)
    target.remove_event_listener("news", listen)
    send(target, 2)
    assert received == [("news", 1, target)]


def test_a_listener_for_once_and_one_with_a_signal(target: EventTarget) -> None:
    once: list[Any] = []
    until: list[Any] = []
    signal = SimpleNamespace(aborted=False)
    target.add_event_listener("news", once.append, once=True)
    target.add_event_listener("news", until.append, signal=signal)
    send(target, 1, 2)
    signal.aborted = True
    send(target, 3)
    signal.aborted = False
    send(target, 4)
    assert [event.detail for event in once] == [1]
    assert [event.detail for event in until] == [1, 2]


def test_a_weak_handler_goes_with_its_owner(target: EventTarget) -> None:
    received: list[Any] = []
    early, late = View(received), View(received)
    target.connect("news", early.show, weak=True)
    send(target, 1)
    target.connect("news", late.show, weak=True)
    settle()
    assert received == [1, 1]
    del early, late
    gc.collect()
    send(target, 2)
    assert received == [1, 1]


def test_a_weak_handler_goes_even_where_another_has_raised(target: EventTarget) -> None:
    """The exception is kept, and its traceback with the frames on the way."""
    received: list[Any] = []

    def fail(target: EventTarget, event: Event[Any]) -> None:
        raise ZeroDivisionError

    view = View(received)
    target.connect("news", fail)
    target.connect("news", view.show, weak=True)
    send(target, 1)
    del view
    gc.collect()
    send(target, 2)
    assert received == [1]


def test_a_late_weak_handler_is_called_as_long_as_it_lives(
    target: EventTarget, caplog: pytest.LogCaptureFixture
) -> None:
    received, gone = Received(), Received()

    def connect(target: EventTarget, event: Event[Any]) -> None:
        nonlocal gone
        target.connect("news", received, weak=True)
        target.connect("news", gone, weak=True)
        del gone
        gc.collect()

    target.once("news", connect)
    send(target, 1)
    settle()
    send(target, 2)
    assert list(received) == [1, 2]
    assert caplog.records == []


@pytest.mark.parametrize("late", [False, True])
def test_a_listener_may_be_added_again_after_its_signal(target: EventTarget, late: bool) -> None:
    def listen(event: Event[Any]) -> None:
        received.append(event.detail)

    received: list[Any] = []
    signal = SimpleNamespace(aborted=False)
    if late:
        send(target, 0, name="other")
    target.add_event_listener("news", listen, signal=signal)
    signal.aborted = True
    target.add_event_listener("news", listen)
    settle()
    send(target, 1, 2)
    assert received == [1, 2]


def test_a_listener_that_has_received_nothing_yet_may_be_added_again_after_its_signal(
    target: EventTarget,
) -> None:
    received: list[Any] = []

    def listen(event: Event[Any]) -> None:
        received.append(event.detail)

    def add(target: EventTarget, event: Event[Any]) -> None:
        signal = SimpleNamespace(aborted=False)
        target.add_event_listener("news", listen, signal=signal)
        signal.aborted = True
        target.add_event_listener("news", listen)

    target.once("news", add)
    send(target, 1)
    settle()
    assert received == [1]


def test_a_strong_lambda_stays(target: EventTarget) -> None:
    received: list[Any] = []
    target.connect("news", lambda target, event: received.append(event.detail))
    gc.collect()
    send(target, 1)
    assert received == [1]


def test_an_event_sent_by_a_handler_follows_the_one_it_was_sent_in(target: EventTarget) -> None:
    order: list[Any] = []

    def answer(target: EventTarget, event: Event[Any]) -> None:
        order.append(("first", event.detail))
        if event.detail < 3:
            send(target, event.detail + 1)

    target.connect("news", answer)
    target.connect("news", lambda target, event: order.append(("second", event.detail)))
    send(target, 1)
    assert order == [(who, n) for n in (1, 2, 3) for who in ("first", "second")]


def test_a_handler_is_the_same_as_a_listener_too(target: EventTarget) -> None:
    received: list[Any] = []

    def hear(*arguments: Any) -> None:
        received.append(arguments[-1].detail)

    target.connect("news", hear)
    target.add_event_listener("news", hear)
    send(target, 1)
    target.remove_event_listener("news", hear)
    send(target, 2)
    assert received == [1]


@pytest.mark.parametrize("way", ["once", "listener"])
def test_a_failure_names_the_handler_however_it_was_connected(
    target: EventTarget, way: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    failures = Received()
    target.connect("handler_error", failures)
    if way == "once":
        target.once("news", fail)
    else:
        target.add_event_listener("news", fail)
    send(target, 1)
    [failure] = failures
    assert failure.handler is fail


def test_a_handler_that_raises_is_logged_and_told(
    target: EventTarget, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(target: EventTarget, event: Event[Any]) -> None:
        raise ZeroDivisionError("oh")

    received, failures = Received(), Received()
    target.connect("news", fail)
    target.connect("news", received)
    target.connect("handler_error", failures)
    target.connect("handler_error", lambda target, event: fail(target, event))
    with caplog.at_level(logging.ERROR, "suggestions"):
        send(target, 1)
    assert list(received) == [1]
    [(event, handler, exception)] = failures
    assert (event.type, event.detail, handler) == ("news", 1, fail)
    assert isinstance(exception, ZeroDivisionError)
    logged = [(record.name, record.getMessage()) for record in caplog.records]
    assert logged == [
        ("suggestions", "a handler of 'news' raised"),
        ("suggestions", "a handler of 'handler_error' raised"),
    ]
    assert all("ZeroDivisionError: oh" in record.exc_text for record in caplog.records)


# A dispatcher, and async handlers


def test_news_are_posted_once() -> None:
    host = Loop()
    target = EventTarget(dispatch=host)
    target.connect("news", received := Received())
    send(target, 1, 2)
    assert len(host.posted) == 1
    host.run()
    assert list(received) == [1, 2]


def test_an_async_handler_is_awaited_where_the_dispatcher_can() -> None:
    host = Loop()
    target = EventTarget(dispatch=host)
    received = Received()

    async def hear(target: EventTarget, event: Event[Any]) -> None:
        received(target, event)

    assert target.connect("news", hear) is hear
    target.connect("news", hear)
    send(target, 1, 2)
    host.run()
    assert list(received) == []
    host.begin()
    assert list(received) == [1]  # the next event waits for it
    host.run()
    host.begin()
    assert list(received) == [1, 2]
    host.run_all()
    target.disconnect("news", hear)
    send(target, 3)
    host.run()
    assert not host.spawned


def test_async_handlers_by_once_and_as_listeners() -> None:
    host = Loop()
    target = EventTarget(dispatch=host)
    received = Received()

    async def hear(target: EventTarget, event: Event[Any]) -> None:
        received(target, event)

    async def listen(event: Event[Any]) -> None:
        received(target, event)

    target.once("news", hear)
    target.add_event_listener("news", listen)
    send(target, 1, 2)
    host.run_all()
    assert list(received) == [1, 1, 2]
    target.remove_event_listener("news", listen)
    send(target, 3)
    host.run_all()
    assert list(received) == [1, 1, 2]
    refused = pytest.raises(TypeError, match="'news' is an async function, which nothing here")
    with refused:
        EventTarget().once("news", hear)
    with refused:
        EventTarget().add_event_listener("news", listen)


def test_an_async_handler_that_cannot_be_spawned_is_told_and_holds_nothing_up() -> None:
    host = Loop()
    host.refuses = True
    target = EventTarget(dispatch=host)
    failures, received = Received(), Received()

    async def hear(target: EventTarget, event: Event[Any]) -> None: ...

    target.connect("news", hear)
    target.connect("news", received)
    target.connect("handler_error", failures)
    send(target, 1, 2)
    host.run()
    assert list(received) == [1, 2]
    assert [str(exception) for _, _, exception in failures] == ["too many tasks"] * 2


def test_an_async_handler_of_which_nothing_was_begun_holds_nothing_up() -> None:
    host = Loop()
    target = EventTarget(dispatch=host)
    received = Received()

    async def hear(target: EventTarget, event: Event[Any]) -> None: ...

    target.connect("news", hear)
    target.connect("news", received)
    send(target, 1, 2)
    host.run()
    assert list(received) == [1]
    [(_, ended)] = host.spawned
    host.spawned.clear()
    ended(None)  # as of a task that is cancelled before its first step
    host.run()
    assert list(received) == [1, 2]


def test_an_async_handler_that_raises_is_told() -> None:
    host = Loop()
    target = EventTarget(dispatch=host)
    failures = Received()
    target.connect("handler_error", failures)

    async def fail(target: EventTarget, event: Event[Any]) -> None:
        raise ZeroDivisionError

    target.connect("news", fail)
    send(target, 1)
    host.run()
    host.begin()
    send(target, 2, name="other")
    host.run()
    [(event, handler, exception)] = failures
    assert (event.detail, handler) == (1, fail)
    assert isinstance(exception, ZeroDivisionError)


def test_wrong_names_and_handlers_are_refused(target: EventTarget) -> None:
    async def later(target: EventTarget, event: Event[Any]) -> None: ...

    with pytest.raises(TypeError, match="dispatch must be callable, not int"):
        EventTarget(dispatch=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="handler of 'news' must be callable"):
        target.connect("news", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^the handler of 'news' is an async .* or trio_\(\)$"):
        target.connect("news", later)
    with pytest.raises(TypeError, match="name of an event"):
        target.connect("", print)
    with pytest.raises(TypeError, match="listener of 'news'"):
        target.add_event_listener("news", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes an Event, not str"):
        target.dispatch_event("news")  # type: ignore[arg-type]


def test_a_weak_handler_that_goes_before_it_is_told_what_came_earlier_is_not_kept() -> None:
    host = Loop()
    target, received, shown = EventTarget(dispatch=host), Received(), list[Any]()
    send(target, 1)
    host.run()
    view = View(shown)
    target.connect("news", view.show, weak=True)
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    target.connect("news", received)
    host.run()
    assert list(received) == [1]
    assert shown == []


def test_a_handler_beside_a_weak_one_is_kept(target: EventTarget) -> None:
    received: list[Any] = []
    view = View(received)
    target.connect("news", lambda target, event: received.append("strong"))
    target.connect("news", view.show, weak=True)
    gc.collect()
    send(target, "weak")
    assert received == ["strong", "weak"]
