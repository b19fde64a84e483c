"""A loop that reads: what comes over the socket, and how the loop and its host fare meanwhile."""

from __future__ import annotations

import gzip
import ssl
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from loop_thread import LoopThread, ReceivedOn
from waiting import our_threads
from wire_server import (
    CHUNKED,
    LAST_CHUNK,
    SOON,
    UNTIL_CLOSE,
    Peer,
    Server,
    Told,
    answering,
    ca_file,
    eventually,
    framed,
    said,
    server_tls,
    sized,
)

from suggestions import errors
from suggestions.testing.answer_bytes import DONE

WORDS = [f"{number} " for number in range(2000)]
EVENTS = [said(word) for word in WORDS]
TEXT = "".join(WORDS)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = ca_file(tmp_path_factory.mktemp("trust"))
        yield session


# What comes over the socket


def with_coding(name: str, body: bytes) -> bytes:
    return UNTIL_CLOSE[:-2] + b"Content-Encoding: " + name.encode() + b"\r\n\r\n" + body


BODY = b"".join(EVENTS) + DONE
RESPONSES = {
    "chunked": [CHUNKED, *map(framed, EVENTS), framed(DONE), LAST_CHUNK],
    "one chunk": [CHUNKED, framed(BODY), LAST_CHUNK],
    "sized": [sized("200 OK", BODY)],
    "until the end": [UNTIL_CLOSE, BODY],
    "gzip": [with_coding("gzip", gzip.compress(BODY))],
    "deflate": [with_coding("deflate", zlib.compress(BODY))],
}


@pytest.mark.parametrize("tls", [None, "TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("way", ["at once", "the headers first", "in small parts"])
@pytest.mark.parametrize("name", RESPONSES)
def test_each_framing(
    name: str, way: str, tls: str | None, session: requests.Session, loop_thread: LoopThread
) -> None:
    """At once, something comes along with the headers; TLS then has several records, and events in
    each, of which the socket says nothing once they are decrypted."""
    whole = b"".join(RESPONSES[name])
    head = whole.index(b"\r\n\r\n") + 4
    step = 1500 if way == "in small parts" else len(whole)
    ends = [0, head] if way == "the headers first" else [0]
    parts = [whole[a:b] for a, b in zip(ends, [*ends[1:], len(whole)], strict=True)]
    parts = [part[n : n + step] for part in parts for n in range(0, len(part), step)]

    def script(peer: Peer) -> None:
        peer.request()
        for part in parts:
            peer.send(part)
            if way == "the headers first":
                peer.pause()

    context = None
    if tls is not None:
        context = server_tls()
        context.minimum_version = context.maximum_version = ssl.TLSVersion[tls]
    with Server(script, tls=context) as server:
        told = ReceivedOn(server.url, loop_thread, session=session).wait()
    assert told.source.result() == TEXT
    assert told.of("chunk") == WORDS
    assert told.threads == {loop_thread.ident}


def test_the_rest_in_tls_is_read_though_the_connection_goes_on(
    session: requests.Session, loop_thread: LoopThread
) -> None:
    """Nothing comes after it that would make the socket readable once more."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, *map(framed, EVENTS), framed(DONE))
        peer.wait_for_end()

    with Server(script, tls=server_tls()) as server:
        assert ReceivedOn(server.url, loop_thread, session=session).wait().source.result() == TEXT


def test_an_answer_in_one_piece(loop_thread: LoopThread) -> None:
    body = b'{"choices": [{"message": {"content": "Argentina"}, "finish_reason": "stop"}]}'
    with Server(answering(sized("200 OK", body, "application/json"))) as server:
        told = ReceivedOn(server.url, loop_thread).wait()
    assert told.source.result() == "Argentina"
    assert told.threads == {loop_thread.ident}


# Turns of the loop


class Turns:
    """Counts how often another callback of the loop has its turn, from the first chunk on."""

    def __init__(self, loop: LoopThread, told: Told) -> None:
        self.count = 0
        self._loop = loop.loop
        self._told = told
        told.source.once("chunk", lambda source, event: self._turn())

    def _turn(self) -> None:
        self.count += 1
        if "end" not in self._told.names:
            self._loop.call_soon(self._turn)


def test_others_have_their_turns_in_a_flood_with_a_slow_handler(loop_thread: LoopThread) -> None:
    def slow(source: Any, event: Any) -> None:
        time.sleep(0.001)

    with Server(answering(*RESPONSES["one chunk"])) as server:
        told = Told(server.url, dispatch=loop_thread.dispatch, start=False)
        told.source.connect("chunk", slow)
        turns = Turns(loop_thread, told)
        told.source.start()
        assert told.wait().source.result() == TEXT
    assert turns.count > 50  # 2,000 handlers of 1 ms, in slices of 10 ms


@pytest.mark.parametrize("goes_on", [True, False])
def test_others_have_their_turns_while_much_is_decompressed(
    goes_on: bool, loop_thread: LoopThread
) -> None:
    """At most 64 KiB of these 4 MB in a turn, whether or not the socket is readable meanwhile."""
    body = gzip.compress(said("a") + b": nothing\n\n" * 350_000 + said("b") + DONE)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(with_coding("gzip", body))
        if goes_on:
            peer.wait_for_end()

    with Server(script) as server:
        told = Told(server.url, dispatch=loop_thread.dispatch, start=False)
        turns = Turns(loop_thread, told)
        told.source.start()
        assert told.wait().source.result() == "ab"
    assert turns.count > 40


# Timeouts


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("name", "parts", "error"),
    [
        ("first_byte", [CHUNKED], errors.FirstByteTimeoutError),
        ("idle", [CHUNKED, framed(said("a"))], errors.IdleTimeoutError),
        ("content", [CHUNKED, framed(said("a"))], errors.ContentTimeoutError),
        ("total", [CHUNKED, framed(said("a"))], errors.TotalTimeoutError),
    ],
)
def test_timeouts(
    name: str,
    parts: list[bytes],
    error: type[errors.SuggestionsError],
    scheme: str,
    session: requests.Session,
    loop_thread: LoopThread,
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        while name == "content":
            peer.send(framed(b": ping\n\n"))
            peer.pause(0.02)
        peer.wait_for_end()

    timeouts = {**dict.fromkeys(("connect", "first_byte", "idle", "content", "total")), name: 1.0}
    with Server(script, tls=server_tls() if scheme == "https" else None) as server:
        start = time.monotonic()
        told = ReceivedOn(server.url, loop_thread, session=session, timeouts=timeouts, retries=0)
        assert type(told.error()) is error
        assert 0.5 < time.monotonic() - start < SOON
    assert eventually(lambda: not our_threads())
