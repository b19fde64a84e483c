"""The timeout `content`: a service that sends only pings does not keep its answer alive.

How long it takes is tested over sockets, loosely; all else by a clock that the service's script
moves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from script import DONE, Script, Step, chunk
from wire_server import CHUNKED, LAST_CHUNK, SOON, Peer, Server, Told, eventually, framed, said
from wire_server import DONE as LAST_MESSAGE

from suggestions import EventSource, SuggestionsEventSource, errors
from suggestions._wire.timeouts import Deadlines, check_timeouts

URL = "https://service.example/ask"
COMMENT = b": OPENROUTER PROCESSING\n\n"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
PAUSE = 0.05
"""Seconds between two pings of a service with sockets."""


def pinging(peer: Peer, ping: bytes, *, times: int = 1_000_000) -> None:
    for _ in range(times):
        peer.send(framed(ping))
        peer.pause(PAUSE)


# With sockets


@pytest.mark.parametrize("ping", [COMMENT, PING, b"\n"], ids=["comment", "ping", "empty line"])
def test_pings_alone_end_in_time(ping: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED + framed(said("Argen")))
        pinging(peer, ping)

    with Server(script) as server:
        begun = time.monotonic()
        told = Told(server.url, timeouts={"idle": 5, "content": 0.5})
        error = told.error()
        taken = time.monotonic() - begun
    assert type(error) is errors.ContentTimeoutError
    assert error.message == "Nothing that is part of the answer came within 0.5 seconds."
    assert (error.code, error.partial_text) == ("error_network", "Argen")
    assert 0.5 <= taken < 3


def test_pings_between_the_messages_do_no_harm() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        for word in ("Ar", "gen", "ti", "na"):
            peer.send(framed(said(word)))
            pinging(peer, PING, times=10)
        peer.send(framed(LAST_MESSAGE) + LAST_CHUNK)

    for content in (1.5, 15):  # a slow machine is given more
        with Server(script) as server:
            told = Told(server.url, timeouts={"content": content}).wait()
        if told.source.error is None:
            break
    assert told.source.result() == "Argentina"


# By the script's clock


class Clock:
    """Seconds, which pass only if a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def after(self, seconds: float) -> Callable[[], None]:
        """A step of a script: so much time passes."""

        def passes() -> None:
            self.now += seconds

        return passes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("suggestions._wire.timeouts.monotonic", lambda: clock.now)
    return clock


def ask(*steps: Step, timeouts: dict[str, float | None] | None = None) -> SuggestionsEventSource:
    session = Script(steps).session()
    source = SuggestionsEventSource("Why?", url=URL, session=session, timeouts=timeouts)
    assert source.wait(SOON)
    return source


def pings(clock: Clock, seconds: float) -> Iterator[Step]:
    """A ping each second."""
    for _ in range(int(seconds)):
        yield clock.after(1)
        yield PING


@pytest.mark.parametrize(
    ("timeouts", "longest"),
    [
        (None, 120),
        ({"idle": 1.5}, 120),
        ({"idle": 300}, 300),
        ({"content": 10}, 10),
        ({"idle": None, "content": 10}, 10),
        ({"content": 10, "total": 1000}, 10),
    ],
)
def test_how_long_pings_are_enough(
    clock: Clock, timeouts: dict[str, float | None] | None, longest: float
) -> None:
    begin, end = chunk("Because"), (chunk(" so."), DONE)
    in_time = ask(begin, *pings(clock, longest - 1), *end, timeouts=timeouts)
    assert in_time.result() == "Because so."
    late = ask(begin, *pings(clock, longest), *end, timeouts=timeouts)
    assert type(late.error) is errors.ContentTimeoutError
    assert late.full_message == "Because"


@pytest.mark.parametrize("timeouts", [{"content": None}, {"idle": None}])
def test_a_slow_model_may_be_given_all_the_time(
    clock: Clock, timeouts: dict[str, float | None]
) -> None:
    source = ask(chunk("Because"), *pings(clock, 5000), chunk(" so."), DONE, timeouts=timeouts)
    assert source.result() == "Because so."


def test_it_counts_anew_after_each_message(clock: Clock) -> None:
    messages = (step for word in "Because so." for step in (*pings(clock, 119), chunk(word)))
    assert ask(COMMENT, *messages, DONE).result() == "Because so."


