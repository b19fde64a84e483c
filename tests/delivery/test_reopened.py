"""A stream that is closed and opened again: each handler gets each event once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from loop import Loop
from script import HOLD, Script
from waiting import eventually

from suggestions import Event, EventSource
from suggestions.events import MessageEvent

URL = "https://service.example/events"
COUNT = 5


class Numbers(Script):
    """Sends the numbers up to COUNT after the last one that has arrived, and then nothing."""

    def __init__(self) -> None:
        super().__init__([])

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        begin = int(request.headers.get("Last-Event-ID") or "0")
        numbers = range(begin + 1, COUNT + 1)
        self.answer([*(b"id: %d\ndata: %d\n\n" % (n, n) for n in numbers), HOLD])
        return super().send(request)


class Handlers:
    """A stream on a loop that turns only if the test says so, and what its handlers get."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.source = EventSource(URL, session=Numbers().session(), dispatch=self.loop, start=False)
        self.got: dict[str, list[int]] = {}

    def plain(self, name: str, event: str = "message", *, once: bool = False) -> None:
        keep = self._keep(name)
        self._connect(event, lambda source, event: keep(event), once=once)

    def awaited(self, name: str, event: str = "message", *, once: bool = False) -> None:
        keep = self._keep(name)

        async def handler(source: EventSource, event: Event[Any]) -> None:
            keep(event)

        self._connect(event, handler, once=once)

    def _connect(self, event: str, handler: Callable[..., Any], *, once: bool) -> None:
        (self.source.once if once else self.source.connect)(event, handler)

    def _keep(self, name: str) -> Callable[[Event[Any]], None]:
        got = self.got.setdefault(name, [])

        def keep(event: Event[Any]) -> None:
            if isinstance(event.detail, MessageEvent):
                got.append(int(event.detail.data))

        return keep

    def until_spawned(self) -> None:
        self.loop.run_until(lambda: bool(self.loop.spawned))

    def reopen(self) -> None:
        self.source.close()
        self.loop.run_all()  # what was spawned before begins after close()
        self.source.restart()

    def rest(self) -> None:
        """Calls all handlers for all that comes."""

        def has_all() -> bool:
            self.loop.run_all()
            return all(COUNT in got for got in self.got.values())

        assert eventually(has_all, 10) or "once" in self.got, self.got
        self.source.close()


ALL = list(range(1, COUNT + 1))


@pytest.mark.parametrize("event", ["message", "*"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_plain_handler_before_an_async_one_that_has_not_begun(event: str, times: int) -> None:
    handlers = Handlers()
    handlers.plain("plain")
    handlers.awaited("async", event)
    handlers.plain("after")
    handlers.source.start()
    for _ in range(times):
        handlers.until_spawned()
        handlers.reopen()
    handlers.rest()
    assert handlers.got == {"plain": ALL, "async": ALL, "after": ALL}


def test_async_handlers_alone() -> None:
    handlers = Handlers()
    handlers.awaited("first")
    handlers.awaited("second")
    handlers.source.start()
    handlers.until_spawned()
    handlers.reopen()
    handlers.rest()
    assert handlers.got == {"first": ALL, "second": ALL}


def test_the_second_async_handler_if_the_first_has_begun() -> None:
    handlers = Handlers()
    handlers.awaited("first")
    handlers.awaited("second")
    handlers.source.start()
    handlers.loop.begin()
    assert handlers.got == {"first": [1], "second": []}
    assert handlers.source.last_event_id != "0"
    handlers.reopen()
    handlers.rest()
    assert handlers.got == {"first": ALL, "second": ALL}


@pytest.mark.parametrize("beside", [None, "plain", "awaited"])
def test_an_async_handler_that_is_called_once(beside: str | None) -> None:
    handlers = Handlers()
    if beside:
        getattr(handlers, beside)("beside")
    handlers.awaited("once", once=True)
    handlers.source.start()
    handlers.until_spawned()
    handlers.reopen()
    handlers.loop.run_until(lambda: handlers.loop.spawned)
    for _ in range(50):
        handlers.loop.run_all()
    if beside:
        assert eventually(lambda: handlers.loop.run_all() or handlers.got["beside"] == ALL)
    assert handlers.got["once"] == [1]
    handlers.source.close()


def test_one_that_is_disconnected_meanwhile_is_not_called() -> None:
    handlers = Handlers()
    called: list[int] = []

    async def keep(source: EventSource, event: Event[Any]) -> None:
        called.append(1)

    handlers.plain("plain")
    handlers.source.connect("message", keep)
    handlers.source.start()
    handlers.until_spawned()
    handlers.source.disconnect("message", keep)
    handlers.reopen()
    handlers.rest()
    assert handlers.got == {"plain": ALL}
    assert called == []


def test_an_event_that_another_thread_closes_in_is_left_to_all_its_handlers() -> None:
    handlers = Handlers()

    def close(source: EventSource, event: Event[Any]) -> None:
        if event.detail.data == "1":
            closing = threading.Thread(target=source.close)
            closing.start()
            closing.join()

    handlers.source.connect("message", close)
    handlers.plain("plain")
    handlers.awaited("async")
    handlers.source.start()
    handlers.loop.run_until(lambda: handlers.source.ready_state == EventSource.CLOSED)
    handlers.loop.run_all()
    assert handlers.got == {"plain": [1], "async": [1]}
    assert handlers.source.last_event_id == "1"
    handlers.source.restart()
    handlers.rest()
    assert handlers.got == {"plain": ALL, "async": ALL}


def test_what_is_dispatched_while_it_is_closed_is_dropped() -> None:
    handlers = Handlers()
    details: list[object] = []
    handlers.source.connect("own", lambda source, event: details.append(event.detail))
    handlers.plain("plain")
    handlers.source.dispatch_event(Event("own", 1))
    handlers.source.start()
    handlers.loop.run_until(lambda: handlers.got["plain"])
    handlers.source.close()
    handlers.source.dispatch_event(Event("own", 2))
    handlers.source.connect("own", lambda source, event: details.append(("late", event.detail)))
    handlers.source.restart()
    handlers.source.dispatch_event(Event("own", 3))
    handlers.rest()
    assert [each for each in details if each in (2, ("late", 2))] == []
    assert details[:2] == [1, 3] or ("late", 1) in details
    assert 3 in details
