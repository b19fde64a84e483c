"""Everything that a service can do wrong, and what an `EventSource` makes of it: one table.

After each fault there is a service that goes on after the last event's id. So a source either
loses no event and delivers none twice, or is CLOSED with the one error that says why; each within
`SOON` seconds, over http and https, and in the memory that `CEILING` allows.
"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any, NamedTuple

import psutil
import pytest
from test_event_source import Received
from test_faults import CASES, CEILING, Place, place, traced
from waiting import our_threads
from wire_server import CHUNKED, TOKEN, eventually, framed

from suggestions import EventSource, errors
from suggestions._wire import timeouts
from suggestions.events import MessageEvent
from suggestions.testing import FAULTS, Peer, SuggestionsServer
from suggestions.testing.answer_bytes import said
from suggestions.testing.faults import PIECES

__all__ = ["place", "traced"]  # fixtures

SHORT = 0.5  # seconds
EVENTS = [said(piece) for piece in PIECES]
NONE, BEGUN, ALL = 0, 2, 4
"""How many of the pieces have been delivered when the error is."""


class Again(NamedTuple):
    """`error` is sent while CONNECTING, and the stream goes on.

    What came in the same read as bytes that cannot be unpacked is delivered not before the error
    but after it, and so is what was not read before a reset: with `in_part`, fewer pieces will do.
    `or_over_tls`: as in `test_faults`.
    """

    error: type[errors.SuggestionsError]
    told: int
    read_timeout: float | None = None
    in_part: bool = False
    or_over_tls: type[errors.SuggestionsError] | None = None
    connections: int = 1  # that misbehave

    @property
    def is_timed(self) -> bool:
        return self.read_timeout is not None or self.error is errors.ConnectTimeoutError


class Failed(NamedTuple):
    """`error` is sent when CLOSED, and no server is asked again."""

    error: type[errors.SuggestionsError]
    told: int


class Open(NamedTuple):
    """It is none: the stream stays open, without an error."""

    told: int
    read_timeout: float


TABLE: dict[str, Again | Failed | Open] = {
    # The connection is reset.
    "reset before headers": Again(errors.ConnectionLostError, NONE),
    "reset in headers": Again(errors.ConnectionLostError, NONE),
    "reset in mid-stream": Again(
        errors.ConnectionLostError,
        BEGUN,
        in_part=True,
        or_over_tls=errors.IncompleteStreamError,
    ),
    "reset after [DONE]": Again(
        errors.ConnectionLostError, ALL, in_part=True, or_over_tls=errors.IncompleteStreamError
    ),
    # It ends, as TCP has it.
    "end before headers": Again(errors.ConnectionLostError, NONE),
    "end in headers": Again(errors.ConnectionLostError, NONE),
    "end after headers": Again(errors.IncompleteStreamError, NONE),
    "end in mid-stream": Again(errors.IncompleteStreamError, BEGUN),
    "end in mid-stream with the terminating chunk": Again(errors.ConnectionLostError, BEGUN),
    "end in an event": Again(errors.ConnectionLostError, BEGUN),
    "end in a chunk": Again(errors.IncompleteStreamError, BEGUN),
    "end before its length": Again(errors.IncompleteStreamError, BEGUN),
    "end after [DONE]": Again(errors.IncompleteStreamError, ALL),
    # Its framing or its compression lies.
    "chunk size that is none": Again(errors.MalformedStreamError, BEGUN),
    "chunk size too small": Again(errors.MalformedStreamError, BEGUN),
    "chunk size too large": Again(errors.IncompleteStreamError, BEGUN),
    "endless chunk size": Again(errors.MalformedStreamError, BEGUN),
    "truncated gzip": Again(errors.IncompleteStreamError, BEGUN),
    "gzip that is none": Again(errors.MalformedStreamError, NONE),
    "gzip that breaks": Again(errors.MalformedStreamError, BEGUN),
    "gzip with a wrong checksum": Again(errors.MalformedStreamError, ALL),
    "gzip bomb": Again(errors.MalformedStreamError, NONE),
    "trailers": Again(errors.ConnectionLostError, ALL),
    "endless trailers": Again(errors.ConnectionLostError, ALL),
    "HTTP/1.0": Again(errors.ConnectionLostError, ALL),
    # It is slow, or says nothing.
    "silence before headers": Again(errors.FirstByteTimeoutError, NONE, SHORT),
    "silence in headers": Again(errors.FirstByteTimeoutError, NONE, SHORT),
    "silence after headers": Again(errors.FirstByteTimeoutError, NONE, SHORT),
    "silence in mid-stream": Again(errors.IdleTimeoutError, BEGUN, SHORT),
    "silence after [DONE]": Again(errors.IdleTimeoutError, ALL, SHORT),
    "drip": Again(errors.IncompleteStreamError, ALL),
    "drip in headers": Again(errors.FirstByteTimeoutError, NONE, SHORT),
    "pings for ever": Open(BEGUN, 5.0),
    "pings as messages for ever": Open(BEGUN, 5.0),
    "flood of pings": Open(BEGUN, 5.0),
    # It has no end.
    "endless status line": Again(errors.MalformedStreamError, NONE),
    "endless header": Again(errors.MalformedStreamError, NONE),
    "endless headers": Again(errors.MalformedStreamError, NONE),
    "endless line": Failed(errors.EventTooLargeError, BEGUN),
    "endless event": Failed(errors.EventTooLargeError, BEGUN),
    "endless HTML": Failed(errors.NotAnAnswerError, NONE),
    "endless JSON": Failed(errors.NotAnAnswerError, NONE),
    "endless error": Failed(errors.StatusError, NONE),
    # It is not what was asked for, or not where.
    "HTML with 200": Failed(errors.NotAnAnswerError, NONE),
    "HTML as a stream": Again(errors.ConnectionLostError, NONE),
    "JSON with 200": Failed(errors.NotAnAnswerError, NONE),
    "JSON error with 200": Failed(errors.NotAnAnswerError, NONE),
    "empty JSON with 200": Failed(errors.NotAnAnswerError, NONE),
    "empty with 200": Again(errors.ConnectionLostError, NONE),
    "redirect loop": Failed(errors.RedirectError, NONE),
    "redirect to another host": Again(errors.ConnectionLostError, ALL, connections=2),
    "1xx preludes": Again(errors.ConnectionLostError, ALL),
    "endless 1xx preludes": Failed(errors.StatusError, NONE),
    "no HTTP": Again(errors.MalformedStreamError, NONE),
    # There is no connection to be trusted.
    "reset in TLS": Again(errors.ConnectionFailedError, NONE),
    "silence in TLS": Again(errors.ConnectTimeoutError, NONE),
    "slow TLS": Again(errors.ConnectTimeoutError, NONE),
    "bad certificate": Again(errors.TLSError, NONE),
    "no TLS": Again(errors.TLSError, NONE),
}


def go_on(peer: Peer) -> None:
    """What is missing after the last id; then comments, until the client has gone."""
    begin = int(peer.request().headers.get("Last-Event-ID", "0"))
    peer.send(CHUNKED)
    for number, event in enumerate(EVENTS[begin:], begin + 1):
        peer.send(framed(b"id: %d\n%s" % (number, event)))
    while True:
        peer.send(framed(b": ping\n\n"))
        peer.pause(SHORT / 10)


def serve(name: str, scheme: str, place: Place) -> SuggestionsServer:
    row = TABLE[name]
    server = SuggestionsServer(certificate=place.certificate if scheme == "https" else None)
    for _ in range(row.connections if isinstance(row, Again) else 1):
        server.misbehaves(name)
    if isinstance(row, Again):
        server.plays(go_on)
    return server


def ids(received: Received, *, until: str | None = None) -> list[int]:
    """Of all pieces in the order of their delivery, `until` the first event of a name."""
    end = received.names.index(until) if until else None
    told = [event.detail for event in received.events[:end] if event.type == "message"]
    pieces = [each for each in told if isinstance(each, MessageEvent) and each.data != "[DONE]"]
    numbers = [int(piece.last_event_id) for piece in pieces]
    assert [f"data: {piece.data}\n\n".encode() for piece in pieces] == [
        EVENTS[number - 1] for number in numbers
    ]
    return numbers


def is_hurried(row: Again | Failed | Open, received: Received) -> bool:
    """Whether a slow machine has missed a short time before the fault was there."""
    if not isinstance(row, Again) or row.read_timeout is None:
        return False
    assert eventually(lambda: "error" in received.names), received.names
    return len(ids(received, until="error")) < row.told


def check_again(row: Again, received: Received, scheme: str) -> None:
    def is_back() -> bool:
        names = received.names
        return "error" in names and "open" in names[names.index("error") :]

    assert eventually(is_back), received.names
    assert eventually(lambda: len(ids(received)) >= ALL), received.names
    assert ids(received) == [1, 2, 3, 4]
    assert received.source.last_event_id == "4"
    assert eventually(lambda: received.source.ready_state == EventSource.OPEN)
    error, *others = received.of("error")
    assert not others or row.is_timed, others  # a slow machine can miss a short time once more
    expected = (row.error, *filter(None, (row.or_over_tls,)))
    assert isinstance(error, expected if scheme == "https" else row.error), repr(error)
    assert received.states[received.names.index("error")] == EventSource.CONNECTING
    assert error.retry_after > 0
    assert "answer" not in error.message
    before = len(ids(received, until="error"))
    assert before <= row.told if row.in_part else before == row.told


def check_failed(row: Failed, received: Received) -> None:
    error = received.failure()
    assert isinstance(error, row.error), repr(error)
    assert TOKEN not in f"{error!r} {error} {error.body}"
    assert "answer" not in error.message
    assert ids(received) == list(range(1, row.told + 1))


def check_open(row: Open, received: Received) -> None:
    def is_kept() -> bool:
        return eventually(lambda: sum(map(received.names.count, ("comment", "ping"))) > 100)

    assert is_kept() or is_kept(), received.names  # a drop at a time takes a slow machine long
    assert ids(received) == list(range(1, row.told + 1))
    assert received.source.ready_state == EventSource.OPEN
    assert "error" not in received.names


@pytest.fixture(autouse=True)
def _nothing_left(place: Place) -> Iterator[None]:
    process = psutil.Process()
    before = process.num_fds()
    yield
    assert eventually(lambda: not our_threads("stream")), our_threads("stream")
    assert eventually(lambda: process.num_fds() <= before), process.net_connections()


def listen(server: SuggestionsServer, place: Place, **options: Any) -> Received:
    return Received(server.url, session=place.session, token=TOKEN, **options)


def test_the_table_has_every_fault() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_each_fault(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str, place: Place) -> None:
    row = TABLE[name]
    if getattr(row, "error", None) is errors.ConnectTimeoutError:
        monkeypatch.setitem(timeouts.DEFAULTS, "connect", SHORT)  # it is 10 s, and no argument
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for times in (1, 10):
        timeout = None if isinstance(row, Failed) else row.read_timeout
        with serve(name, scheme, place) as server:
            received = listen(server, place, read_timeout=timeout and times * timeout)
            with received.source:
                hurried = times == 1 and is_hurried(row, received)
                if hurried:
                    pass
                elif isinstance(row, Again):
                    check_again(row, received, scheme)
                elif isinstance(row, Failed):
                    check_failed(row, received)
                else:
                    check_open(row, received)
                memory = tracemalloc.get_traced_memory()[1] - before
            assert eventually(lambda: not our_threads("stream"))
        if not hurried:
            break
    assert memory < CEILING, f"{memory / 2**20:.0f} MiB"
    if isinstance(row, Failed) and not name.startswith("redirect"):
        assert len(server.requests) == 1, "asked again"


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_close_within_each_fault(name: str, scheme: str, place: Place) -> None:
    with serve(name, scheme, place) as server:
        received = listen(server, place)
        time.sleep(random.uniform(0, 0.02))
        received.source.close()
        assert received.source.ready_state == EventSource.CLOSED
        assert eventually(lambda: not our_threads("stream"))
        assert ids(received) == list(range(1, len(ids(received)) + 1))
        assert received.source.ready_state == EventSource.CLOSED
