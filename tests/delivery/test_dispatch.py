"""Where handlers run: the source's own thread, a queue, an event loop, and one that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from loop import Loop
from script import DONE, HOLD, Script, Step, chunk
from waiting import eventually, our_threads

from suggestions import Event, EventSource, EventTarget, SuggestionsEventSource, ask_question_sync
from suggestions.errors import AbortedError
from suggestions.toolkits import aio

URL = "https://service.example/"
LETTERS = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n"


def ask(steps: list[Step], **options: Any) -> SuggestionsEventSource:
    return SuggestionsEventSource("Why?", url=URL, session=Script(steps).session(), **options)


def listening(script: Script, **options: Any) -> tuple[EventSource, list[str]]:
    """A stream, and the messages that a handler of it has got from the first one on."""
    source = EventSource(URL, session=script.session(), start=False, **options)
    received: list[str] = []
    source.connect("message", lambda source, event: received.append(event.detail.data))
    source.start()
    return source, received


def words(count: int) -> list[Step]:
    return [chunk(f"{n} ") for n in range(count)]


def test_handlers_run_on_the_dispatchers_thread_with_one_post_at_a_time() -> None:
    loop = Loop()
    threads: set[int] = set()
    received: list[str] = []

    def hear(source: SuggestionsEventSource, event: Event[str]) -> None:
        threads.add(threading.get_ident())
        received.append(event.detail)

    ended: list[bool] = []
    source = ask(
        [*words(500), DONE],
        dispatch=loop.post,
        on={"chunk": hear, "end": lambda source, event: ended.append(True)},
    )
    assert source.result(10) == "".join(f"{n} " for n in range(500))
    assert received == []
    loop.run_until(lambda: bool(ended))
    assert "".join(received) == source.full_message
    assert threads == {threading.get_ident()}
    assert loop.most_waiting == 1
    late: list[str] = []
    source.connect("done", lambda source, event: late.append(event.detail))
    assert late == []
    loop.run_until(lambda: bool(late))
    assert late == [source.full_message]


def test_a_long_backlog_leaves_the_loop_its_turns() -> None:
    loop = Loop()
    posts = 0
    ended: list[bool] = []
    source = ask(
        [*words(200), DONE],
        dispatch=loop.post,
        on={
            "chunk": lambda source, event: time.sleep(0.002),
            "end": lambda source, event: ended.append(True),
        },
    )
    source.result(10)
    while not ended:
        assert eventually(lambda: bool(loop.posted))
        loop.posted.popleft()()
        posts += 1
    assert posts > 5


def test_wait_on_the_loops_own_thread_raises() -> None:
    loop = Loop()
    raised: list[RuntimeError] = []

    def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        try:
            source.wait()
        except RuntimeError as error:
            raised.append(error)

    goes_on = threading.Event()
    source = ask(
        [chunk("a"), lambda: goes_on.wait(10), DONE], dispatch=loop.post, on={"chunk": hear}
    )
    loop.run_until(lambda: bool(raised))
    assert "would block the thread" in str(raised[0])
    with pytest.raises(RuntimeError, match="would block the thread"):
        source.wait()
    goes_on.set()
    elsewhere: list[bool] = []
    waiter = threading.Thread(target=lambda: elsewhere.append(source.wait(10)))
    waiter.start()
    loop.run_until(lambda: bool(elsewhere))
    waiter.join(10)
    assert elsewhere == [True]
    assert source.wait()  # there is nothing left to wait for


def test_wait_and_result_in_a_handler_of_the_readers_thread_raise() -> None:
    raised: list[str] = []

    def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        for call in (source.wait, source.result, lambda: list(source)):
            try:
                call()
            except RuntimeError as error:
                raised.append(str(error))

    source = ask([chunk("a"), DONE], on={"chunk": hear})
    assert source.wait(10)
    assert len(raised) == 3
    assert all("would block" in words for words in raised)


def test_an_asyncio_loop_is_a_dispatcher_as_it_is() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        received: list[str] = []
        source = ask(
            [*words(50), DONE],
            dispatch=loop.call_soon_threadsafe,
            on={
                "chunk": lambda source, event: received.append(event.detail),
                "end": lambda source, event: ended.set(),
            },
        )
        with pytest.raises(RuntimeError, match="would block the thread"):
            source.wait()
        assert await source == "".join(received)
        assert ended.is_set()

    asyncio.run(main())


def test_a_loop_that_is_gone_closes_the_source() -> None:
    loop = Loop()
    flowing = threading.Event()
    gate = threading.Event()
    source = ask(
        [chunk("a"), flowing.set, lambda: gate.wait(10), chunk("b"), HOLD], dispatch=loop.post
    )
    flowing.wait(10)
    loop.run_until(lambda: source.full_message == "a")
    loop.gone = True
    loop.run()
    gate.set()
    with pytest.raises(AbortedError):
        source.result(10)
    assert source.wait(10) is False
    assert source.state == "aborted"


def test_a_dispatcher_that_tells_when_it_is_gone() -> None:
    class Window(Loop):
        def __init__(self) -> None:
            super().__init__()
            self.callbacks: list[Callable[[], None]] = []

        def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
            self.callbacks.append(callback)
            return lambda: self.callbacks.remove(callback)

    window = Window()
    source = ask([chunk("a"), HOLD], dispatch=window)
    window.run_until(lambda: source.full_message == "a")
    for callback in list(window.callbacks):
        callback()
    assert source.state == "aborted"

    other = Window()
    ended: list[bool] = []
    source = ask(
        [chunk("a"), DONE],
        dispatch=other,
        on={"end": lambda source, event: ended.append(True)},
    )
    assert len(other.callbacks) == 1
    other.run_until(lambda: bool(ended))
    other.run_until(lambda: other.callbacks == [])  # which may take another turn


def test_a_nested_loop_in_a_handler_is_safe() -> None:
    loop = Loop()
    order: list[str] = []
    ended: list[bool] = []

    def modal(source: SuggestionsEventSource, event: Event[str]) -> None:
        order.append(f"open {event.detail}")
        for _ in range(3):
            loop.run_once()
        order.append(f"shut {event.detail}")

    source = ask(
        [chunk("a"), chunk("b"), DONE],
        dispatch=loop.post,
        on={"chunk": modal, "end": lambda source, event: ended.append(True)},
    )
    loop.run_until(lambda: bool(ended))
    assert order == ["open a", "shut a", "open b", "shut b"]
    assert source.state == "done"


def test_ctrl_c_in_a_handler_is_the_hosts_and_delivery_goes_on() -> None:
    loop = Loop()
    received: list[str] = []
    ended: list[bool] = []

    def interrupt(source: SuggestionsEventSource, event: Event[str]) -> None:
        received.append(event.detail)
        if event.detail == "b":
            raise KeyboardInterrupt

    source = ask(
        [chunk("a"), chunk("b"), chunk("c"), DONE],
        dispatch=loop.post,
        on={"chunk": interrupt, "end": lambda source, event: ended.append(True)},
    )
    source.result(10)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until(lambda: bool(ended))
    loop.run_until(lambda: bool(ended))
    assert received == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["chunk", "suggestion", "done", "end"])
def test_ctrl_c_in_a_handler_keeps_nothing_from_anybody(name: str) -> None:
    loop = Loop()
    told: list[str] = []

    def interrupt(source: SuggestionsEventSource, event: Event[Any]) -> None:
        raise KeyboardInterrupt

    source = ask([chunk("a") + DONE], dispatch=loop.post, throttle=60, start=False)
    source.connect(name, interrupt)
    for received in ("chunk", "suggestion", "done", "end"):
        source.connect(received, lambda source, event: told.append(event.type))
    source.start()
    settled = threading.Event()
    waiting = threading.Thread(target=lambda: source.wait() and settled.set(), daemon=True)
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until(lambda: "end" in told)
    loop.run_until(lambda: "end" in told)
    assert told == ["chunk", "suggestion", "done", "end"]
    assert settled.wait(20)


def test_an_async_handler_does_not_wait_for_itself() -> None:
    loop, other = Loop(), ask([DONE])
    refused: list[RuntimeError] = []

    async def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        assert other.wait(10)  # that of another source is no matter
        with pytest.raises(RuntimeError, match="would block") as caught:
            source.wait(10)
        refused.append(caught.value)

    source = ask([chunk("a"), DONE], dispatch=loop, on={"done": hear})
    loop.run_until(lambda: bool(loop.spawned))
    thread = threading.Thread(target=loop.begin)  # where the handlers of others do not run
    thread.start()
    thread.join(10)
    assert len(refused) == 1
    loop.run_to_end(source)
    waiting: list[bool] = []
    thread = threading.Thread(target=lambda: waiting.append(source.wait(20)))
    thread.start()
    loop.run_until(lambda: bool(waiting))  # `end` may take another turn
    thread.join(20)
    assert waiting == [True]


class Saving:
    """An object whose call is async."""

    def __init__(self) -> None:
        self.saved: list[object] = []

    async def __call__(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        self.saved.append(event.detail)

    async def listen(self, event: Event[Any]) -> None:
        self.saved.append(event.detail)


def test_an_object_whose_call_is_async_is_awaited() -> None:
    loop, save = Loop(), Saving()
    source = ask([chunk("a"), DONE], dispatch=loop, on={"done": save})
    loop.begin()
    loop.run_to_end(source)
    assert save.saved == ["a"]
    with pytest.raises(TypeError, match="nothing here would await"):
        source = ask([DONE], on={"done": Saving()})


@pytest.mark.parametrize("way", ["connect", "once", "listener"])
def test_a_failure_of_an_async_handler_names_the_handler(way: str) -> None:
    loop, save, failures = Loop(), Saving(), list[Any]()
    source = ask([chunk("a"), DONE], dispatch=loop, start=False)
    if way == "listener":
        source.add_event_listener("done", save.listen)
    else:
        getattr(source, way)("done", save)
    source.connect("handler_error", lambda source, event: failures.append(event.detail))
    source.start()
    loop.run_until(lambda: bool(loop.spawned))
    fn, ended = loop.spawned.pop()
    asyncio.run(fn())
    ended(ValueError())
    loop.run_to_end(source)
    [failure] = failures
    assert failure.handler == (save.listen if way == "listener" else save)
    assert isinstance(failure.exception, ValueError)


def test_an_async_handler_whose_turn_comes_after_close_is_not_called() -> None:
    loop = Loop()
    received: list[str] = []

    async def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        received.append(event.type)

    source = ask(
        [chunk("a"), HOLD], dispatch=loop, on=dict.fromkeys(("chunk", "abort", "end"), hear)
    )
    loop.run_until(lambda: len(loop.spawned) == 1)
    source.close()
    for _ in ("chunk", "abort", "end"):
        loop.begin()
    assert received == ["abort", "end"]


def longest(commands: Iterable[Callable[[], object]]) -> float:
    """The seconds that the slowest of them takes."""
    took = []
    for command in commands:
        began = time.monotonic()
        command()
        took.append(time.monotonic() - began)
    return max(took)


@pytest.mark.parametrize("ask_again", ["result", "ask_question_sync"])
def test_a_handler_that_asks_a_question_itself_has_received_its_event(ask_again: str) -> None:
    """A handler that waits in our own code is a handler like any other: its event was claimed, so
    it counts as told, and no command waits for it."""
    asking, answered = threading.Event(), threading.Event()
    received: list[str] = []

    def hear(source: EventSource, event: Event[Any]) -> None:
        received.append(event.detail.data)
        if event.detail.data == "a":
            steps = [asking.set, lambda: answered.wait(20), chunk("yes") + DONE]
            session = Script(steps).session()
            if ask_again == "result":
                SuggestionsEventSource("Why?", url=URL, session=session).result(20)
            else:
                ask_question_sync("Why?", url=URL, session=session)

    script = Script([b"id: 1\ndata: a\n\n", HOLD])
    source = EventSource(URL, session=script.session(), start=False)
    source.connect("message", hear)
    other = source.connect("open", lambda source, event: None)
    source.start()
    assert asking.wait(20)
    script.answer([b"id: 2\ndata: b\n\n", HOLD])
    commands = (lambda: source.disconnect("open", other), source.close, source.restart)
    assert longest(commands * 10) < 5
    source.close()
    assert source.last_event_id == "1"
    source.restart()
    answered.set()
    assert eventually(lambda: received[-1] == "b")
    source.close()
    assert received == ["a", "b"]


@pytest.mark.parametrize("moment", ["in it", "within it", "over"])
def test_a_stream_that_is_closed_counts_an_event_that_was_claimed(moment: str) -> None:
    entered, leave, earlier = threading.Event(), threading.Event(), our_threads()
    second: list[str] = []

    def hear(source: EventSource, event: Event[Any]) -> None:
        if moment == "in it":
            source.close()
        entered.set()
        leave.wait(60)

    session = Script([b"id: 1\ndata: a\n\n", HOLD]).session()
    source = EventSource(URL, session=session, start=False)
    source.connect("message", hear)
    source.connect("message", lambda source, event: second.append(event.detail.data))
    if moment != "within it":
        leave.set()
    source.start()
    assert entered.wait(20)
    if moment == "over":
        assert eventually(lambda: second == ["a"])
    source.close()
    assert source.last_event_id == "1"
    leave.set()
    assert eventually(lambda: our_threads("stream") <= earlier)
    # On another thread, close() takes nothing from a handler of an event that was claimed; in a
    # handler of that event it is exact.
    assert second == ([] if moment == "in it" else ["a"])


def test_who_comes_while_a_stream_is_closed_hears_its_history_once_it_is_open() -> None:
    source, first = listening(Script([LETTERS, HOLD]))
    assert eventually(lambda: first == ["a", "b"])
    source.close()
    received: list[str] = []
    source.connect("message", lambda source, event: received.append(event.detail.data))
    source.restart()
    assert eventually(lambda: len(received) == 4)
    source.close()
    assert received == ["a", "b"] * 2


def test_who_closes_the_stream_while_it_catches_up_goes_on_behind_it() -> None:
    earlier = our_threads()
    source, first = listening(Script([LETTERS, HOLD]))
    assert eventually(lambda: first == ["a", "b"])
    received: list[str] = []

    def hear(source: EventSource, event: Event[Any]) -> None:
        received.append(event.detail.data)
        if len(received) == 1:
            source.close()

    source.connect("message", hear)
    assert eventually(lambda: source.ready_state == EventSource.CLOSED and our_threads() <= earlier)
    source.restart()
    assert eventually(lambda: len(received) == 4)
    source.close()
    assert received == ["a", "b"] * 2


def test_a_late_async_handler_that_has_not_begun_takes_nothing_from_the_others() -> None:
    loop = Loop()
    source, first = listening(Script([LETTERS, HOLD]), dispatch=loop)
    loop.run_until(lambda: first == ["a", "b"])
    received: list[str] = []

    async def hear(source: EventSource, event: Event[Any]) -> None:
        received.append(event.detail.data)

    source.connect("message", hear)
    loop.run_until(lambda: bool(loop.spawned))
    source.close()
    assert source.last_event_id == "2"
    loop.begin()
    assert received == []
    source.restart()
    for _ in range(4):
        loop.begin()
    source.close()
    assert received == ["a", "b"] * 2


def test_a_late_async_handler_that_has_not_begun_loses_and_doubles_nothing() -> None:
    loop, more = Loop(), threading.Event()
    script = Script([b"id: 1\ndata: a\n\n", lambda: more.wait(20), b"id: 2\ndata: b\n\n" * 5, HOLD])
    source, first = listening(script, dispatch=loop, history=1)
    loop.run_until(lambda: first == ["a"])
    received: list[str] = []

    async def hear(source: EventSource, event: Event[Any]) -> None:
        received.append(event.detail.data)

    source.connect("message", hear)
    loop.run_until(lambda: bool(loop.spawned))
    more.set()
    assert eventually(lambda: source.last_event_id == "2")
    script.answer([HOLD])
    for _ in range(2):  # before it gets its turn
        source.close()
        source.restart()
    for _ in range(2):
        loop.begin()
    source.close()
    assert first == received == ["a"]


def test_who_comes_and_goes_while_a_stream_is_closed_is_forgotten() -> None:
    class Window:
        def hear(self, source: EventSource, event: Event[Any]) -> None: ...

    source, received = listening(Script([LETTERS, HOLD]))
    assert eventually(lambda: received == ["a", "b"])
    source.close()
    window = Window()
    gone = weakref.ref(window)
    source.connect("message", window.hear)
    source.disconnect("message", window.hear)
    del window
    assert eventually(lambda: gone() is None)


def test_what_comes_while_a_handler_ends_the_program_is_told() -> None:
    go = threading.Event()
    received: list[str] = []

    def leave(source: SuggestionsEventSource, event: Event[Any]) -> None:
        go.set()
        assert eventually(lambda: source.full_message == "a")
        raise SystemExit

    source = ask([lambda: go.wait(20), chunk("a"), DONE], start=False)
    source.connect("leave", leave)
    source.connect("done", lambda source, event: received.append(event.detail))
    source.start()
    with pytest.raises(SystemExit):
        source.dispatch_event(Event("leave"))
    assert source.wait(20)
    assert received == ["a"]


def test_no_other_thread_raises_what_is_for_the_program() -> None:
    def interrupt(target: EventTarget, event: Event[Any]) -> None:
        raise KeyboardInterrupt

    def send() -> None:
        try:
            for _ in range(500):
                target.dispatch_event(Event("other"))
        except KeyboardInterrupt:
            raised.append(threading.current_thread())

    raised: list[threading.Thread] = []
    target = EventTarget()
    target.connect("news", interrupt)
    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    # As many as the others send. Without end, a thread that delivers them would not end either.
    for _ in range(2000):
        # Another thread may be the one that calls the handler; its exception is logged then.
        with contextlib.suppress(KeyboardInterrupt):
            target.dispatch_event(Event("news"))
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert raised == []


def test_a_host_with_an_is_closed_of_its_own_is_no_loop() -> None:
    class Tabs(Loop):
        def is_closed(self, tab: int) -> bool:
            return tab > 0

    loop = Tabs()
    ended: list[bool] = []
    on = {"end": lambda source, event: ended.append(True)}
    source = ask([chunk("a"), DONE], dispatch=loop.post, on=on)
    loop.run_until(lambda: bool(ended))
    assert source.wait(20)


def test_a_reader_that_comes_too_late_is_not_the_thread_to_run_handlers() -> None:
    source = EventSource(URL, session=Script([LETTERS, HOLD]).session(), start=False)
    received: list[tuple[str, str]] = []
    earlier = our_threads("stream")
    source.connect(
        "message",
        lambda source, event: received.append((event.detail.data, threading.current_thread().name)),
    )
    for _ in range(50):
        source.restart()  # and the readers of most come too late
    assert eventually(lambda: len(our_threads("stream") - earlier) == 1)
    [reader] = our_threads("stream") - earlier
    assert eventually(lambda: received[-2:] == [("a", reader.name), ("b", reader.name)])
    source.close()


def test_many_who_come_late_need_no_thread_each() -> None:
    source = ask([chunk("a"), DONE])
    assert source.wait(20)
    earlier = set(threading.enumerate())
    entered, leave = threading.Event(), threading.Event()

    def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        entered.set()
        leave.wait(60)

    source.connect("done", hear)
    assert entered.wait(20)
    received: list[str] = []
    for _ in range(50):
        source.connect("done", lambda source, event: received.append(event.detail))
    threads = set(threading.enumerate()) - earlier
    leave.set()
    assert eventually(lambda: received == ["a"] * 50)
    assert len(threads) <= 2


def test_what_is_for_the_program_leaves_dispatch_event_on_its_own_thread_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    target = EventTarget()
    received: list[str] = []

    def interrupt(target: EventTarget, event: Event[Any]) -> None:
        raise KeyboardInterrupt

    target.connect("news", interrupt)
    target.connect("news", lambda target, event: received.append(event.detail))
    with pytest.raises(KeyboardInterrupt):
        target.dispatch_event(Event("news", "a"))
    thread = threading.Thread(target=target.dispatch_event, args=(Event("news", "b"),))
    thread.start()
    thread.join(20)
    assert received == ["a", "b"]
    assert "a handler of 'news' raised" in caplog.text


def test_wait_hears_that_a_bare_loop_was_closed() -> None:
    loop = asyncio.new_event_loop()
    source = ask([chunk("a"), HOLD], dispatch=loop.call_soon_threadsafe, on={"end": print})
    assert eventually(lambda: source.full_message == "a")
    loop.close()  # with a call that it had accepted
    assert source.wait(20) is False
    assert source.state == "aborted"


def test_wait_where_a_closed_loop_ran_does_not_block_it() -> None:
    async def first_chunk() -> SuggestionsEventSource:
        received = asyncio.Event()
        on = {"chunk": lambda source, event: received.set()}
        source = ask([chunk("a"), HOLD], dispatch=aio(), on=on)
        await received.wait()
        return source

    loop = asyncio.new_event_loop()
    source = loop.run_until_complete(first_chunk())
    loop.close()
    assert source.wait(20) is False


def test_a_throttle_for_a_handler_that_is_slower_tells_the_newest_text() -> None:
    interval = 0.3
    loop, lengths = Loop(), list[int]()
    read = threading.Event()
    chunks = 0

    def count(source: SuggestionsEventSource, event: Event[str]) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 60:
            time.sleep(interval)

    def draw(source: SuggestionsEventSource, event: Event[str]) -> None:
        lengths.append(len(event.detail))
        time.sleep(1.5 * interval)

    source = ask(
        [b"".join([chunk("x")] * 60), read.set, HOLD],
        dispatch=loop.post,
        throttle=interval,
        on={"chunk": count, "suggestion": draw},
    )
    assert read.wait(20)
    loop.run_until(lambda: lengths[-1:] == [60])
    assert lengths == [1, 60]
    source.close()


def test_the_end_waits_for_an_async_suggestion_before_it() -> None:
    loop, told = Loop(), list[str]()

    async def show(source: SuggestionsEventSource, event: Event[str]) -> None:
        told.append(event.detail)

    def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        told.append(event.type)

    source = ask(
        [chunk("a") + chunk("b") + DONE],
        dispatch=loop,
        throttle=60,
        on={"chunk": show, "suggestion": show, "done": hear},
    )
    for _ in ("chunk a", "suggestion a", "chunk b", "suggestion ab"):
        loop.begin()
    loop.run_to_end(source)
    assert told == ["a", "a", "b", "ab", "done"]


def test_an_async_handler_that_was_disconnected_begins_no_more() -> None:
    loop, told = Loop(), list[str]()

    async def first(source: SuggestionsEventSource, event: Event[str]) -> None:
        source.disconnect("chunk", second)

    async def second(source: SuggestionsEventSource, event: Event[str]) -> None:
        told.append(event.detail)

    source = ask([chunk("a"), DONE], dispatch=loop, start=False)
    source.connect("chunk", first)
    source.connect("chunk", second)
    source.start()
    loop.begin()
    loop.begin()
    loop.run_to_end(source)
    assert told == []


def test_a_source_that_is_over_keeps_no_handler() -> None:
    class Widget:
        def show(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
            return

    loop = Loop()
    ended: list[bool] = []
    widget = Widget()
    source = ask([chunk("a"), DONE], dispatch=loop.post, on={"chunk": widget.show})
    source.connect("end", lambda source, event: ended.append(True))
    source.result(10)
    loop.run_until(lambda: bool(ended))
    gone = weakref.ref(widget)
    del widget
    # They may be let go of in another turn.
    loop.run_until(lambda: (gc.collect(), gone() is None)[1])
    assert source.state == "done"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_handler_that_is_connected_while_the_others_are_let_go_is_called(
    elsewhere: bool,
) -> None:
    late: list[str] = []

    def hear(source: SuggestionsEventSource, event: Event[str]) -> None:
        late.append(event.detail)

    def connect(source: SuggestionsEventSource, event: Event[Any]) -> None:
        if elsewhere:
            threading.Thread(target=source.connect, args=("done", hear)).start()
        else:
            source.connect("done", hear)

    for _ in range(50 if elsewhere else 1):
        late.clear()
        loop = Loop()
        ask([chunk("a"), DONE], dispatch=loop.post, on={"end": connect})
        loop.run_until(lambda: bool(late))
        assert late == ["a"]


def test_a_handler_connected_by_another_does_not_keep_the_reader_from_reading() -> None:
    gate = threading.Event()
    received: list[str] = []

    def late(source: SuggestionsEventSource, event: Event[str]) -> None:
        gate.wait(60)
        received.append(event.detail)

    source = ask(
        [chunk("a"), chunk("b"), DONE],
        on={"chunk": lambda source, event: source.connect("chunk", late)},
    )
    assert source.result(20) == "ab"
    assert received == []
    gate.set()
    assert source.wait(10)
    assert received == ["a", "b"]


def test_a_handler_connected_by_another_is_called_though_the_stream_is_silent() -> None:
    received: list[str] = []
    source = ask(
        [chunk("a"), HOLD],
        on={
            "chunk": lambda source, event: source.connect(
                "open", lambda source, event: received.append(event.type)
            )
        },
    )
    Loop().run_until(lambda: received == ["open"])
    source.close()


# throttle


@pytest.mark.parametrize("posted", [False, True])
def test_throttle_coalesces_suggestions_alone(posted: bool) -> None:
    loop = Loop()
    interval = 0.05
    chunks: list[str] = []
    suggestions: list[tuple[float, str]] = []
    ended: list[bool] = []
    order: list[str] = []

    def hear(source: SuggestionsEventSource, event: Event[str]) -> None:
        order.append(event.type)
        if event.type == "chunk":
            chunks.append(event.detail)
        elif event.type == "suggestion":
            suggestions.append((time.monotonic(), event.detail))

    steps: list[Step] = []
    for n in range(300):
        steps += [chunk(f"{n} "), lambda: time.sleep(0.001)]
    source = ask(
        [*steps, DONE],
        dispatch=loop.post if posted else None,
        throttle=interval,
        on={"chunk": hear, "suggestion": hear, "done": hear},
        start=False,
    )
    source.connect("end", lambda source, event: ended.append(True))
    began = time.monotonic()
    source.start()
    loop.run_until(lambda: bool(ended))
    took = time.monotonic() - began
    assert len(chunks) == 300
    assert len(suggestions) <= took / interval + 2
    assert suggestions[-1][1] == source.full_message
    assert order[-2:] == ["suggestion", "done"]
    assert [text for _, text in suggestions] == sorted({t for _, t in suggestions}, key=len)


@pytest.mark.parametrize("posted", [False, True])
def test_a_throttled_suggestion_comes_though_the_stream_falls_silent(posted: bool) -> None:
    loop = Loop()
    suggestions: list[str] = []
    source = ask(
        [chunk("a"), chunk("b"), chunk("c"), HOLD],
        dispatch=loop.post if posted else None,
        throttle=0.03,
        on={"suggestion": lambda source, event: suggestions.append(event.detail)},
    )
    loop.run_until(lambda: suggestions[-1:] == ["abc"])
    assert len(suggestions) <= 3
    source.close()


def test_a_late_handler_of_throttled_suggestions_gets_the_newest_in_mid_stream() -> None:
    here = threading.Event()
    source = ask([*words(100), here.set, HOLD], throttle=60)
    assert here.wait(10)
    loop = Loop()
    loop.run_until(lambda: source.full_message.endswith("99 "))
    suggestions: list[str] = []
    source.connect("suggestion", lambda source, event: suggestions.append(event.detail))
    loop.run_until(lambda: bool(suggestions))
    assert suggestions == [source.full_message]
    source.close()


def test_a_late_handler_of_throttled_suggestions_gets_the_newest() -> None:
    source = ask([*words(100), DONE], throttle=5)
    source.result(10)
    suggestions: list[str] = []
    source.connect("suggestion", lambda source, event: suggestions.append(event.detail))
    assert source.wait(10)
    assert suggestions == [source.full_message]
