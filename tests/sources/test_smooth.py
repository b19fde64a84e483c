"""`smooth`: a burst is shown bit by bit, and no event but `suggestion` is any different."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from contract import NAMES_RECEIVED, Record, check_contract, cut
from faces import Face, LoopReads, ThreadReads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop import Loop
from loop_thread import LoopThread
from script import DONE, HOLD, Script, Step, chunk
from waiting import eventually, our_threads
from wcwidth import iter_graphemes

from suggestions import Event, Suggester, SuggestionsEventSource
from suggestions._sources.pace import Pace
from suggestions.testing import Peer, SuggestionsServer
from suggestions.testing.answer_bytes import UNTIL_CLOSE
from suggestions.toolkits import Pump

WORDS = "".join(f"word{n} " for n in range(60))
BURST = b"".join(chunk(f"word{n} ") for n in range(60))


@pytest.fixture(scope="module")
def loop_reads() -> Iterator[LoopReads]:
    with LoopThread() as loop, LoopReads(loop) as face:
        yield face


@pytest.fixture(scope="module", params=["a thread reads", "a loop reads"])
def face(request: pytest.FixtureRequest, loop_reads: LoopReads) -> Face:
    return ThreadReads() if request.param == "a thread reads" else loop_reads


class Shown:
    """A handler of suggestions: each text, and when it came."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.moments: list[float] = []

    def __call__(self, source: Any, event: Event[str]) -> None:
        self.texts.append(event.detail)
        self.moments.append(time.monotonic())

    def check_grows(self, text: str) -> None:
        """Each text is a beginning of all, and longer than the one before it."""
        assert all(map(text.startswith, self.texts))
        lengths = list(map(len, self.texts))
        assert lengths == sorted(set(lengths))


def ask(steps: list[Step], **options: Any) -> SuggestionsEventSource:
    return ThreadReads().ask(steps, smooth=True, **options)


# The contract

pieces = st.one_of(
    st.text(max_size=8).map(chunk),
    st.sampled_from(["a b c ", "\n", "JETPACK", "\U0001f44b\U0001f3fd", "e\u0301", "\ud83d"]).map(
        chunk
    ),
    st.just(chunk(reasoning_content="Hm.")),
    st.just(b": a comment\n\n"),
)
endings = st.sampled_from(
    [chunk(finish="stop") + DONE, DONE, b"", b"data: no JSON\n\n", chunk(finish="content_filter")]
)
quickly = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def check_smooth(source: SuggestionsEventSource, record: Record) -> None:
    """The whole contract; of the suggestions, each is a beginning of the next."""
    chunks = record.by_name["chunk"]
    shown = Shown()
    shown.texts = record.by_name["suggestion"]
    shown.check_grows("".join(chunks))
    if source.state != "aborted" and chunks:
        assert shown.texts[-1] == "".join(chunks)
    record.by_name["suggestion"] = list(itertools.accumulate(chunks))
    check_contract(source, record)


@quickly
@given(st.lists(pieces, max_size=12), endings, st.lists(st.integers(0, 2000), max_size=6))
def test_any_wire_keeps_the_contract(
    face: Face, said: list[bytes], end: bytes, places: list[int]
) -> None:
    record = Record()
    source = face.ask([*cut(b"".join(said) + end, places)], start=False, smooth=True)
    record.connect_to(source)
    source.start()
    face.wait(source)
    check_smooth(source, record)


@quickly
@given(st.lists(pieces, max_size=12), endings, st.integers(0, 14))
def test_close_at_any_moment(face: Face, said: list[bytes], end: bytes, place: int) -> None:
    record = Record()
    steps: list[Step] = [*said, end]
    steps.insert(min(place, len(steps)), face.at_the_reader(lambda: source.close()))
    source = face.ask(steps, start=False, smooth=True)
    record.connect_to(source)
    source.start()
    face.wait(source)
    check_smooth(source, record)