def test_reasoning_is_part_of_an_answer(clock: Clock) -> None:
    thinking = (step for _ in range(5) for step in (*pings(clock, 100), chunk(reasoning="Hm. ")))
    source = ask(COMMENT, *thinking, chunk("Because so."), DONE)
    assert (source.result(), source.reasoning) == ("Because so.", "Hm. " * 5)


def test_the_total_timeout_is_named_if_it_passes_first(clock: Clock) -> None:
    source = ask(chunk("Because"), *pings(clock, 200), DONE, timeouts={"total": 100})
    assert type(source.error) is errors.TotalTimeoutError


def test_the_time_of_a_slow_handler_does_not_count(clock: Clock) -> None:
    session = Script([chunk("Because"), PING, chunk(" so."), DONE]).session()
    handlers = {"chunk": lambda source, event: clock.after(1000)()}
    source = SuggestionsEventSource("Why?", url=URL, session=session, on=handlers)
    assert source.result(SOON) == "Because so."


def test_it_is_asked_again_only_while_nothing_of_the_answer_has_come(clock: Clock) -> None:
    service = Script([COMMENT, clock.after(130), COMMENT, chunk("late"), DONE])
    retries = []

    def again(source: object, event: object) -> None:
        retries.append(event)
        service.answer([chunk("Because"), *pings(clock, 130)])

    source = SuggestionsEventSource(
        "Why?", url=URL, session=service.session(), retries=5, on={"retry": again}
    )
    with pytest.raises(errors.ContentTimeoutError):
        source.result(SOON)
    assert len(retries) == 1


def test_an_answer_in_one_piece_has_no_messages(clock: Clock) -> None:
    body = [b'{"choices": [{"message": {"content": ', clock.after(500), b'"Because so."}}]}']
    session = Script(body, content_type="application/json").session()
    source = SuggestionsEventSource("Why?", url=URL, session=session)
    assert source.result(SOON) == "Because so."


def test_a_stream_without_an_end_may_be_silent_for_any_time(clock: Clock) -> None:
    service = Script([COMMENT, *pings(clock, 1000), b"event: news\ndata: It rains.\n\n"])
    received: list[str] = []
    with EventSource(URL, session=service.session(), read_timeout=5) as source:
        source.connect("error", lambda source, event: source.close())
        source.connect("news", lambda source, event: received.append(event.detail.data))
        assert eventually(lambda: source.ready_state == EventSource.CLOSED)
    assert received == ["It rains."]


# The seconds that a read gets


@pytest.mark.parametrize(
    ("idle", "content", "seconds"), [(60, 120, 60), (60, 20, 20), (None, 20, 20), (60, None, 60)]
)
def test_they_stay_the_same_while_messages_come(
    clock: Clock, idle: float | None, content: float | None, seconds: float
) -> None:
    """Else each read would have to set its socket's timeout."""
    deadlines = Deadlines(check_timeouts({"idle": idle, "content": content}))
    deadlines.sent()
    deadlines.messages()
    deadlines.first_byte()
    for _ in range(100):
        assert deadlines.timeout() == seconds
        clock.now += 7.3
        deadlines.was_understood = True


def test_they_become_less_while_nothing_is_understood(clock: Clock) -> None:
    deadlines = Deadlines(check_timeouts({"idle": 60, "content": 100}))
    deadlines.sent()
    deadlines.first_byte()
    deadlines.messages()
    given = []
    for _ in range(5):
        given.append(deadlines.timeout())
        clock.now += 20
    assert given == [60, 60, 60, 40, 20]
    with pytest.raises(errors.ContentTimeoutError):
        deadlines.timeout()


def test_another_attempt_begins_without_it(clock: Clock) -> None:
    deadlines = Deadlines(check_timeouts({"idle": 60, "content": 10}))
    for _ in range(2):
        deadlines.connecting()
        deadlines.sent()
        deadlines.first_byte()
        assert deadlines.timeout() == 60
        deadlines.messages()
        assert deadlines.timeout() == 10
        clock.now += 10
        assert type(deadlines.passed()) is errors.ContentTimeoutError
