"""trio's run, as the host."""

from __future__ import annotations

import contextvars
import logging
from typing import Any

import pytest
import waiting
from host import program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import SuggestionsEventSource
from suggestions.toolkits import trio_

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="no caller")


async def until(condition: Any) -> None:
    import trio

    await waiting.until(condition, trio.sleep)


@program("trio", display=False)
def test_a_thousand_chunks_a_second() -> None:
    import trio

    service, notes = Service(1000), Notes()

    async def main() -> None:
        source = service.ask(trio_(), throttle=1 / 30, on=notes.on())
        with pytest.raises(RuntimeError, match="would block"):
            source.wait()
        await until(lambda: notes.ended)

    trio.run(main)
    notes.check(service.text, 1 / 30)


@program("trio", display=False)
def test_async_handlers_run_in_order_one_after_another() -> None:
    import trio

    logging.disable()
    service, notes = Service(30), Notes()
    order: list[str] = []
    received: list[str] = []

    async def hear(source: SuggestionsEventSource, event: Any) -> None:
        order.append(f"begin {event.detail}")
        await trio.sleep(0.001)
        order.append(f"finish {event.detail}")
        received.append(who.get())
        if event.detail == "3 ":
            raise ValueError

    async def main() -> None:
        who.set("a user")
        service.ask(trio_(), on=notes.on()).connect("chunk", hear)
        who.set("somebody else")
        await until(lambda: len(order) == 60)

    trio.run(main)
    assert order == [f"{step} {n} " for n in range(30) for step in ("begin", "finish")]
    assert set(received) == {"a user"}
    assert "".join(notes.chunks) == service.text


@program("trio", display=False)
def test_close_takes_no_time_and_nothing_follows() -> None:
    import trio

    service, notes = Service(5, silent=True), Notes()

    async def main() -> None:
        source = service.ask(trio_(), throttle=1 / 30, smooth=True, on=notes.on())
        await until(lambda: notes.suggestions[-1:] == [service.text])
        timed(source.close)
        received = len(notes.names)
        await until(lambda: notes.ended)
        await until(service.has_seen_all_hang_up)
        assert notes.names[received:] == ["abort", "end"]

    trio.run(main)


@program("trio", display=False)
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("handlers", ["plain", "async"])
def test_the_end_of_the_run_closes_the_source(silent: bool, handlers: str) -> None:
    import trio

    service, notes = Service(50 if silent else 100_000, silent=silent), Notes()
    sources: list[SuggestionsEventSource] = []

    async def hear(source: SuggestionsEventSource, event: Any) -> None:
        await trio.sleep(0.01)

    async def main() -> None:
        sources.append(service.ask(trio_(), on=notes.on()))
        if handlers == "async":
            sources[0].connect("chunk", hear)
        await until(lambda: len(notes.chunks) >= 20)

    trio.run(main)
    assert sources[0].state == "aborted"
    assert sources[0].wait(5) is False
    assert eventually(service.has_seen_all_hang_up)
    with pytest.raises(RuntimeError):
        trio_()


@program("trio", display=False)
def test_a_handlers_task_that_fails_while_the_run_ends_is_no_failure_of_the_run() -> None:
    """Out of a nursery, it comes in one group with the handler's own cancellation."""
    import trio
    import trio.testing

    logging.disable()
    begun: list[bool] = []
    sources: list[SuggestionsEventSource] = []

    async def save() -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            raise OSError("the connection is torn") from None

    async def hear(source: SuggestionsEventSource, event: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(save)
            begun.append(True)
            await trio.sleep_forever()

    async def main() -> None:
        sources.append(Service(5, silent=True).ask(trio_(), on={"suggestion": hear}))
        await until(lambda: begun)
        await trio.testing.wait_all_tasks_blocked()

    trio.run(main)
    assert sources[0].state == "aborted"


@program("trio", display=False)
def test_an_unused_dispatcher_leaves_nothing() -> None:
    import trio

    async def main() -> None:
        before = trio.lowlevel.current_statistics().tasks_living
        for _ in range(20):
            notes = Notes()
            Service(2).ask(trio_(), on=notes.on())
            await until(lambda notes=notes: notes.ended)
        await until(lambda: trio.lowlevel.current_statistics().tasks_living == before)

    trio.run(main)


@program("trio", display=False)
def test_a_source_that_is_made_in_a_worker_thread() -> None:
    import trio

    service, notes = Service(20), Notes()

    async def main() -> None:
        dispatch = trio_()
        await trio.to_thread.run_sync(lambda: service.ask(dispatch, on=notes.on()))
        await until(lambda: notes.ended)

    trio.run(main)
    notes.check(service.text)


@program("trio", display=False)
def test_exit_in_mid_stream() -> None:
    import trio

    service, notes = Service(5, silent=True), Notes()

    async def main() -> None:
        service.ask(trio_(), on=notes.on())
        await until(lambda: len(notes.chunks) == 5)
        raise SystemExit(0)

    trio.run(main)