@quickly
@given(st.lists(pieces, max_size=12), endings, st.integers(0, 14))
def test_a_handler_may_come_at_any_moment(
    face: Face, said: list[bytes], end: bytes, place: int
) -> None:
    early, late, last = Record(), Record(), Record()
    steps: list[Step] = [*said, end]
    steps.insert(min(place, len(steps)), lambda: late.connect_to(source))
    source = face.ask(steps, start=False, smooth=True)
    early.connect_to(source)
    source.start()
    face.wait(source)
    last.connect_to(source)
    face.wait(source)
    text = "".join(early.by_name["chunk"])
    assert last.by_name["suggestion"] == ([text] if text else [])
    check_smooth(source, early)
    shown = Shown()
    shown.texts = late.by_name["suggestion"]
    shown.check_grows(text)
    for name in set(NAMES_RECEIVED) - {"suggestion"}:
        assert last.by_name[name] == early.by_name[name], name
        if late.told:  # else the answer had ended before that step
            assert late.by_name[name] == early.by_name[name], name
    if late.told and text:
        assert shown.texts[-1] == text


# Bursts, over a real socket


def in_bursts(bursts: int, pause: float, *, ends: bool = True) -> Any:
    """Answers with so many bursts of 60 words; then it is done, or silent."""

    def play(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        for _ in range(bursts):
            peer.send(BURST)
            time.sleep(pause)
        if ends:
            peer.send(DONE)
        peer.hold()

    return play


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        yield server


@pytest.mark.parametrize("host", ["own thread", "loop", "pump"])
def test_a_burst_is_spread_though_the_stream_falls_silent(
    server: SuggestionsServer, host: str
) -> None:
    server.plays(in_bursts(1, 0, ends=False))
    loop, pump, shown = Loop(), Pump(), Shown()
    dispatch = {"own thread": None, "loop": loop.post, "pump": pump}[host]
    source = SuggestionsEventSource(
        "?", url=server.url, dispatch=dispatch, smooth=True, on={"suggestion": shown}
    )
    loop.run_until(lambda: (pump.run(), shown.texts[-1:] == [WORDS])[1])
    assert len(shown.texts) >= 2
    assert len(shown.texts[0]) < len(WORDS) / 2
    shown.check_grows(WORDS)
    assert shown.moments[-1] - shown.moments[0] < 5
    assert eventually(lambda: not our_threads("clock"))  # nothing is left to show
    source.close()


def test_bursts_one_after_the_other(server: SuggestionsServer) -> None:
    server.plays(in_bursts(4, 0.2))
    shown = Shown()
    began = time.monotonic()
    source = SuggestionsEventSource("?", url=server.url, smooth=True, on={"suggestion": shown})
    assert source.wait(30)
    shown.check_grows(WORDS * 4)
    assert shown.texts[-1] == WORDS * 4 == source.full_message
    assert 4 <= len(shown.texts) <= (time.monotonic() - began) * 30 + 5


def test_each_chunk_comes_at_once(server: SuggestionsServer) -> None:
    server.plays(in_bursts(1, 0, ends=False))
    received: list[str] = []
    source = SuggestionsEventSource("?", url=server.url, smooth=True)
    for name in ("chunk", "suggestion"):
        source.connect(name, lambda source, event: received.append(event.type))
    assert eventually(lambda: received.count("chunk") == 60)
    assert received.count("suggestion") < 30
    source.close()


def test_the_throttle_says_how_often(server: SuggestionsServer) -> None:
    server.plays(in_bursts(2, 0.5))
    shown = Shown()
    source = SuggestionsEventSource(
        "?", url=server.url, smooth=True, throttle=0.15, on={"suggestion": shown}
    )
    assert source.wait(30)
    *between, _ = itertools.pairwise(shown.moments)  # the last one comes at once, at the end
    assert all(after - before > 0.14 for before, after in between)
    assert shown.texts[-1] == WORDS * 2


def test_close_within_a_burst_shows_no_more(server: SuggestionsServer) -> None:
    server.plays(in_bursts(1, 0, ends=False))
    loop, record = Loop(), Record()
    source = SuggestionsEventSource(
        "?", url=server.url, dispatch=loop.post, smooth=True, on=record.handlers()
    )
    loop.run_until(lambda: source.full_message == WORDS and record.by_name["suggestion"])
    source.close()
    before = list(record.by_name["suggestion"])
    loop.run_to_end(source)
    assert len(before[-1]) < len(WORDS)
    assert record.by_name["suggestion"] == before
    assert record.by_name["abort"] == [WORDS]
    assert record.names[-2:] == ["abort", "end"]
    assert eventually(lambda: not our_threads("clock"))


# Handlers


def test_a_late_handler_gets_the_newest_and_goes_on_from_there() -> None:
    early, late = Shown(), Shown()
    source = ask([BURST, HOLD], throttle=0.05, on={"suggestion": early})
    assert eventually(lambda: len(early.texts) >= 2)
    source.connect("suggestion", late)
    assert eventually(lambda: late.texts[-1:] == [WORDS])
    assert early.texts[-1] == WORDS
    assert 0 < len(late.texts) < len(early.texts)
    late.check_grows(WORDS)
    source.close()


def test_the_first_handler_comes_after_the_burst() -> None:
    loop, shown = Loop(), Shown()
    source = ask([BURST, HOLD])
    assert eventually(lambda: source.full_message == WORDS)
    source.connect("suggestion", shown)
    loop.run_until(lambda: shown.texts)
    assert shown.texts == [WORDS]
    source.close()


def test_a_slow_handler_gets_larger_parts() -> None:
    loop, shown = Loop(), Shown()

    def draw(source: SuggestionsEventSource, event: Event[str]) -> None:
        shown(source, event)
        time.sleep(0.2)

    source = ask([BURST, HOLD], dispatch=loop.post, on={"suggestion": draw})
    loop.run_until(lambda: shown.texts[-1:] == [WORDS])
    assert len(shown.texts) <= 6
    source.close()


def test_a_slow_async_handler_gets_larger_parts() -> None:
    loop, shown = Loop(), Shown()

    async def draw(source: SuggestionsEventSource, event: Event[str]) -> None:
        shown(source, event)
        time.sleep(0.2)

    source = ask([BURST, HOLD], dispatch=loop, on={"suggestion": draw})
    while shown.texts[-1:] != [WORDS]:
        loop.begin()
    assert len(shown.texts) <= 6
    source.close()


def test_without_a_thread_to_count_time_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    begun, refused = threading.Event(), threading.Event()

    def refuse(thread: threading.Thread) -> None:
        if threading.current_thread() is not thread and refused.is_set():
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    shown = Shown()
    source = ask([begun.set, lambda: refused.wait(10), BURST, chunk("last"), DONE])
    source.connect("suggestion", shown)
    assert begun.wait(10)
    refused.set()
    assert source.wait(10)
    shown.check_grows(WORDS + "last")
    assert shown.texts[-1] == WORDS + "last"


def test_a_suggester_is_smooth_if_it_is_told() -> None:
    loop = Loop()
    texts: list[str] = []
    suggester = Suggester(
        on_suggestion=texts.append,
        url="https://service.example/",
        session=Script([BURST, HOLD]).session(),
        dispatch=loop.post,
        smooth=True,
    )
    suggester.request("Why?")
    loop.run_until(lambda: texts[-1:] == [WORDS])
    assert len(texts) >= 2
    assert suggester.state == "suggesting"
    suggester.stop()


# Characters as a person sees them

CHARACTERS = {
    "a letter": "x",
    "an accent that combines": "e\u0301",
    "three accents": "a\u0300\u0323\u0302",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a skin tone": "\U0001f44b\U0001f3fd",
    "an emoji by its variation selector": "\u2764\ufe0f",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a key cap": "1\ufe0f\u20e3",
    "a flag": "\U0001f1f3\U0001f1f4",
    "the flag of Wales": "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
    "Devanagari": "\u0915\u094d\u0937\u093f",
    "Thai": "\u0e19\u0e49\u0e33",
    "Korean in letters": "\u1112\u1161\u11ab",
    "Korean with a final": "\uac00\u11a8",
    "a halfwidth voiced kana": "\uff76\uff9e",
    "a line end": "\r\n",
}


def parts_of(text: str, pieces: int, steps: int = 24) -> list[str]:
    """The text as a `Pace` shows it while it comes in so many pieces."""
    pace, shown, now = Pace(), list[str](), 0.0
    ends = [len(text) * n // pieces for n in range(1, pieces + 1)]
    for end in ends:
        for _ in range(steps):
            if pace.show_part(text[:end], now, 1 / 30):
                shown.append(text[: pace.shown])
            now += 1 / 30
    return shown


@settings(deadline=None)
@given(st.lists(st.sampled_from([*CHARACTERS.values()]), min_size=1, max_size=40))
def test_no_part_ends_within_a_character(characters: list[str]) -> None:
    text = "".join(characters)
    ends = {0, *itertools.accumulate(map(len, iter_graphemes(text)))}
    shown = parts_of(text, 1)
    assert {len(part) for part in shown} <= ends
    assert shown[-1] == text


@pytest.mark.parametrize("name", CHARACTERS)
def test_each_character_is_shown_whole_while_it_is_written(name: str) -> None:
    text = CHARACTERS[name] * 30
    whole = {text[:end] for end in itertools.accumulate(map(len, iter_graphemes(text)))}
    shown = Shown()
    source = ask([chunk(text), HOLD], on={"suggestion": shown})
    assert eventually(lambda: shown.texts[-1:] == [text])
    assert len(shown.texts) >= 2
    assert set(shown.texts) <= whole
    source.close()


@pytest.mark.parametrize(
    ("begun", "rest"),
    [
        ("\U0001f468\u200d", "\U0001f469"),
        ("\U0001f1f3", "\U0001f1f4"),
        ("\ud83d", "\udc4b"),
    ],
    ids=["after a joiner", "half a flag", "half a surrogate pair"],
)
def test_a_character_that_has_only_begun_waits_for_the_rest(begun: str, rest: str) -> None:
    go_on = threading.Event()
    shown = Shown()
    source = ask(
        [chunk("Hi " + begun), lambda: go_on.wait(10), chunk(rest), HOLD], on={"suggestion": shown}
    )
    assert eventually(lambda: shown.texts[-1:] == ["Hi "])
    assert eventually(lambda: not our_threads("clock"))
    go_on.set()
    assert eventually(lambda: shown.texts[-1:] == ["Hi " + begun + rest])
    assert "Hi " + begun not in shown.texts
    source.close()


def test_at_the_end_all_is_shown_even_if_it_is_half_a_character() -> None:
    shown = Shown()
    source = ask([chunk("Hi \ud83d"), DONE], on={"suggestion": shown})
    assert source.wait(10)
    assert shown.texts[-1] == "Hi \ud83d"


def test_a_million_accents_in_a_row_take_no_quadratic_time() -> None:
    text = "e" + "\u0301" * 1_000_000
    began = time.perf_counter()
    shown = parts_of(text, 10)
    assert time.perf_counter() - began < 10
    assert shown[-1] == text


def test_a_burst_is_shown_in_a_dozen_equal_parts() -> None:
    lengths = [len(part) for part in parts_of("w" * 300, 1)]
    assert lengths == pytest.approx([25 * n for n in range(1, 13)], abs=12)


def test_all_that_has_come_is_shown_within_half_a_second() -> None:
    """Whatever comes meanwhile: by a clock of its own, so that this may be exact."""
    pace, text, now = Pace(), "", 0.0
    came: list[tuple[float, int]] = []  # when, and the length of the text then
    for step in range(300):
        if step % 15 == 0:
            text += "w" * 300
        text += "w" * (step % 3)
        came.append((now, len(text)))
        pace.show_part(text, now, 1 / 30)
        assert all(pace.shown >= length for moment, length in came if moment <= now - 0.45)
        now += 1 / 30
