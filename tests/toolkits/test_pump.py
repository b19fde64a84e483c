"""A host that has no more than a timer."""

from __future__ import annotations

import gc
import logging
import time
import weakref
from typing import Any

import pytest
from script import HOLD, Script
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, EventSource, SuggestionsEventSource
from suggestions.toolkits import Pump


def test_handlers_run_in_the_frames_of_the_host() -> None:
    service, pump, notes = Service(200), Pump(), Notes()
    source = service.ask(pump, throttle=1 / 30, on=notes.on())
    while not notes.ended:
        pump.run()
        time.sleep(1 / 60)
    notes.check(source.full_message, 1 / 30)
    assert source.full_message == service.text


def test_a_frame_begins_nothing_after_its_budget() -> None:
    pump = Pump()
    ran: list[int] = []

    def work() -> None:
        time.sleep(0.04)
        ran.append(len(ran))

    for _ in range(10):
        pump(work)
    assert pump.run(budget=0.05)
    assert ran in ([0], [0, 1])  # a busy machine may sleep longer
    while pump.run():
        pass
    assert ran == list(range(10))
    assert not pump.run()


def test_wait_on_the_thread_of_the_frames_raises() -> None:
    pump = Pump()
    assert not pump.runs_here()
    pump.run()
    source = Service(5, silent=True).ask(pump)
    with pytest.raises(RuntimeError, match="would block"):
        source.wait()
    timed(source.close)


def test_a_host_that_goes_closes_its_sources() -> None:
    service, pump, notes = Service(5, silent=True), Pump(), Notes()
    source = service.ask(pump, on=notes.on())
    assert eventually(lambda: source.full_message == service.text)
    timed(pump.close)
    assert source.state == "aborted"
    with pytest.raises(RuntimeError, match="gone"):
        pump(lambda: None)
    assert eventually(service.has_seen_all_hang_up)
    assert not pump.run()
    assert notes.names == []


def test_ctrl_c_in_a_handler_comes_out_of_the_pump() -> None:
    service, pump, notes = Service(5), Pump(), Notes()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    source = service.ask(pump, on=notes.on())
    source.connect("chunk", interrupt)
    assert eventually(lambda: source.state == "done")
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            pump.run(budget=1)
    pump.run()
    assert "".join(notes.chunks) == service.text
    assert notes.names[-2:] == ["done", "end"]


@pytest.mark.parametrize("within", [False, True], ids=["behind the handler", "within it"])
@pytest.mark.parametrize("kind", ["answer", "stream"])
def test_a_failure_is_forgotten_where_the_host_goes(
    monkeypatch: pytest.MonkeyPatch, kind: str, within: bool
) -> None:
    """It knows the handler and what that has known: a window, which no other thread may free."""

    monkeypatch.setattr(logging.getLogger("suggestions"), "disabled", True)  # a log keeps it, too
    received: list[str] = []

    class View:
        def show(self, source: Any, event: Event[Any]) -> None:
            received.append(event.type)
            if within:
                pump.close()
            raise ValueError

    pump, view = Pump(), View()
    source: SuggestionsEventSource | EventSource
    if kind == "answer":
        source = Service(1000).ask(pump, on={"chunk": view.show})
    else:
        session = Script([b"data: 1\n\n", HOLD]).session()
        source = EventSource("https://s.example/", session=session, dispatch=pump)
        source.connect("message", view.show)
    while not received:
        pump.run()
    pump.close()
    gone = weakref.ref(view)
    del view
    assert eventually(lambda: gc.collect() >= 0 and gone() is None)
    source.close()
