"""A host that has no more than a timer."""

from __future__ import annotations

import time

import pytest
from service import Notes, Service, eventually, timed

from suggestions.toolkits import Pump


def test_handlers_run_in_the_frames_of_the_host() -> None:
    service, pump, notes = Service(200), Pump(), Notes()
    source = service.ask(pump, throttle=1 / 30, on=notes.on())
    while not notes.ended:
        pump.run()
        time.sleep(1 / 60)
    notes.check(source.full_message, 1 / 30)
    assert source.full_message == service.text


def test_a_frame_begins_nothing_after_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    pump, now = Pump(), 0.0
    monkeypatch.setattr("suggestions.toolkits.pump.monotonic", lambda: now)
    ran: list[int] = []

    def work() -> None:
        nonlocal now
        now += 0.004
        ran.append(len(ran))

    for _ in range(10):
        pump(work)
    assert pump.run(budget=0.005)
    assert ran == [0, 1]
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
    eventually(lambda: source.full_message == service.text)
    timed(pump.close)
    assert source.state == "aborted"
    with pytest.raises(RuntimeError, match="gone"):
        pump(lambda: None)
    eventually(service.has_seen_all_hang_up)
    assert not pump.run()
    assert notes.names == []


def test_ctrl_c_in_a_handler_comes_out_of_the_pump() -> None:
    service, pump, notes = Service(5), Pump(), Notes()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    source = service.ask(pump, on=notes.on())
    source.connect("chunk", interrupt)
    eventually(lambda: source.state == "done")
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            pump.run(budget=1)
    pump.run()
    assert "".join(notes.chunks) == service.text
    assert notes.names[-2:] == ["done", "end"]
