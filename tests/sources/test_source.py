"""`SuggestionsEventSource` as a user meets it: state, results, iteration, signals, logging."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time
import traceback
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from script import DONE, HOLD, Script, Step, chunk, data
from waiting import eventually, our_threads

from suggestions import Event, EventSource, EventTarget, SuggestionsEventSource, errors, signals
from suggestions.dialects.openai import OpenAI
from suggestions.events import FunctionCall, ToolCall
from suggestions.toolkits import Pump

URL = "https://service.example/ask"


@pytest.fixture(autouse=True)
def _no_watcher_from_before() -> Iterator[None]:
    """What is watched once is looked up for ever, and would hide what handlers get."""
    yield
    signals.WATCHED.clear()


def ask(steps: list[Step], **options: Any) -> SuggestionsEventSource:
    return SuggestionsEventSource("Why?", url=URL, session=Script(steps).session(), **options)


def test_the_quickstart() -> None:
    printed: list[str] = []
    source = ask([chunk("Argen"), chunk("tina"), DONE], token="your_token_here")
    source.connect("suggestion", lambda source, event: printed.append(event.detail))
    assert source.wait()
    assert printed == ["Argen", "Argentina"]
    assert isinstance(source, EventTarget)


def test_the_state_goes_its_way() -> None:
    states: list[str] = []
    gate = threading.Event()

    def note(*_: Any, **__: Any) -> None:
        states.append(source.state)

    source = ask([lambda: gate.wait(10), chunk("a"), DONE], start=False)
    for name in ("open", "chunk", "done", "end"):
        source.connect(name, note)
    note()
    source.start()
    note()
    gate.set()
    source.wait(10)
    assert states == ["init", "requesting", "requesting", "suggesting", "done", "done"]


def test_what_the_service_told_can_be_read() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    source = ask(
        [
            chunk("", role="assistant"),
            chunk(reasoning_content="Let me "),
            chunk(reasoning_content="think."),
            chunk("Yes."),
            chunk(function_call={"name": "look", "arguments": '{"at":'}),
            chunk(function_call={"arguments": "1}"}),
            chunk(tool_calls=[{"index": 0, "id": "t1", "function": {"name": "go"}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]),
            chunk(finish="stop"),
            data(json.dumps({"choices": [], "usage": usage})),
            DONE,
        ]
    )
    assert source.result(10) == "Yes."
    assert source.reasoning == "Let me think."
    assert source.full_function_call == FunctionCall("look", '{"at":1}')
    assert source.tool_calls == (ToolCall("t1", "go", "{}"),)
    assert source.usage is not None
    assert source.usage[:3] == (3, 2, 5)
    assert source.finish_reason == "stop"
    assert source.model == "m1"
    assert source.request_id == "c1"
    assert source.is_prompt_clear
    assert source.error is None
    assert source.full_message == "Yes."


def test_the_requests_id_is_the_headers_where_there_is_one() -> None:
    script = Script([chunk("a"), DONE], headers={"X-Request-Id": "r1"})
    source = SuggestionsEventSource("Why?", url=URL, session=script.session())
    opened: list[Any] = []
    source.connect("open", lambda source, event: opened.append(event.detail))
    source.wait(10)
    assert source.request_id == "r1"
    [info] = opened
    assert info.status == 200
    assert info.request_id == "r1"
    assert info.headers["x-request-id"] == "r1"


def test_function_done_comes_before_done_and_snapshots_stay() -> None:
    order: list[str] = []
    calls: list[Any] = []
    source = ask(
        [
            *[
                chunk(function_call={"name": "f" if not n else "", "arguments": f"{n}"})
                for n in range(4)
            ],
            DONE,
        ],
        start=False,
    )
    for name in ("function_call_chunk", "function_done", "done"):
        source.connect(name, lambda source, event: order.append(event.type))
    source.connect("function_call_chunk", lambda source, event: calls.append(event.detail))
    source.start()
    source.wait(10)
    assert order == ["function_call_chunk"] * 4 + ["function_done", "done"]
    assert calls == [FunctionCall("f", "0123"[: n + 1]) for n in range(4)]


# Results


def test_result_raises_what_failed_with_the_partial_text() -> None:
    source = ask([chunk("Hal"), chunk("f"), ConnectionResetError("reset by peer")])
    with pytest.raises(errors.ConnectionLostError) as raised:
        source.result(10)
    assert raised.value.partial_text == "Half" == source.full_message
    assert raised.value is source.error


def test_result_of_a_closed_answer() -> None:
    flowing = threading.Event()
    source = ask([chunk("Half"), flowing.set, HOLD])
    flowing.wait(10)
    source.close()
    with pytest.raises(errors.AbortedError) as raised:
        source.result(10)
    assert raised.value.partial_text == "Half"
    assert source.error is None


def test_result_and_wait_have_timeouts() -> None:
    with ask([chunk("a"), HOLD]) as source:
        with pytest.raises(TimeoutError):
            source.result(0.02)
        assert source.wait(0.02) is False
        assert source.state in ("requesting", "suggesting")
    assert source.state == "aborted"
    assert source.wait(10)


def test_following_before_the_start_raises() -> None:
    source = ask([DONE], start=False)
    for call in (source.wait, source.result, lambda: iter(source), lambda: source.__aiter__()):
        with pytest.raises(RuntimeError, match=r"start\(\) comes first"):
            call()
    source.start()
    assert source.result(10) == ""
    with pytest.raises(RuntimeError, match="started already"):
        source.start()


def test_closed_before_the_start() -> None:
    script = Script([DONE])
    source = SuggestionsEventSource("Why?", url=URL, session=script.session(), start=False)
    names: list[str] = []
    for name in ("open", "abort", "end"):
        source.connect(name, lambda source, event: names.append(event.type))
    source.close()
    assert source.wait(10)
    source.start()
    assert names == ["abort", "end"]
    assert script.requests == []


def test_iteration() -> None:
    source = ask([chunk("a"), chunk("b"), DONE])
    assert list(source) == ["a", "b"]
    assert list(source) == ["a", "b"]


def test_iteration_ends_when_it_is_closed_and_raises_when_it_failed() -> None:
    source = ask([chunk("a"), HOLD])
    got = []
    for piece in source:
        got.append(piece)
        source.close()
    assert got == ["a"]

    source = ask([chunk("a"), ConnectionResetError()])
    got = []
    with pytest.raises(errors.NetworkError):
        got.extend(piece for piece in source)
    assert source.full_message == "a"


def test_iteration_ends_at_once_where_the_loop_closes_it() -> None:
    come = threading.Event()
    source = ask([b"".join(map(chunk, "abcdef")), come.set, HOLD])
    assert come.wait(10)  # all pieces are there
    received = []
    for piece in source:
        received.append(piece)
        source.close()
    assert received == ["a"]


@pytest.mark.parametrize("follow", ["result", "for", "await", "async for"])
def test_once_the_end_was_told_it_stands_though_handlers_are_behind(follow: str) -> None:
    told: list[str] = []
    followed = threading.Event()
    source = ask([chunk("a") + chunk("b") + DONE], start=False)  # in one piece: the end is known
    source.connect("chunk", lambda source, event: followed.wait(60))
    for name in ("chunk", "done", "abort", "end"):
        source.connect(name, lambda source, event: told.append(event.type))
    source.start()

    async def awaited() -> str:
        return await source

    async def gathered() -> str:
        return "".join([piece async for piece in source])

    with source:
        text = {
            "result": source.result,
            "for": lambda: "".join(source),
            "await": lambda: asyncio.run(awaited()),
            "async for": lambda: asyncio.run(gathered()),
        }[follow]()
    source.close()
    followed.set()
    assert source.wait(10)
    assert (text, source.state) == ("ab", "done")
    assert told == ["chunk", "chunk", "done", "end"]


@pytest.mark.parametrize("ending", [DONE, data('{"error": "no"}')])
def test_an_end_that_was_seen_in_the_state_stands(ending: bytes) -> None:
    told: list[str] = []
    seen = threading.Event()
    source = ask([chunk("a") + ending], start=False)
    source.connect("chunk", lambda source, event: seen.wait(60))
    for name in ("done", "error", "abort", "end"):
        source.connect(name, lambda source, event: told.append(event.type))
    source.start()
    while source.state not in ("done", "error"):
        time.sleep(0.001)
    before = (source.state, source.error, source.controller.aborted)
    source.close()
    assert (source.state, source.error, source.controller.aborted) == before
    seen.set()
    assert source.wait(10)
    assert told == [source.state, "end"]


def test_its_own_end_sent_again_is_not_a_second_end() -> None:
    told: list[str] = []
    source = ask([chunk("a") + DONE], start=False)

    def again(source: SuggestionsEventSource, event: Event[Any]) -> None:
        told.append(event.type)
        if told.count("done") < 3:
            source.dispatch_event(event)

    source.connect("done", again)
    source.connect("end", again)
    source.start()
    assert source.wait(10)
    assert source.wait(10)
    assert told.count("end") == 1


def test_the_throttles_timer_goes_with_the_answer() -> None:
    earlier = our_threads()
    for ending in (DONE, HOLD):
        here = threading.Event()
        source = ask([chunk("a") + chunk("b"), here.set, ending], throttle=3600, start=False)
        source.connect("suggestion", lambda source, event: None)
        source.start()
        assert here.wait(10)
        if ending is HOLD:
            source.close()
        assert source.wait(10)
        assert eventually(lambda: not our_threads("clock") - earlier)


def test_where_no_thread_can_be_had_handlers_run_on_the_callers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start
    told: list[tuple[str, str]] = []
    begun, refused = threading.Event(), threading.Event()

    def refuse(thread: threading.Thread) -> None:
        if threading.current_thread() is not thread and refused.is_set():
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    source = ask([begun.set, lambda: refused.wait(10), chunk("a") + chunk("b"), DONE], throttle=60)
    source.connect("suggestion", lambda source, event: told.append((event.type, event.detail)))
    source.connect("error", lambda source, event: told.append((event.type, str(event.detail))))
    assert begun.wait(10)
    refused.set()
    assert source.wait(10)
    assert told == [("suggestion", "a"), ("suggestion", "ab")]
    source.connect("done", lambda source, event: told.append((event.type, event.detail)))
    assert source.wait(10)
    assert told[2:] == [("done", "ab")]


@pytest.mark.parametrize("kind", [SuggestionsEventSource, EventSource])
def test_a_source_that_gets_no_thread_is_closed(
    monkeypatch: pytest.MonkeyPatch, kind: type[Any]
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    session = Script([HOLD]).session()
    if kind is EventSource:
        source: Any = EventSource(URL, session=session, start=False)
    else:
        source = ask([HOLD], start=False)
    told: list[str] = []
    for name in ("abort", "end"):
        source.connect(name, lambda source, event: told.append(event.type))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="new thread"):
        source.start()
    if kind is EventSource:
        assert source.ready_state == EventSource.CLOSED
    else:
        assert source.wait(10)
        assert told == ["abort", "end"]


def test_an_error_that_was_raised_stands_though_handlers_are_behind() -> None:
    told: list[str] = []
    followed = threading.Event()
    source = ask([chunk("a") + data('{"error": "no"}')], start=False)
    source.connect("chunk", lambda source, event: followed.wait(60))
    for name in ("error", "abort"):
        source.connect(name, lambda source, event: told.append(event.type))
    source.start()
    with source, pytest.raises(errors.SuggestionsError):
        source.result()
    followed.set()
    assert source.wait(10)
    assert (source.state, told) == ("error", ["error"])


def test_await_and_async_iteration() -> None:
    async def main() -> None:
        source = ask([chunk("a"), chunk("b"), DONE])
        assert [piece async for piece in source] == ["a", "b"]
        assert await source == "ab"

        failing = ask([chunk("a"), ConnectionResetError()])
        with pytest.raises(errors.NetworkError):
            await failing
        pieces = aiter(failing)
        assert await anext(pieces) == "a"
        with pytest.raises(errors.NetworkError):
            await anext(pieces)

        silent = ask([chunk("a"), HOLD])
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(result_of(silent), 0.05)
        silent.close()
        with pytest.raises(errors.AbortedError):
            await silent

    async def result_of(source: SuggestionsEventSource) -> str:
        return await source

    asyncio.run(main())


# Signals and errors without a handler


class Awaiting(Pump):
    """A host that takes async handlers, and never comes to run one."""

    def spawn(self, fn: Any, ended: Any) -> None: ...


def test_a_host_watches_every_source() -> None:
    seen: list[tuple[Any, str]] = []

    def watch(source: Any, event: Event[Any]) -> None:
        seen.append((source, event.type))

    for signal in (signals.chunk, signals.suggestion, signals.message, signals.done):
        signal.connect(watch)
    try:
        first, second = ask([chunk("a"), DONE]), ask([chunk("b"), DONE])
        assert first.wait(10)
        assert second.wait(10)
    finally:
        for signal in (signals.chunk, signals.suggestion, signals.message, signals.done):
            signal.disconnect(watch)
    for source in (first, second):
        names = [name for sender, name in seen if sender is source]
        assert names == ["message", "chunk", "suggestion", "message", "done"]
    seen.clear()
    ask([chunk("c"), DONE]).wait(10)
    assert seen == []


def test_a_watcher_hears_nothing_but_the_end_after_close() -> None:
    told: list[str] = []
    entered, closed = threading.Event(), threading.Event()

    def watch(source: SuggestionsEventSource, event: Event[Any]) -> None:
        if source is not watched:
            return  # another test's
        told.append(event.type)
        if event.type == "chunk":
            entered.set()
            assert closed.wait(10)

    names = ("chunk", "suggestion", "done", "abort", "end")
    for name in names:
        getattr(signals, name).connect(watch)
    try:
        source = watched = ask([chunk("a") + chunk("b") + DONE], start=False)
        source.start()
        assert entered.wait(10)
        source.close()
        closed.set()
        assert source.wait(10)
    finally:
        for name in names:
            getattr(signals, name).disconnect(watch)
    assert told == ["chunk", "abort", "end"]


def test_a_watcher_of_one_source_and_one_that_raises() -> None:
    seen: list[str] = []
    source = ask([chunk("a"), DONE], start=False)

    def watch(source: Any, event: Event[str]) -> None:
        seen.append(event.detail)

    def fail(source: Any, event: Event[str]) -> None:
        raise ValueError

    with (
        signals.done.connected_to(watch, sender=source),
        signals.done.connected_to(fail),
    ):
        source.start()
        assert ask([chunk("b"), DONE]).wait(10)
        assert source.wait(10)
    assert seen == ["a"]


def test_a_watcher_that_raises_is_told_as_a_handler_is() -> None:
    failures: list[Any] = []

    def fail(source: Any, event: Event[str]) -> None:
        raise ValueError("oh")

    with signals.chunk.connected_to(fail):
        source = ask(
            [chunk("a"), DONE],
            on={"handler_error": lambda source, event: failures.append(event.detail)},
        )
        assert source.wait(10)
    [(event, handler, exception)] = failures
    assert (event.type, event.detail, handler) == ("chunk", "a", fail)
    assert isinstance(exception, ValueError)


def test_a_watcher_alone_hears_a_function_call_grow() -> None:
    calls: list[FunctionCall] = []

    def watch(source: Any, event: Event[FunctionCall]) -> None:
        calls.append(event.detail)

    with signals.function_call_chunk.connected_to(watch):
        call = chunk(function_call={"name": "f", "arguments": "{"})
        assert ask([call, chunk(function_call={"arguments": "}"}), DONE]).wait(10)
    assert calls == [FunctionCall("f", "{"), FunctionCall("f", "{}")]


def test_what_is_no_fault_of_the_service_is_logged_with_its_traceback_and_ends_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def leave() -> None:
        raise SystemExit

    source = ask([chunk("a"), leave, DONE], token="secret")
    with pytest.raises(errors.NetworkError, match="could not be read: SystemExit") as caught:
        source.result(10)
    assert caught.value.partial_text == "a"
    assert isinstance(caught.value.__cause__, SystemExit)
    [record] = caplog.records
    assert "no fault of the service" in record.getMessage()
    assert "SystemExit" in record.getMessage()
    assert "secret" not in caplog.text


def test_a_dialect_of_ones_own_that_fails_puts_no_token_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Careless(OpenAI):
        def authorize(self, request: Any, token: str) -> Any:
            raise LookupError(f"no place for {token}")

    source = ask([chunk("a"), DONE], dialect=Careless(model="any"), token="not-to-be-told")
    with pytest.raises(errors.NetworkError, match="could not be read: LookupError") as caught:
        source.result(10)
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    assert "LookupError: no place for [token]" in told
    assert "not-to-be-told" not in told


def test_an_error_that_no_handler_gets_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "suggestions")
    source = ask([ConnectionResetError()])
    source.wait(10)
    assert eventually(lambda: caplog.records)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "\n" not in record.getMessage()
    assert "connect a handler to 'error'" in record.getMessage()


class View:
    def show(self, source: Any, event: Event[Any]) -> None: ...

    async def show_later(self, source: Any, event: Event[Any]) -> None: ...


@pytest.mark.parametrize("way", ["show", "show_later"])
@pytest.mark.parametrize("kind", [SuggestionsEventSource, EventSource])
def test_an_error_whose_only_handler_is_gone_is_logged(
    caplog: pytest.LogCaptureFixture, kind: type[Any], way: str
) -> None:
    view, pump = View(), Awaiting()
    if kind is EventSource:
        session = Script([b"No."], status=404).session()
        source: Any = EventSource(URL, session=session, dispatch=pump, start=False)
    else:
        source = ask([ConnectionResetError()], dispatch=pump, start=False)
    source.connect("error", getattr(view, way), weak=True)
    del view
    gc.collect()
    source.start()
    deadline = time.monotonic() + 20
    while "No handler was called for it" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pump.close()


@pytest.mark.parametrize("name", ["error", "error_response", "error_network"])
def test_an_error_that_somebody_hears_is_not_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    ask([ConnectionResetError()], on={name: lambda source, event: None}).wait(10)
    with pytest.raises(errors.NetworkError):
        ask([lambda: None, ConnectionResetError()]).result(10)
    assert caplog.records == []


def test_debug_tells_no_token_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    source = ask(
        [chunk("the secret answer"), b"event: x\ndata: the secret answer\n\n", DONE],
        token="sk-secret",
    )
    source.wait(10)
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert "suggestions" in {record.name for record in caplog.records}
    assert "secret" not in told
    assert "Why?" not in told
    assert "secret" not in repr(source)


# Names of the stream's own, garbage


def test_a_message_with_a_name_is_sent_under_it_as_well() -> None:
    told: list[tuple[str, str]] = []
    source = ask(
        [b'event: new-message\ndata: {"choices": []}\n\n', b"event: done\ndata:\n\n", DONE]
    )
    for name in ("message", "new-message", "done"):
        source.connect(
            name, lambda source, event: told.append((event.type, type(event.detail).__name__))
        )
    assert source.wait(10)
    assert sorted(told) == [
        ("done", "str"),
        ("message", "ServerSentEvent"),
        ("message", "ServerSentEvent"),
        ("message", "ServerSentEvent"),
        ("new-message", "ServerSentEvent"),
    ]


def test_a_source_that_is_over_is_freed() -> None:
    source = ask([chunk("a"), DONE], on={"chunk": lambda source, event: None})
    assert source.wait(10)
    gone = weakref.ref(source)
    for thread in threading.enumerate():
        if thread.name.startswith("suggestions-"):
            thread.join(10)
    del source
    gc.collect()
    assert gone() is None


def test_a_source_without_references_goes_on() -> None:
    ended = threading.Event()
    gate = threading.Event()
    ask([lambda: gate.wait(10), chunk("a"), DONE], on={"end": lambda source, event: ended.set()})
    gc.collect()
    gate.set()
    assert ended.wait(10)


def test_the_controller_aborts() -> None:
    source = ask([chunk("a"), HOLD])
    assert source.controller.aborted is False
    source.controller.abort()
    assert source.controller.aborted is True
    assert source.wait(10)
    finished = ask([DONE])
    finished.wait(10)
    finished.controller.abort()
    assert finished.controller.aborted is False
    assert finished.state == "done"
