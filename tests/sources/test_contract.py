"""The event contract's eight properties, for any wire, any thread and any moment."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from contract import NAMES_RECEIVED, Record, check_contract, cut
from faces import Face, LoopReads, ThreadReads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop_thread import LoopThread
from script import DONE, HOLD, Step, chunk, data
from waiting import eventually, our_threads

from suggestions import Event, SuggestionsError, SuggestionsEventSource
from suggestions.errors import AbortedError


@pytest.fixture(scope="module")
def loop_reads() -> Iterator[LoopReads]:
    with LoopThread() as loop, LoopReads(loop) as face:
        yield face


@pytest.fixture(scope="module", params=["a thread reads", "a loop reads"])
def face(request: pytest.FixtureRequest, loop_reads: LoopReads) -> Face:
    """Each reads in its own way, and the contract holds for all of them."""
    return ThreadReads() if request.param == "a thread reads" else loop_reads


def test_the_loop_reads(loop_reads: LoopReads) -> None:
    threads: list[set[str]] = []
    received: set[int] = set()

    def look() -> None:
        opened.wait(30)
        assert eventually(lambda: not our_threads() - {*our_threads("clock")})
        threads.append({thread.name for thread in our_threads()})

    def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
        received.add(threading.get_ident())
        opened.set()

    opened = threading.Event()
    source = loop_reads.ask([look, chunk("a"), chunk("b"), look, DONE], start=False)
    for name in NAMES_RECEIVED:
        source.connect(name, hear)
    source.start()
    loop_reads.wait(source)
    assert source.full_message == "ab"
    assert threads
    assert set().union(*threads) <= {"suggestions-clock"}
    assert received == {loop_reads.loop.ident}


# Wires

fragments = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["JETPACK", "_AI_", "ERROR", "__", "**", "_", "*", "J", "JET", "<|start_", "\n"]
    ),
    st.sampled_from(["<|start_header_id|>assistant<|end_header_id|>\n\n", "JETPACK_AI_ERROR"]),
)
messages = st.one_of(
    fragments.map(chunk),
    fragments.map(chunk),
    fragments.map(lambda text: chunk(reasoning_content=text)),
    st.just(chunk("", role="assistant")),
    st.just(data(json.dumps({"choices": [], "usage": {"prompt_tokens": 1}}))),
    st.just(chunk(function_call={"name": "f", "arguments": "{"})),
    st.just(chunk(tool_calls=[{"index": 0, "id": "t", "function": {"name": "g"}}])),
    st.just(b": a comment\n\n"),
    st.just(b"event: new-message\ndata: {}\n\n"),
)
endings = st.sampled_from(
    [
        chunk(finish="stop") + DONE,
        DONE,
        DONE + chunk("after the end"),
        b"",
        b"data: {",
        b"data: no JSON\n\n",
        chunk(finish="content_filter"),
        data(json.dumps({"error": {"message": "busy", "code": "overloaded"}})),
        b"event: error\ndata: broken\n\n",
        ConnectionResetError("reset by peer"),
    ]
)


@st.composite
def wires(draw: st.DrawFn) -> list[Step]:
    whole = b"".join(draw(st.lists(messages, max_size=12)))
    ending = draw(endings)
    if isinstance(ending, bytes):
        whole, last = whole + ending, []
    else:
        last = [ending]
    if draw(st.booleans()):
        whole = whole.replace(b"\n", draw(st.sampled_from([b"\r", b"\r\n"])))
    return [*cut(whole, draw(st.lists(st.integers(0, 4000), max_size=8))), *last]


quickly = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(wires())
def test_any_wire_keeps_the_contract(face: Face, steps: list[Step]) -> None:
    record = Record()
    source = face.ask(steps, start=False)
    record.connect_to(source)
    source.start()
    face.wait(source)
    check_contract(source, record)


@quickly
@given(wires(), st.integers(0, 10))
def test_it_does_not_matter_when_a_handler_is_connected(
    face: Face, steps: list[Step], moment: int
) -> None:
    early, late, last = Record(), Record(), Record()
    steps = [*steps]
    steps.insert(min(moment, len(steps)), lambda: late.connect_to(source))
    source = face.ask(steps, start=False)
    early.connect_to(source)
    source.start()
    face.wait(source)
    last.connect_to(source)
    face.wait(source)
    for name in NAMES_RECEIVED:
        assert last.by_name[name] == early.by_name[name]
        if late.told:
            assert late.by_name[name] == early.by_name[name]


@quickly
@given(wires())
def test_chunks_by_iteration_are_those_of_the_handlers(face: Face, steps: list[Step]) -> None:
    record = Record()
    source = face.ask(steps, start=False)
    record.connect_to(source)
    source.start()
    chunks: list[str] = []
    with contextlib.suppress(SuggestionsError):
        chunks.extend(piece for piece in source)
    face.wait(source)
    assert chunks == record.by_name["chunk"]


# Moments


@quickly
@given(wires(), st.integers(0, 2**32), st.booleans())
def test_close_at_any_moment_from_any_thread(
    face: Face, steps: list[Step], seed: int, from_the_wire: bool
) -> None:
    chance = random.Random(seed)
    record = Record()
    closed = threading.Event()
    after_close: list[str] = []

    def close() -> None:
        source.close()
        closed.set()

    def watch(source: SuggestionsEventSource, event: Event[Any]) -> None:
        if closed.is_set() and source.state == "aborted" and event.type not in ("abort", "end"):
            after_close.append(event.type)

    closer = threading.Thread(target=close)
    place = chance.randint(0, len(steps))
    begin_to_close = face.at_the_reader(close) if from_the_wire else closer.start
    source = face.ask([*steps[:place], begin_to_close, *steps[place:]], start=False)
    record.connect_to(source)
    for name in NAMES_RECEIVED:
        source.connect(name, watch)
    source.start()
    face.wait(source)
    if closer.ident is not None:
        closer.join(10)
    assert after_close == []
    check_contract(source, record)


def outcome(follow: Callable[[], str]) -> tuple[str, Any]:
    """The state that the source has to stay in after what a follower got, and what it was."""
    try:
        return "done", follow()
    except AbortedError as error:
        return "aborted", error.partial_text
    except SuggestionsError as error:
        return "error", error


@quickly
@given(wires(), st.integers(0, 2**32))
def test_followers_and_handlers_get_one_end(face: Face, steps: list[Step], seed: int) -> None:
    chance = random.Random(seed)
    record = Record()
    outcomes: list[tuple[str, Any]] = []

    def ask_for_result() -> None:
        outcomes.append(outcome(source.result))
        source.close()

    def iterate() -> None:
        state, told = outcome(lambda: "".join(source))
        # close() ends an iteration without a word.
        outcomes.append((source.state if state == "done" else state, told))
        source.close()

    works = (ask_for_result, iterate, lambda: source.close())
    threads = [threading.Thread(target=work) for work in works]
    scripted: list[Step] = list(steps)
    for thread in threads[: chance.randint(1, 3)]:
        scripted.insert(chance.randint(0, len(scripted)), thread.start)
    source = face.ask(scripted, start=False)
    if seed % 2:
        # Handlers lag what has been read, and the followers.
        source.connect("chunk", lambda source, event: time.sleep(0.001))
    record.connect_to(source)
    source.start()
    face.wait(source)
    for thread in threads:
        if thread.ident is not None:
            thread.join(30)
    check_contract(source, record)
    for state, told in outcomes:
        assert state == source.state
        if state == "error":
            assert told is source.error
        elif state == "done":
            assert told == source.full_message
        else:
            assert source.full_message.startswith(told)


@quickly
@given(wires(), st.integers(0, 2**32))
def test_several_threads_connect_disconnect_and_close(
    face: Face, steps: list[Step], seed: int
) -> None:
    chance = random.Random(seed)
    full = Record()
    records = [Record() for _ in range(8)]
    onces: list[list[Any]] = [[] for _ in range(8)]

    def work(number: int) -> None:
        record, received = records[number], onces[number]
        record.connect_to(source)
        source.once(chance.choice(NAMES_RECEIVED), lambda source, event: received.append(event))
        gone = lambda source, event: None  # noqa: E731 - a fresh object each time
        source.connect("chunk", gone)
        source.disconnect("chunk", gone)
        source.disconnect("chunk", gone)
        if number == 3 and seed % 3 == 0:
            source.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    places = sorted((chance.randint(0, len(steps)), n) for n in range(8))
    scripted: list[Step] = list(steps)
    for place, n in reversed(places):
        scripted.insert(place, threads[n].start)
    source = face.ask(scripted, start=False)
    full.connect_to(source)
    source.start()
    face.wait(source)
    started = [thread for thread in threads if thread.ident is not None]
    for thread in started:
        thread.join(10)
    face.wait(source)
    check_contract(source, full)
    assert all(len(received) <= 1 for received in onces)
    for thread in started:
        record = records[threads.index(thread)]
        assert record.overlaps == 0
        for name in NAMES_RECEIVED if source.state != "aborted" else ["abort", "end"]:
            assert record.by_name[name] == full.by_name[name], name


class Tally:
    """A handler of everything that keeps no suggestion but the last."""

    def __init__(self, source: SuggestionsEventSource) -> None:
        self.chunks: list[str] = []
        self.suggestions = 0
        self.last = ""
        self.names: list[str] = []
        for name in ("chunk", "suggestion", "done", "abort", "error", "end"):
            source.connect(name, self.hear)

    def hear(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        if event.type == "chunk":
            self.chunks.append(event.detail)
        elif event.type == "suggestion":
            self.suggestions += 1
            self.last = event.detail
        else:
            self.names.append(event.type)


@pytest.mark.timeout(300)
def test_ten_thousand_events_against_threads_that_connect_and_close(face: Face) -> None:
    total = 10_000
    words = [f"{n} " for n in range(total)]
    step = [b"".join(map(chunk, words[n : n + 10])) for n in range(0, total, 10)]
    gate = threading.Event()
    tallies: list[Tally] = []

    def come_and_go() -> None:
        gate.wait(30)
        for _ in range(10):
            tallies.append(Tally(source))
            extra = face.ask([*[chunk("x")] * 20, HOLD], start=False)
            tally = Tally(extra)
            extra.start()
            extra.close()
            face.wait(extra)
            assert tally.names == ["abort", "end"]

    source = face.ask([gate.set, *step, DONE], start=False)
    tallies.append(Tally(source))
    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    source.start()
    for thread in threads:
        thread.join(240)
    face.wait(source, 240)
    assert len(tallies) == 81
    for tally in tallies:
        assert tally.chunks == words
        assert tally.suggestions == total
        assert tally.last == "".join(words) == source.full_message
        assert tally.names == ["done", "end"]


# The properties one by one


def test_after_close_has_returned_no_handler_is_called_but_one_that_was_claimed(face: Face) -> None:
    """Property 5, with a flood and a closer that is always ready to run."""
    for _ in range(200):
        closed = False
        started_after: list[str] = []

        def hear(source: SuggestionsEventSource, event: Event[Any]) -> None:
            if closed and event.type not in ("abort", "end"):  # noqa: B023
                started_after.append(event.type)  # noqa: B023

        flowing = threading.Event()
        source = face.ask([chunk("a"), flowing.set, *[chunk("b") * 50] * 100, DONE], start=False)
        for name in NAMES_RECEIVED:
            source.connect(name, hear)
        source.start()
        flowing.wait(30)
        source.close()
        closed = True
        face.wait(source)
        assert len(started_after) <= 1


def test_a_handler_that_raises_harms_no_other(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    record = Record()

    def fail(source: SuggestionsEventSource, event: Event[Any]) -> None:
        raise ZeroDivisionError(event.type)

    source = face.ask([chunk("a"), chunk("b"), DONE], start=False)
    for name in NAMES_RECEIVED:
        source.connect(name, fail)
    record.connect_to(source)
    with caplog.at_level(logging.ERROR, "suggestions"):
        source.start()
        face.wait(source)
    assert "".join(record.by_name["chunk"]) == "ab" == source.full_message
    assert record.names[-1] == "end"
    failures = record.by_name["handler_error"]
    assert {failure.event.type for failure in failures} == set(record.names) - {
        "handler_error",
        "end",
    }
    assert all(failure.handler is fail for failure in failures)
    assert all(isinstance(failure.exception, ZeroDivisionError) for failure in failures)
    # The handler's first failure has its traceback in the log; the others are counted.
    assert len([r for r in caplog.records if r.exc_info and "raised" in r.getMessage()]) == 1


def test_even_an_exit_in_a_handler_harms_no_other(face: Face) -> None:
    def leave(source: SuggestionsEventSource, event: Event[Any]) -> None:
        raise SystemExit

    source = face.ask([chunk("a"), DONE], on={"chunk": leave})
    assert source.result(10) == "a"
    face.wait(source)


def test_no_handler_runs_within_connect(face: Face) -> None:
    source = face.ask([chunk("a"), DONE])
    face.wait(source)
    here: list[bool] = []
    main = threading.current_thread()
    for name in NAMES_RECEIVED:
        source.connect(name, lambda source, event: here.append(threading.current_thread() is main))
    face.wait(source)
    assert here
    assert not any(here)


@pytest.mark.parametrize(
    "steps",
    [
        [chunk("a")],
        [chunk("a"), ConnectionResetError()],
        [chunk("a"), chunk(finish="stop"), ConnectionResetError()],
        [b""],
        [b"data: {}\n\n"],
    ],
)
def test_a_stream_that_stops_early_is_never_a_success(face: Face, steps: list[Step]) -> None:
    record = Record()
    source = face.ask(steps, start=False)
    record.connect_to(source)
    source.start()
    face.wait(source)
    assert record.names[-4] == "error_network"
    assert source.error is not None
    assert source.error.partial_text == "".join(record.by_name["chunk"])


@pytest.mark.parametrize("ending", [b"data: [DONE]", b"data: [DONE]\n"])
def test_a_terminator_counts_without_the_blank_line_after_it(face: Face, ending: bytes) -> None:
    for after in ([], [ConnectionResetError()]):
        source = face.ask([chunk("a"), chunk(finish="stop"), ending, *after])
        assert source.result(10) == "a"


def test_an_error_counts_without_the_blank_line_after_it(face: Face) -> None:
    report = b'{"error": {"message": "no more memory"}}'
    for after in ([], [ConnectionResetError()]):
        source = face.ask([chunk("a"), report, *after])
        face.wait(source)
        assert source.error is not None
        assert "no more memory" in source.error.message
        assert source.error.partial_text == "a"


def test_nothing_after_the_terminator_is_read_or_awaited(face: Face) -> None:
    source = face.ask([chunk("a"), DONE, HOLD, chunk("b")])
    assert source.result(10) == "a"
    face.wait(source, 10)


Action = Callable[[SuggestionsEventSource, Record], object]


@pytest.mark.parametrize(
    "act",
    [
        lambda source, record: source.connect("chunk", record.hear),
        lambda source, record: source.close(),
        lambda source, record: source.disconnect("chunk", record.hear),
        lambda source, record: source.dispatch_event(Event("mine", 1)),
    ],
)
def test_a_handler_may_connect_close_disconnect_and_dispatch(face: Face, act: Action) -> None:
    record = Record()
    source = face.ask([chunk("a"), chunk("b"), DONE], start=False)
    record.connect_to(source)
    source.once("chunk", lambda source, event: act(source, record))
    source.start()
    face.wait(source)
    assert record.names[-1] == "end"
