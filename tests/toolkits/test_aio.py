"""asyncio's event loop, as the host."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import logging
import os
import sys
import time
import weakref
from typing import Any

import pytest
import waiting
from host import program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, EventSource, EventTarget, SuggestionsEventSource
from suggestions.toolkits import aio

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="no caller")


until = functools.partial(waiting.until, sleep=asyncio.sleep)


@program(display=False)
def test_a_thousand_chunks_a_second() -> None:
    service, notes = Service(1000), Notes()

    async def main() -> None:
        source = service.ask(aio(), throttle=1 / 30, on=notes.on())
        with pytest.raises(RuntimeError, match="would block"):
            source.wait()
        await until(lambda: notes.ended)
        assert await source == service.text

    asyncio.run(main(), debug=False)
    notes.check(service.text, 1 / 30)


@program(display=False)
def test_async_handlers_run_in_order_one_after_another() -> None:
    logging.disable()
    service, notes = Service(30), Notes()
    order: list[str] = []

    async def hear(source: SuggestionsEventSource, event: Any) -> None:
        order.append(f"begin {event.detail}")
        await asyncio.sleep(0.001)
        order.append(f"finish {event.detail}")
        if event.detail == "3 ":
            raise ValueError
        if event.detail == "4 ":
            raise asyncio.CancelledError

    async def main() -> None:
        service.ask(aio(), on=notes.on()).connect("chunk", hear)
        await until(lambda: len(order) == 60)

    asyncio.run(main())
    assert order == [f"{step} {n} " for n in range(30) for step in ("begin", "finish")]
    assert "".join(notes.chunks) == service.text


@program(display=False)
def test_who_waits_waits_for_async_handlers() -> None:
    logging.disable()
    told: list[str] = []

    async def save(source: SuggestionsEventSource, event: Any) -> None:
        for _ in range(20):
            await asyncio.sleep(0.001)
        told.append(event.type)
        assert await source == source.full_message  # where it is, it does not wait for itself
        with pytest.raises(RuntimeError, match="would block"):
            await asyncio.to_thread(source.wait)
        raise ValueError

    def hear(source: SuggestionsEventSource, event: Any) -> None:
        told.append(event.type)

    async def main() -> None:
        on = {"done": save, "handler_error": hear, "end": hear}
        assert await Service(5).ask(aio(), on=on) == "0 1 2 3 4 "
        assert told == ["done", "handler_error", "end"]
        told.clear()
        source = Service(5).ask(aio(), on=on)
        assert await asyncio.to_thread(source.wait, 30)
        assert told == ["done", "handler_error", "end"]

    asyncio.run(main())


@program(display=False)
def test_sources_of_one_dispatcher_do_not_wait_for_each_other() -> None:
    told: list[str] = []

    async def ask_again(source: SuggestionsEventSource, event: Any) -> None:
        told.append(await Service(3).ask(here[0], on={"done": save}))

    async def save(source: SuggestionsEventSource, event: Any) -> None:
        await asyncio.sleep(0.01)
        told.append("saved")

    async def main() -> None:
        here.append(aio())
        assert await Service(5).ask(here[0], on={"done": ask_again}) == "0 1 2 3 4 "
        assert told == ["saved", "0 1 2 "]

    here: list[Any] = []
    asyncio.run(main())


@program(display=False)
def test_handlers_that_are_cancelled_have_ended() -> None:
    """As in a shutdown that cancels all tasks and goes on for a while."""
    told: list[str] = []

    async def save(source: SuggestionsEventSource, event: Any) -> None:
        told.append(event.type)
        await asyncio.sleep(3600)

    async def main() -> None:
        source = Service(5).ask(aio(), on={"chunk": save, "done": save})
        for names in (["chunk"] * n for n in range(1, 6)):
            await until(lambda names=names: told == names)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        await until(lambda: told[-1] == "done")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        assert await source == "0 1 2 3 4 "

    asyncio.run(main())


@program(display=False)
@pytest.mark.parametrize("name", ["done", "end"])
def test_who_waits_in_a_thread_hears_that_the_loop_is_gone(name: str) -> None:
    import threading

    waited: list[bool] = []

    async def save(source: SuggestionsEventSource, event: Any) -> None:
        begun.append(True)
        await asyncio.sleep(3600)

    async def main() -> None:
        source = Service(5).ask(aio(), on={name: save})
        waiting.append(threading.Thread(target=lambda: waited.append(source.wait(30))))
        waiting[0].start()
        await until(lambda: begun)

    begun: list[bool] = []
    waiting: list[threading.Thread] = []
    asyncio.run(main())
    waiting[0].join(30)
    assert not waiting[0].is_alive()
    assert len(waited) == 1


@program(display=False)
@pytest.mark.parametrize("kind", ["async", "plain"])
def test_who_waits_in_a_thread_hears_of_a_loop_that_was_closed_without_a_word(kind: str) -> None:
    """As the end of many older programs does, after all of the answer has been read."""
    import logging
    import threading

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it says that a task is pending

    async def save(source: SuggestionsEventSource, event: Any) -> None:
        begun.append(True)
        await asyncio.sleep(3600)

    def note(source: SuggestionsEventSource, event: Any) -> None:
        begun.append(True)

    async def main() -> SuggestionsEventSource:
        source = Service(5).ask(aio(), on={"chunk": save if kind == "async" else note}, start=False)
        if kind == "async":
            source.start()
            await until(lambda: begun)
        return source

    waited: list[bool] = []
    begun: list[bool] = []
    loop = asyncio.new_event_loop()
    source = loop.run_until_complete(main())
    if kind == "plain":
        source.start()
    assert source.result(30) == "0 1 2 3 4 "
    waiting = threading.Thread(target=lambda: waited.append(source.wait(30)))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    loop.close()
    waiting.join(10)
    assert waited == [False]


@program(display=False)
def test_a_stream_that_is_closed_at_any_moment_loses_nothing_of_async_handlers() -> None:
    import random

    from script import HOLD, Script

    from suggestions import EventSource

    moments = random.Random(1)
    numbers = [b"id: %d\ndata: x\n\n" % n for n in range(1, 60)]

    async def told_until_closed(enough: int) -> tuple[list[int], int]:
        told: list[int] = []

        async def hear(source: EventSource, event: Any) -> None:
            told.append(int(event.detail.last_event_id))

        def close() -> None:
            while len(told) < enough:
                time.sleep(0)
            source.close()

        session = Script([*numbers, HOLD]).session()
        source = EventSource("https://s.example/", session=session, dispatch=aio(), start=False)
        source.connect("message", hear)
        source.start()
        await asyncio.to_thread(close)
        last = int(source.last_event_id)
        await asyncio.sleep(0.005)
        return told, last

    for _ in range(60):
        told, last = asyncio.run(told_until_closed(moments.randint(1, 50)))
        assert told == list(range(1, last + 1))


@program(display=False)
def test_a_stream_waits_for_async_handlers() -> None:
    from script import HOLD, Script

    from suggestions import EventSource

    numbers = [b"id: %d\ndata: %d\n\n" % (n, n) for n in range(20_000)]
    told: list[int] = []

    async def main() -> None:
        script, enough = Script([b"".join(numbers), HOLD]), asyncio.Event()

        async def hear(source: EventSource, event: Any) -> None:
            await asyncio.sleep(0)
            told.append(int(event.detail.data))
            if len(told) == 50:
                source.close()
                enough.set()

        url = "https://stream.example/"
        source = EventSource(url, session=script.session(), dispatch=aio(), history=10)
        source.connect("message", hear)
        await enough.wait()
        assert told == list(range(50))
        assert source.last_event_id == "49"

    asyncio.run(main())


@program(display=False)
def test_handlers_run_in_the_callers_context() -> None:
    service = Service(2)
    received: list[str] = []

    def hear(source: SuggestionsEventSource, event: Any) -> None:
        received.append(who.get())

    async def hear_async(source: SuggestionsEventSource, event: Any) -> None:
        received.append(who.get())

    async def main() -> None:
        who.set("a user")
        source = service.ask(aio(), on={"chunk": hear, "done": hear_async})
        who.set("somebody else")
        await source
        await until(lambda: len(received) == 3)

    asyncio.run(main())
    assert received == ["a user"] * 3


@program(display=False)
def test_close_takes_no_time_and_nothing_follows() -> None:
    service, notes = Service(5, silent=True), Notes()

    async def main() -> None:
        source = service.ask(aio(), throttle=1 / 30, smooth=True, on=notes.on())
        await until(lambda: notes.suggestions[-1:] == [service.text])
        timed(source.close)
        received = len(notes.names)
        await until(lambda: notes.ended)
        await until(service.has_seen_all_hang_up)
        assert notes.names[received:] == ["abort", "end"]

    asyncio.run(main())


@program(display=False)
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("handlers", ["plain", "async"])
def test_the_end_of_the_run_closes_the_source(silent: bool, handlers: str) -> None:
    service, notes = Service(50 if silent else 100_000, silent=silent), Notes()
    sources: list[SuggestionsEventSource] = []

    async def hear(source: SuggestionsEventSource, event: Any) -> None:
        await asyncio.sleep(0.01)

    async def main() -> None:
        sources.append(service.ask(aio(), on=notes.on()))
        if handlers == "async":
            sources[0].connect("chunk", hear)
        await until(lambda: len(notes.chunks) >= 20)

    asyncio.run(main())
    assert sources[0].state == "aborted"
    assert sources[0].wait(5) is False
    assert eventually(service.has_seen_all_hang_up)


@program(display=False)
@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("reads", ["the loop", "a thread"])
def test_a_loop_that_is_closed_in_mid_stream(reads: str, accepted: bool) -> None:
    """Also one that has accepted a post, which then never runs."""
    service, notes = Service(100_000), Notes()
    loop = asyncio.new_event_loop()
    post, posts = loop.call_soon_threadsafe, list[object]()
    dispatch = aio(loop)
    if reads == "a thread":
        vars(dispatch)["watch"] = None
    source = service.ask(dispatch, on=notes.on())
    loop.run_until_complete(until(lambda: len(notes.chunks) > 20))
    loop.call_soon_threadsafe = lambda *given, **more: posts.append(post(*given, **more))
    if accepted:
        source.dispatch_event(Event("of the program"))
        assert eventually(lambda: posts)
    loop.close()
    assert eventually(lambda: source.state == "aborted")
    assert eventually(service.has_seen_all_hang_up)


@program(display=False)
def test_an_unused_dispatcher_leaves_nothing() -> None:
    async def main() -> None:
        # On a busy machine, any callback may be slow, of which debugging warns.
        asyncio.get_running_loop().slow_callback_duration = 60.0
        for _ in range(50):
            assert await Service(2).ask(aio()) == "0 1 "
        await until(lambda: len(asyncio.all_tasks()) == 1)

    asyncio.run(main(), debug=True)


@program(display=False)
def test_outside_of_a_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        aio()


@program(display=False)
def test_a_fork_leaves_the_stream_to_the_parent() -> None:
    service, notes = Service(300), Notes()

    async def main() -> None:
        source = service.ask(aio(), on=notes.on())
        await until(lambda: len(notes.chunks) > 20)
        child = os.fork()
        if child == 0:
            source.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        await until(lambda: notes.ended)

    if sys.version_info >= (3, 12):
        import warnings

        warnings.simplefilter("ignore", DeprecationWarning)  # a fork with threads, as it must be
    asyncio.run(main())
    notes.check(service.text)


@program(display=False)
def test_exit_in_mid_stream() -> None:
    service, notes = Service(5, silent=True), Notes()

    async def main() -> None:
        service.ask(aio(), on=notes.on())
        await until(lambda: len(notes.chunks) == 5)
        sys.exit(0)

    asyncio.run(main())


@program(display=False)
def test_a_weak_async_handler_is_called_as_long_as_it_lives() -> None:
    class View:
        async def show(self, target: EventTarget, event: Event[Any]) -> None:
            received.append(event.detail)

    received: list[int] = []

    async def main() -> None:
        target, view = EventTarget(dispatch=aio()), View()
        target.connect("x", view.show, weak=True)
        target.connect("x", view.show, weak=True)  # the same one
        for n in range(2):
            target.dispatch_event(Event("x", n))
        late = View()
        target.connect("x", late.show, weak=True)
        await until(lambda: received == [0, 1, 0, 1])
        gone = weakref.ref(view)
        del view
        gc.collect()
        assert gone() is None
        target.dispatch_event(Event("x", 2))
        await until(lambda: received == [0, 1, 0, 1, 2])

    asyncio.run(main())


@program(display=False)
def test_an_async_listener_that_was_removed_begins_no_more() -> None:
    from types import SimpleNamespace

    async def main(how: str) -> None:
        target, received, ended = EventTarget(dispatch=aio()), [], []
        signal = SimpleNamespace(aborted=False)

        async def last(target: EventTarget, event: Event[Any]) -> None:
            ended.append(event)

        async def first(target: EventTarget, event: Event[Any]) -> None:
            await asyncio.sleep(0)
            if how == "removed":
                target.remove_event_listener("x", second)
            else:
                signal.aborted = True

        async def second(event: Event[Any]) -> None:
            received.append(event)

        target.connect("x", first)
        target.add_event_listener("x", second, signal=signal)
        target.connect("x", last)
        target.dispatch_event(Event("x"))
        await until(lambda: ended)
        assert not received

    asyncio.run(main("removed"))
    asyncio.run(main("aborted"))


@program(display=False)
def test_a_stream_closed_before_an_async_handler_has_begun_tells_it_once() -> None:
    from script import HOLD, Script

    async def main() -> None:
        told: list[str] = []
        numbers = [b"id: %d\ndata: x\n\n" % n for n in range(1, 4)]
        script = Script([*numbers, HOLD])
        source = EventSource(
            "https://s.example/", session=script.session(), dispatch=aio(), start=False
        )

        def plain(source: EventSource, event: Any) -> None:
            if not opened:
                loop.call_soon(again)
            opened.append(event.detail.last_event_id)

        def again() -> None:
            source.close()
            script.answer([*numbers[int(source.last_event_id) :], HOLD])
            source.restart()

        async def hear(source: EventSource, event: Any) -> None:
            told.append(event.detail.last_event_id)

        loop, opened = asyncio.get_running_loop(), list[Any]()
        source.connect("message", plain)
        source.connect("message", hear)
        source.start()
        await until(lambda: told[-1:] == opened[-1:] == ["3"])
        assert told == opened == ["1", "2", "3"]
        source.close()

    asyncio.run(main())
