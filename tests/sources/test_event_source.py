"""`EventSource` over real sockets: the standard's processing model row by row (WHATWG HTML,
section 9.2), a server that comes and goes, closing and restarting, handlers and their history."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import random
import socket
import sys
import threading
import time
import traceback
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests
import script
from handlers import Recorder
from hypothesis import given
from hypothesis import strategies as st
from waiting import our_threads
from wire_server import (
    CHUNKED,
    LAST_CHUNK,
    SOON,
    TOKEN,
    UNTIL_CLOSE,
    Peer,
    Script,
    Server,
    answering,
    eventually,
    framed,
    free_port,
    full_backlog,
    sized,
)

from suggestions import Event, EventSource, errors, signals
from suggestions._sources.stream_entries import StreamLog
from suggestions._wire.retry import reconnection_delay
from suggestions._wire.sse import Comment, EventStream
from suggestions.events import MessageEvent
from suggestions.toolkits import Pump

AT_ONCE = 5.0
"""Seconds. Whatever a close() could wait for lasts much longer; what it takes is measured in
benchmarks/, and is under 5 ms."""
NEVER = 3600.0
"""Seconds to the next connection, for a test that must not see one."""


class Received(Recorder):
    """A stream, its events in the order in which they came, and its state at each."""

    def __init__(self, url: str, *, start: bool = True, **options: Any) -> None:
        super().__init__()
        self.states: list[int] = []
        self.source = EventSource(url, start=False, **{"initial_retry_delay": 0.01, **options})
        self.source.connect("*", self)
        if start:
            self.source.start()

    def __call__(self, source: EventSource, event: Event[Any]) -> None:
        self.states.append(source.ready_state)  # before the event, which others wait for
        super().__call__(source, event)

    @property
    def data(self) -> list[str]:
        """Of all messages, whatever they are called."""
        details = [event.detail for event in self.events]
        return [detail.data for detail in details if isinstance(detail, MessageEvent)]

    def until(self, *names: str) -> Received:
        """Waits until the first events have these names."""
        assert eventually(lambda: len(self.events) >= len(names)), self.names
        assert self.names[: len(names)] == list(names)
        return self

    def failure(self) -> Any:
        """The error that closed it, the only one."""
        assert eventually(lambda: "error" in self.names), self.names
        [error] = self.of("error")
        assert self.names[-1] == "error"
        assert self.source.ready_state == self.states[-1] == EventSource.CLOSED
        return error


@pytest.fixture
def listen() -> Iterator[Callable[..., Received]]:
    """Makes sources that are closed at the end, before the server goes."""
    with contextlib.ExitStack() as sources:

        def begin(url: str, **options: Any) -> Received:
            received = Received(url, **options)
            sources.enter_context(received.source)
            return received

        yield begin


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert eventually(lambda: not our_threads("stream")), our_threads("stream")


@contextlib.contextmanager
def serving(*scripts: Script | bytes) -> Iterator[Server]:
    """One script, or bytes to send, for each connection; the last goes for all further ones."""

    def play(peer: Peer) -> None:
        script = scripts[min(peer.number, len(scripts)) - 1]
        (answering(script) if isinstance(script, bytes) else script)(peer)

    with Server(play) as server:
        yield server


def open_with(*parts: bytes) -> Script:
    """Sends the parts and stays."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, *map(framed, parts))
        peer.wait_for_end()

    return script


STAYS = open_with()


# The request (9.2.2, 9.2.3)


def test_the_request() -> None:
    with serving(STAYS) as server, contextlib.closing(EventSource(server.url)) as source:
        assert eventually(lambda: source.ready_state == EventSource.OPEN)
        [request] = server.requests
        assert request.line == "GET /ask HTTP/1.1"
        assert request.headers["Accept"] == "text/event-stream"
        assert request.headers["Cache-Control"] == "no-cache"  # for the mode "no-store"
        assert "Last-Event-ID" not in request.headers
        assert "Authorization" not in request.headers
        assert source.url == server.url
        assert source.last_event_id == ""
        assert source.reconnection_time == 3.0


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        (b"\x00raw", b"\x00raw", None),
        ("Grüße", "Grüße".encode(), None),
        ({"prompt": "Hi"}, b'{"prompt": "Hi"}', "application/json"),
        ([1, None], b"[1, null]", "application/json"),
        (None, b"", None),
    ],
)
def test_post_sends_the_body_each_time(
    listen: Callable[..., Received], body: Any, sent: bytes, content_type: str | None
) -> None:
    with serving(UNTIL_CLOSE, STAYS) as server:
        listen(server.url, method="post", body=body).until("open", "error", "open")
        for request in server.requests:
            assert request.line.startswith("POST ")
            assert request.body == sent
            assert request.headers["Content-Type"] == content_type


def test_a_content_type_of_the_callers_own(listen: Callable[..., Received]) -> None:
    with serving(STAYS) as server:
        headers = {"content-type": "application/x-mine", "X-Title": "mine"}
        listen(server.url, method="POST", body={}, headers=headers).until("open")
        assert server.requests[0].headers.get_all("Content-Type") == ["application/x-mine"]
        assert server.requests[0].headers["X-Title"] == "mine"


# Announcing the connection: 200 and text/event-stream


@pytest.mark.parametrize(
    "content_type",
    ["text/event-stream", "text/event-stream; charset=latin-1", "TEXT/Event-Stream ;x=y"],
)
def test_a_stream_is_announced(listen: Callable[..., Received], content_type: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode())
        peer.send("data: ä\n\n".encode())
        peer.wait_for_end()

    with serving(script) as server:
        received = listen(server.url).until("open", "message")
        assert received.states[0] == received.source.ready_state == EventSource.OPEN == 1
        [info] = received.of("open")
        assert info.status == 200
        assert info.headers["content-type"] == content_type
        assert received.data == ["ä"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/event-stream\r\nContent-Type: text/event-stream",
        "text/plain\r\nContent-Type: Text/Event-Stream; charset=utf-8",
        "text/event-stream,",
        'text/event-stream; charset="a,b/c"',
        "text/html, text/event-stream, */*",
    ],
)
def test_the_last_media_type_counts(listen: Callable[..., Received], content_type: str) -> None:
    """As in browsers, where a proxy adds one to the service's own."""
    with serving(answering(sized("200 OK", b"data: x\n\n", content_type))) as server:
        assert listen(server.url).until("open", "message").data[0] == "x"


# Failing the connection: never another request


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", errors.StatusError),
        (sized("200 OK", b"data: x\n\n", "text/html"), errors.NotAnAnswerError),
        (sized("200 OK", b"data: x\n\n", "text/event-streams"), errors.NotAnAnswerError),
        (sized("200 OK", b"data: x\n\n", ""), errors.NotAnAnswerError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", errors.NotAnAnswerError),
        (sized("201 Created"), errors.StatusError),
        (sized("206 Partial Content"), errors.StatusError),
        (sized("304 Not Modified"), errors.StatusError),
        (sized("400 Bad Request"), errors.StatusError),
        (sized("401 Unauthorized"), errors.AuthenticationError),
        (sized("403 Forbidden"), errors.AuthenticationError),
        (sized("404 Not Found"), errors.StatusError),
        (sized("429 Too Many", Retry_After="1"), errors.QuotaExceededError),
        (sized("500 Error"), errors.StatusError),
        (sized("502 Bad Gateway"), errors.StatusError),
        (sized("503 Busy"), errors.ServiceUnavailableError),
        (sized("302 Found", Location="ftp://localhost/"), errors.RedirectError),
        (sized("302 Found", Location="/again"), errors.RedirectError),
    ],
)
def test_a_final_response_closes_it(
    listen: Callable[..., Received], response: bytes, kind: type[errors.SuggestionsError]
) -> None:
    def script(peer: Peer) -> None:
        while True:  # a redirect may come on the same connection
            peer.request()
            peer.send(response)

    with serving(script) as server:
        received = listen(server.url)
        error = received.failure()
        assert type(error) is kind
        assert error.retry_after == (1.0 if error.status == 429 else None)
        requests_made = len(server.requests)
        assert received.names == ["error"]
        received.source.close()
        assert eventually(lambda: not our_threads("stream"))
        assert len(server.requests) == requests_made
        assert requests_made == 1 or kind is errors.RedirectError


def test_a_refusal_says_what_the_server_says(listen: Callable[..., Received]) -> None:
    body = json.dumps({"errorMessage": f"No such stream for {TOKEN}."}).encode()
    with serving(sized("404 Not Found", body, "application/json")) as server:
        error = listen(server.url, token=TOKEN).failure()
        assert error.status == 404
        assert "No such stream" in error.message
        assert TOKEN not in error.message + error.body


def test_an_endless_body_of_another_type_ends_it_as_well(listen: Callable[..., Received]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                peer.send(b"x" * 10_000)

    with serving(script) as server:
        assert "text/plain" in listen(server.url).failure().message


def test_an_event_that_is_too_large_would_be_so_the_next_time(
    listen: Callable[..., Received],
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, b"id: 1\ndata: a\n\n", b"data: ")
        with contextlib.suppress(OSError):
            for _ in range(17):
                peer.send(b"x" * 1024 * 1024)
            peer.wait_for_end()

    with serving(script) as server:
        received = listen(server.url)
        assert isinstance(received.failure(), errors.EventTooLargeError)
        assert received.data == ["a"]
        assert received.source.last_event_id == "1"


# Redirects are followed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_from_the_first_address_each_time(
    listen: Callable[..., Received], status: int
) -> None:
    with serving(open_with(b"id: 1\ndata: a\n\n")) as target:

        def redirect(peer: Peer) -> None:
            peer.request()
            # Another origin: localhost became a number.
            place = target.url.replace("localhost", "127.0.0.1")
            peer.send(sized(f"{status} Moved", Location=place))

        with serving(redirect) as server:
            received = listen(server.url, token=TOKEN, last_event_id="0").until("open", "message")
            [message] = received.of("message")
            assert message.origin == f"http://127.0.0.1:{target.port}"
            received.source.restart()
            received.until("open", "message", "open", "message")
            assert len(server.requests) == 2
            ids = [request.headers["Last-Event-ID"] for request in target.requests]
            assert ids == ["0", "1"]
            assert all("Authorization" not in request.headers for request in target.requests)
            assert received.source.url == server.url


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirected_post_keeps_its_body(listen: Callable[..., Received], status: int) -> None:
    with serving(STAYS) as target:
        with serving(sized(f"{status} Moved", Location=target.url)) as server:
            listen(server.url, method="POST", body="question").until("open")
        assert target.requests[0].line.startswith("POST ")
        assert target.requests[0].body == b"question"


def test_a_redirect_that_would_drop_the_body_is_final(listen: Callable[..., Received]) -> None:
    with serving(sized("302 Found", Location="/there")) as server:
        error = listen(server.url, method="POST", body="question").failure()
        assert isinstance(error, errors.RedirectError)
        assert len(server.requests) == 1


def test_what_is_no_fault_of_the_server_is_logged_and_final(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def leave() -> None:
        raise SystemExit

    failures: list[Any] = []
    source = EventSource("https://service.example/", session=script.Script([leave]).session())
    source.connect("error", lambda source, event: failures.append(event.detail))
    eventually(lambda: bool(failures))
    assert isinstance(failures[0], errors.NetworkError)
    assert isinstance(failures[0].__cause__, SystemExit)
    assert source.ready_state == EventSource.CLOSED
    [record] = caplog.records
    assert "no fault of the server" in record.getMessage()
    assert "SystemExit" in record.getMessage()


def test_an_adapter_of_ones_own_that_fails_puts_no_token_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Careless(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **options: Any) -> Any:
            raise LookupError(f"not with {request.headers['Authorization']}")

        def close(self) -> None:
            pass

    session = requests.Session()
    session.mount("https://", Careless())
    failures: list[Any] = []
    source = EventSource("https://service.example/", token="not-to-be-told", session=session)
    source.connect("error", lambda source, event: failures.append(event.detail))
    assert eventually(lambda: bool(failures))
    told = caplog.text + "".join(traceback.format_exception(failures[0]))
    assert "LookupError: not with Bearer [token]" in told
    assert "not-to-be-told" not in told


# Reestablishing the connection: after every network error, and after every end


def unanswered(peer: Peer) -> None:
    peer.request()


def reset(peer: Peer) -> None:
    peer.request()
    peer.reset()


def reset_in_the_stream(peer: Peer) -> None:
    peer.request()
    peer.send(CHUNKED)
    peer.pause()
    peer.reset()


LOST: dict[str, Script | bytes] = {
    "closed before a request": Peer.close,
    "closed before an answer": unanswered,
    "reset before an answer": reset,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "closed within the status line": CHUNKED[:7],
    "closed within a header": CHUNKED[:40],
    "closed between two headers": CHUNKED[:17],
    "closed within the end of the headers": CHUNKED[:-2],
    "the end of a stream that ends with the connection": UNTIL_CLOSE,
    "the end of a stream in chunks": CHUNKED + LAST_CHUNK,
    "the end of a stream with a length": sized("200 OK"),
    "a stream in chunks that is cut off": CHUNKED,
    "a stream with a length that is cut off": sized("200 OK", b":\n\n" * 50)[:-40],
    "a malformed chunk": CHUNKED + b"what?\r\n",
    "broken compression": sized("200 OK", b"no gzip", Content_Encoding="gzip"),
    "reset in the stream": reset_in_the_stream,
}


@pytest.mark.parametrize("how", LOST)
def test_a_lost_connection_is_made_again(listen: Callable[..., Received], how: str) -> None:
    with serving(LOST[how], open_with(b"data: a\n\n")) as server:
        received = listen(server.url, initial_retry_delay=0.05)
        assert eventually(lambda: received.data == ["a"]), received.names
        [error] = received.of("error")
        assert isinstance(error, errors.NetworkError)
        assert 0.05 <= error.retry_after <= 0.05 * 1.25
        assert received.states[received.names.index("error")] == EventSource.CONNECTING == 0
        assert received.source.ready_state == EventSource.OPEN
        assert server.connections == 2


def test_no_server_listens_at_first(listen: Callable[..., Received]) -> None:
    port = free_port()
    received = listen(f"http://localhost:{port}/ask", max_retry_delay=0.02)
    received.until("error", "error", "error")
    assert received.source.ready_state == EventSource.CONNECTING
    with Server(STAYS, port=port):
        assert eventually(lambda: "open" in received.names)
    delays = [error.retry_after for error in received.of("error")]
    assert delays[1] >= 0.02, "the second one in a row waits twice as long"


def test_the_backoff_begins_anew_with_each_stream(listen: Callable[..., Received]) -> None:
    with serving(unanswered, unanswered, UNTIL_CLOSE, STAYS) as server:
        received = listen(server.url).until("error", "error", "open", "error", "open")
        first, second, third = (error.retry_after for error in received.of("error"))
        assert 0.01 <= first < 0.02 <= second
        assert third < 0.02


@pytest.mark.parametrize(
    ("reconnection_time", "failures", "longest", "at_least", "at_most"),
    [
        (3.0, 0, 30.0, 3.0, 3.75),
        (3.0, 1, 30.0, 6.0, 7.5),
        (3.0, 9, 30.0, 30.0, 37.5),
        (3.0, 10**9, 30.0, 30.0, 37.5),
        (60.0, 0, 30.0, 60.0, 75.0),  # the server's word counts
        (60.0, 9, 30.0, 60.0, 75.0),
        (0.0, 0, 30.0, 0.0, 0.02),
        (0.0, 20, 30.0, 30.0, 37.5),  # no server is asked without a pause
    ],
)
def test_the_delay(
    reconnection_time: float, failures: int, longest: float, at_least: float, at_most: float
) -> None:
    delays = {reconnection_delay(reconnection_time, failures, longest) for _ in range(100)}
    assert at_least <= min(delays) <= max(delays) <= at_most
    assert len(delays) > 1, "without jitter, all come back at once"


# retry


@pytest.mark.parametrize(
    ("stream", "seconds"),
    [
        (b"retry: 120\n\n", 0.12),
        (b"retry:120\ndata: a\n\n", 0.12),
        (b"retry: 120\n", 0.12),  # counts when its line ends
        (b"retry: 120", 0.05),
        (b"retry: 110\n\nretry: 120\n\n", 0.12),
        (b"retry: 120\n\nretry: 2s\n\nretry: -1\n\nretry\n\n", 0.12),
        (b"retry: 0\n\n", 0.1),  # not asked without a rest
        (b": nothing\n\n", 0.05),
    ],
)
def test_the_server_sets_the_reconnection_time(
    listen: Callable[..., Received], stream: bytes, seconds: float
) -> None:
    with serving(UNTIL_CLOSE + stream, UNTIL_CLOSE, STAYS) as server:
        received = listen(server.url, initial_retry_delay=0.05)
        assert eventually(lambda: received.names.count("open") == 3)
        assert received.source.reconnection_time == seconds
        for error in received.of("error"):
            assert seconds <= error.retry_after <= seconds * 1.25


# Last-Event-ID


@pytest.mark.parametrize(
    ("stream", "sent"),
    [
        (b"id: 7\ndata: a\n\n", "7"),
        (b"id: 7\n\n", "7"),  # an id counts without data
        (b"id: 7\ndata: a\n\ndata: b\n\n", "7"),  # it stays
        (b"id: 7\ndata: a\n\nid: 8\ndata: b\n", "7"),  # not without the blank line
        (b"id: 7\ndata: a\n\nid\ndata: b\n\n", None),  # an empty one resets it
        (b"id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n", "7"),  # NUL: ignored
        ("id: ä€😀\ndata: a\n\n".encode(), "ä€😀"),
        (b"id:  two blanks \ndata: a\n\n", "two blanks"),
        (b"data: a\n\n", "first"),
        (b"", "first"),
    ],
)
def test_the_last_event_id_goes_along(
    listen: Callable[..., Received], stream: bytes, sent: str | None
) -> None:
    # The third connection: an id is kept over a stream without one.
    with serving(UNTIL_CLOSE + stream, UNTIL_CLOSE + b"data: z\n\n", STAYS) as server:
        received = listen(server.url, last_event_id="first")
        assert eventually(lambda: received.names.count("open") == 3)
        told = [request.headers["Last-Event-ID"] for request in server.requests]
        assert told[0] == "first"
        for header in told[1:]:
            assert (header and header.rstrip(" ")) == (sent and sent.encode().decode("latin-1"))
        assert received.source.last_event_id.strip() == (sent or "")
        assert received.of("message")[-1].last_event_id.strip() == (sent or "")


# Dispatching (9.2.6)


def test_events_go_to_the_handlers_of_their_name() -> None:
    told: dict[str, list[str]] = {}
    stream = (
        b"data: plain\n\n"
        b"event: new-message\ndata: named\n\n"
        b"event:\ndata: empty name\n\n"
        b"event: message\ndata: one\ndata\ndata:  two\n\n"
        b"event: no-data\n\n"
        b"data\n\n"
        b"event: error\ndata: taken\n\n"
        b"event: *\ndata: taken too\n\n"
        b"data: unfinished\n"
    )
    with serving(open_with(stream)) as server, EventSource(server.url, start=False) as source:
        for name in ("message", "new-message", "no-data", "error", "*"):
            source.connect(
                name,
                lambda source, event, name=name: told.setdefault(name, []).append(
                    getattr(event.detail, "data", "")
                ),
            )
        source.start()
        assert eventually(lambda: len(told.get("*", [])) == 8)
    plain = ["plain", "empty name", "one\n\n two", "", "taken", "taken too"]
    assert told["message"] == plain
    assert told["new-message"] == ["named"]
    assert told["*"] == ["", "plain", "named", *plain[1:]]
    assert set(told) == {"message", "new-message", "*"}


def test_the_payload(listen: Callable[..., Received]) -> None:
    with serving(open_with(b'event: new\nid: 1\ndata: {"a": [1, null]}\n\n')) as server:
        received = listen(server.url).until("open", "new")
        [payload] = received.of("new")
        origin = f"http://localhost:{server.port}"
        assert payload == ('{"a": [1, null]}', "new", "1", origin)
        assert payload.json() == {"a": [1, None]}
        assert received.events[-1].target is received.source


@pytest.mark.parametrize("data", ["", "{", "NaN", "[Infinity]", "[" * 200_000, '"\x00"'])
def test_data_that_is_no_json(data: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        MessageEvent(data, "message", "", "").json()


def test_comments_are_told_in_their_place(listen: Callable[..., Received]) -> None:
    stream = b":first\n\ndata: a\n\n: x\ndata: b\n:  y\n\n:\n\n: cut"
    with serving(open_with(stream)) as server:
        received = listen(server.url)
        received.until("open", "comment", "message", "comment", "comment", "message", "comment")
        assert received.of("comment") == ["first", " x", "  y", ""]
        assert received.data == ["a", "b"]


@given(
    st.lists(st.sampled_from([":", ": a", "data: b", "id: 1", "retry: 5", "event: e", "", ""])),
    st.lists(st.integers(0, 200)),
)
def test_comments_change_nothing_else(lines: list[str], cuts: list[int]) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(places)]
    told = list(EventStream(chunks, with_comments=True))
    events = [event for event in told if not isinstance(event, Comment)]
    assert events == list(EventStream(chunks))
    comments = [event.data for event in told if isinstance(event, Comment)]
    assert comments == [line[1:] for line in lines if line.startswith(":")]


# A server that is killed and started again


def numbers_from(peer: Peer) -> None:
    """Sends every number after the last one that has arrived, cut anywhere, without an end."""
    headers = peer.request().headers
    number = int(headers.get("Last-Event-ID", 0))
    peer.send(CHUNKED)
    rest = b""
    while True:
        number += 1
        rest += b"id: %d\r\ndata: %d\r\n\r\n" % (number, number)
        cut = random.randint(1, len(rest))
        peer.send(framed(rest[:cut]))
        rest = rest[cut:]
        if not number % 50:
            peer.pause()


def test_nothing_is_lost_or_doubled_over_50_lives_of_the_server(
    listen: Callable[..., Received],
) -> None:
    port = free_port()
    received = listen(f"http://localhost:{port}/ask", max_retry_delay=0.05, history=10)
    late: list[str] = []
    for life in range(50):
        with Server(numbers_from, port=port) as server:
            # Until then, what comes is still of the life before.
            assert eventually(lambda server=server: server.connections)
            known = len(received.data)
            enough = known + random.choice((1, 1, 10, 60))
            assert eventually(lambda enough=enough: len(received.data) >= enough), received.names[
                -5:
            ]
            if life == 25:
                received.source.connect(
                    "message", lambda source, event: late.append(event.detail.data)
                )
    received.source.close()
    assert eventually(lambda: not our_threads("stream"))  # all handlers have got it
    assert received.names.count("error") >= 49
    assert received.data == [str(number + 1) for number in range(len(received.data))]
    first = int(late[0])
    assert late == [str(first + number) for number in range(len(late))]
    # It is called before the handler of all names, and close() may have come in between.
    assert len(late) - len(received.data[first - 1 :]) in (0, 1)


def test_a_close_and_a_restart_do_not_lose_what_was_not_told(
    listen: Callable[..., Received],
) -> None:
    with serving(numbers_from) as server:
        received = listen(server.url, start=False)
        pauses = {5, 17, 60}

        def pause(source: EventSource, event: Event[MessageEvent]) -> None:
            if int(event.detail.data) in pauses:
                pauses.remove(int(event.detail.data))
                source.close()
                threading.Thread(target=source.restart).start()

        received.source.connect("message", pause)
        received.source.start()
        assert eventually(lambda: len(received.data) > 100)
        received.source.close()
        assert not pauses
        # The one that was being delivered has reached those connected before.
        numbers = [int(data) for data in received.data]
        missing = set(range(1, numbers[-1])).difference(numbers)
        assert missing <= {5, 17, 60}
        assert numbers == sorted(set(numbers))


# Tokens


def told_until_closed(enough: int) -> tuple[list[int], str]:
    """The ids that a stream delivers until it is closed, and the id to go on after."""
    numbers = [b"id: %d\ndata: x\n\n" % n for n in range(1, 60)]
    told: list[int] = []
    stream = script.Script([*numbers, script.HOLD])
    source = EventSource("https://s.example/", session=stream.session(), start=False)
    source.connect("message", lambda source, event: told.append(int(event.detail.last_event_id)))
    source.start()
    while len(told) < enough:
        time.sleep(0)
    source.close()
    last = source.last_event_id
    assert eventually(lambda: not our_threads("stream"))
    return told, last


def test_a_close_at_any_moment_loses_and_doubles_nothing() -> None:
    moments, interval = random.Random(1), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(150):
            told, last = told_until_closed(moments.randint(1, 50))
            assert told == list(range(1, int(last) + 1))
    finally:
        sys.setswitchinterval(interval)


def test_a_watcher_hears_nothing_after_close() -> None:
    told: list[str] = []
    stream = script.Script([b"data: a\n\n", script.HOLD])
    source = EventSource("https://s.example/", session=stream.session(), start=False)
    source.connect("open", lambda source, event: source.close())
    with signals.open.connected_to(lambda source, event: told.append(event.type), sender=source):
        source.start()
        assert eventually(lambda: not our_threads("stream"))
    assert source.ready_state is EventSource.CLOSED
    assert told == []


def test_a_signals_handler_may_close_what_is_just_restarted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = script.Script([b"data: a\n\n", script.HOLD])
    received = Received("https://s.example/", session=stream.session(), start=False)
    source, start = received.source, threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        source.close()  # as a signal's handler does on this very thread
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        source.restart()
    assert eventually(lambda: not our_threads("stream"))
    assert source.ready_state is EventSource.CLOSED
    assert received.data == []
    source.restart()
    assert eventually(lambda: "a" in received.data)
    source.close()
    assert source.ready_state is EventSource.CLOSED


@pytest.mark.parametrize("pending", [False, True])
def test_a_host_that_has_gone_closes_what_is_restarted(pending: bool) -> None:
    pump, here = Pump(), threading.Event()
    stream = script.Script([b"data: a\n\n", here.set, script.HOLD])
    received = Received("https://s.example/", session=stream.session(), dispatch=pump)
    assert here.wait(SOON)
    if not pending:
        assert eventually(lambda: pump.run(1) or received.data == ["a"])
    pump.close()
    assert received.source.ready_state is EventSource.CLOSED
    received.source.restart()
    assert eventually(lambda: received.source.ready_state is EventSource.CLOSED)


@pytest.mark.parametrize("leaves", ["once", "disconnect", "host"])
def test_a_late_handler_that_has_received_its_events_can_be_freed(leaves: str) -> None:
    pump, stream = Pump(), script.Script([b"data: a\n\n", b"data: b\n\n", script.HOLD])
    received = Received("https://s.example/", session=stream.session(), dispatch=pump)
    assert eventually(lambda: pump.run(1) or received.data == ["a", "b"])
    late = Recorder()
    connect = received.source.once if leaves == "once" else received.source.connect
    connect("message", late)
    assert eventually(lambda late=late: not pump.run(1) and late.events)
    if leaves == "disconnect":
        received.source.disconnect("message", late)
    elif leaves == "host":
        pump.close()
    gone = weakref.ref(late)
    del late
    gc.collect()
    received.source.close()
    assert gone() is None


def test_what_was_forgotten_is_not_kept_again_when_it_is_withdrawn() -> None:
    log = StreamLog(0, "", lambda: 2)
    for number in range(3):
        log.append(Event("message", MessageEvent("x", "message", str(number), "")))
    assert log.withdraw(1) == "1"  # the entries before the third are gone
    assert log.kept == 1
    assert log[2] is None


def test_an_entry_is_kept_until_it_is_delivered() -> None:
    """The host looks for the next one while the reader appends, and forgets what is over."""
    numbers = [str(number) for number in range(2000)]
    pieces = [f"data: {number}\n\n".encode() for number in numbers]
    stream, pump = script.Script([*pieces, script.HOLD]), Pump()
    received = Received("https://s.example/", session=stream.session(), dispatch=pump, history=0)
    assert eventually(lambda: (pump.run(), len(received.data) == len(numbers))[1])
    assert received.data == numbers
    received.source.close()


def test_each_connection_asks_for_the_token(listen: Callable[..., Received]) -> None:
    tokens = iter(["one", "two"])
    with serving(UNTIL_CLOSE, STAYS) as server:
        listen(server.url, token=lambda: next(tokens)).until("open", "error", "open")
        sent = [request.headers["Authorization"] for request in server.requests]
        assert sent == ["Bearer one", "Bearer two"]


class Provider:
    def __init__(self) -> None:
        self.refusals: list[str] = []

    def __call__(self) -> str:
        return f"{TOKEN}-{len(self.refusals)}"

    def refused(self, token: str) -> bool:
        self.refusals.append(token)
        return True


def test_a_refused_token_is_renewed_once_for_each_stream(listen: Callable[..., Received]) -> None:
    no, provider = sized("401 No"), Provider()
    with serving(no, UNTIL_CLOSE, no, STAYS) as server:
        received = listen(server.url, token=provider).until("open", "error", "open")
        assert provider.refusals == [f"{TOKEN}-0", f"{TOKEN}-1"]
        assert server.connections == 4
        assert TOKEN not in repr((received.source, received.events))


def test_a_token_refused_twice_is_final(listen: Callable[..., Received]) -> None:
    provider = Provider()
    with serving(sized("401 No")) as server:
        assert isinstance(listen(server.url, token=provider).failure(), errors.AuthenticationError)
        assert provider.refusals == [f"{TOKEN}-0"]
        assert server.connections == 2


def test_a_provider_that_fails(listen: Callable[..., Received]) -> None:
    def provider() -> str:
        raise KeyError(TOKEN)

    with serving(STAYS) as server:
        error = listen(server.url, token=provider).failure()
        assert isinstance(error, errors.AuthenticationError)
        assert TOKEN not in repr(error)
        assert server.connections == 0


def test_a_token_over_plain_http_to_another_machine_warns() -> None:
    with pytest.warns(UserWarning, match="plain http") as caught:
        EventSource("http://example.org/", token=TOKEN, start=False)
    assert caught[0].filename == __file__
    assert TOKEN not in str(caught[0].message)


# A silent connection


@pytest.mark.parametrize("first", [b"", CHUNKED, CHUNKED + framed(b"data: a\n\n")])
def test_a_silent_connection_is_dropped_and_made_again(
    listen: Callable[..., Received], first: bytes
) -> None:
    ended = threading.Event()

    def silent(peer: Peer) -> None:
        peer.request()
        peer.send(first)
        peer.wait_for_end()
        ended.set()

    with serving(silent, open_with(b"data: b\n\n")) as server:
        received = listen(server.url, read_timeout=0.2)
        assert eventually(lambda: "b" in received.data), received.names
        assert ended.wait(SOON)
        [error, *_] = received.of("error")
        assert isinstance(error, (errors.FirstByteTimeoutError, errors.IdleTimeoutError))


def test_comments_keep_a_connection(listen: Callable[..., Received]) -> None:
    peers: list[Peer] = []

    def script(peer: Peer) -> None:
        peers.append(peer)
        peer.request()
        peer.send(CHUNKED)
        for _ in range(60):
            peer.send(framed(b":\n\n"))
            peer.pause()
        peer.wait_for_end()

    def attempt(server: Server) -> list[str]:
        received = listen(server.url, read_timeout=2.5)
        assert eventually(
            lambda: received.names.count("comment") >= 60 or "error" in received.names
        )
        received.source.close()
        return received.names

    with serving(script) as server:
        names = attempt(server)
        while "error" in names and max(peer.longest_silence for peer in peers) > 2:
            peers.clear()
            names = attempt(server)  # it was the machine that was silent
        assert names.count("comment") == 60
        assert "error" not in names


# Closing: at once, in every phase, and nothing starts any more


@contextlib.contextmanager
def connecting() -> Iterator[tuple[str, Callable[[Received], object]]]:
    with full_backlog() as port:
        yield f"http://127.0.0.1:{port}/", lambda received: time.sleep(0.05)


def phase(script: Script, ready: Callable[[Received, Server], object]) -> Callable[[], Any]:
    @contextlib.contextmanager
    def scene() -> Iterator[tuple[str, Callable[[Received], object]]]:
        with Server(script) as server:
            yield server.url, lambda received: eventually(lambda: ready(received, server))

    return scene


def flood(peer: Peer) -> None:
    peer.request()
    peer.send(CHUNKED)
    with contextlib.suppress(OSError):
        while True:
            peer.send(framed(b"data: word\n\n") * 100)


def asked(received: Received, server: Server) -> bool:
    return bool(server.requests)


def silent(peer: Peer) -> None:
    peer.request()
    peer.wait_for_end()


def endless_error(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 10000\r\n\r\n.")
    peer.wait_for_end()


PHASES: dict[str, Callable[[], Any]] = {
    "connecting": connecting,
    "awaiting headers": phase(silent, asked),
    "open and silent": phase(STAYS, lambda received, server: "open" in received.names),
    "flood": phase(flood, lambda received, server: len(received.events) > 50),
    "the body of an error": phase(endless_error, asked),
    "waiting for the next connection": phase(
        answering(UNTIL_CLOSE), lambda received, server: "error" in received.names
    ),
}


@pytest.mark.parametrize("name", PHASES)
def test_close_in_each_phase(listen: Callable[..., Received], name: str) -> None:
    with PHASES[name]() as (url, get_there):
        received = listen(url, initial_retry_delay=NEVER)
        get_there(received)
        start = time.monotonic()
        received.source.close()
        assert time.monotonic() - start < AT_ONCE
        before = len(received.events)
        assert received.source.ready_state == EventSource.CLOSED == 2
        assert eventually(lambda: not our_threads("stream"))
        after = len(received.events)
        assert after - before <= 1  # a call that was claimed may have been under way
        received.source.close()
        received.source.dispatch_event(Event("message", "of one's own"))
        assert len(received.events) == after


@pytest.mark.parametrize("name", PHASES)
def test_restart_in_each_phase(listen: Callable[..., Received], name: str) -> None:
    with PHASES[name]() as (url, get_there):
        received = listen(url, initial_retry_delay=NEVER)
        get_there(received)
        start = time.monotonic()
        received.source.restart()
        assert time.monotonic() - start < AT_ONCE
        assert eventually(lambda: len(our_threads("stream")) == 1)


def test_the_server_sees_the_close() -> None:
    ended = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        peer.wait_for_end()
        ended.set()

    with serving(script) as server, EventSource(server.url) as source:
        assert eventually(lambda: source.ready_state == EventSource.OPEN)
        source.close()
        assert ended.wait(SOON)


def test_close_in_a_handler_is_the_last_event(listen: Callable[..., Received]) -> None:
    with serving(flood) as server:
        received = listen(server.url, start=False)
        received.source.connect("message", lambda source, event: source.close())
        received.source.start()
        assert eventually(lambda: received.source.ready_state == EventSource.CLOSED)
        assert eventually(lambda: not our_threads("stream"))
        assert received.names == ["open"], "the handler of all names comes behind"


def test_close_before_the_start(listen: Callable[..., Received]) -> None:
    with serving(STAYS) as server:
        received = listen(server.url, start=False)
        assert received.source.ready_state == EventSource.CONNECTING
        received.source.close()
        received.source.start()
        with pytest.raises(RuntimeError, match="started already"):
            received.source.start()
        assert not our_threads("stream")
        assert server.connections == 0


def test_closing_and_restarting_from_many_threads(listen: Callable[..., Received]) -> None:
    with serving(open_with(b"data: a\n\n")) as server:
        received = listen(server.url)

        def work() -> None:
            for _ in range(20):
                random.choice((received.source.close, received.source.restart))()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(SOON)
        assert eventually(lambda: len(our_threads("stream")) <= 1)
        received.source.restart()
        assert eventually(lambda: received.source.ready_state == EventSource.OPEN)
        assert eventually(lambda: received.names[-2:] == ["open", "message"])


# Restarting


def test_restart_does_not_wait_for_the_reconnection_time(listen: Callable[..., Received]) -> None:
    with serving(UNTIL_CLOSE + b"id: 1\ndata: a\n\n", STAYS) as server:
        received = listen(server.url, initial_retry_delay=NEVER).until("open", "message", "error")
        received.source.restart()
        received.until("open", "message", "error", "open")
        assert server.requests[1].headers["Last-Event-ID"] == "1"


def test_restart_after_close_and_after_failure(listen: Callable[..., Received]) -> None:
    with serving(STAYS, sized("503 Busy"), STAYS) as server:
        received = listen(server.url).until("open")
        received.source.close()
        received.source.restart()
        received.until("open", "error")
        assert received.source.ready_state == EventSource.CLOSED
        received.source.restart()
        received.until("open", "error", "open")
        assert received.source.ready_state == EventSource.OPEN


def test_restart_in_a_handler(listen: Callable[..., Received]) -> None:
    with serving(sized("503 Busy"), open_with(b"data: a\n\n")) as server:
        received = listen(server.url, start=False)
        received.source.connect("error", lambda source, event: source.restart())
        received.source.start()
        received.until("error", "open", "message")


# Where and when handlers run


def test_dispatch_on_another_thread(listen: Callable[..., Received]) -> None:
    pump, ran_on = Pump(), set()
    with serving(open_with(b"data: a\n\n")) as server:
        received = listen(server.url, dispatch=pump)
        received.source.connect("*", lambda source, event: ran_on.add(threading.get_ident()))

        def pumped(condition: Callable[[], bool]) -> bool:
            return eventually(lambda: (pump.run(), condition())[1])

        assert pumped(lambda: received.names == ["open", "message"] and bool(ran_on))
        assert ran_on == {threading.get_ident()}
        received.source.close()
        assert not pumped_events(pump, received)
        received.source.restart()
        assert pumped(lambda: len(received.events) == 4)
        pump.close()
        assert received.source.ready_state == EventSource.CLOSED


def test_a_host_keeps_no_source_that_is_closed() -> None:
    pump, stream = Pump(), script.Script([b"data: a\n\n", script.HOLD])
    received = Received("https://s.example/", session=stream.session(), dispatch=pump)
    assert eventually(lambda received=received: (pump.run(), received.data == ["a"])[1])
    received.source.close()
    gone = weakref.ref(received.source)
    del received
    assert eventually(lambda: (pump.run(), gc.collect(), gone() is None)[2])


def pumped_events(pump: Pump, received: Received) -> list[Any]:
    before = len(received.events)
    while pump.run():
        pass
    return received.events[before:]


def test_a_slow_host_holds_the_server_back_and_loses_nothing(
    listen: Callable[..., Received],
) -> None:
    sent = 0

    def numbers(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(CHUNKED)
        with contextlib.suppress(OSError):
            while True:
                peer.send(framed(b"data: %d%s\n\n" % (sent, b" " * 2000)))
                sent += 1

    def at_rest() -> bool:
        before = sent
        time.sleep(0.2)
        return 0 < before == sent

    pump = Pump()
    with serving(numbers) as server:
        received = listen(server.url, dispatch=pump, history=200)
        assert eventually(lambda: sent > 200)
        assert eventually(at_rest), "the source reads on"
        assert eventually(lambda: (pump.run(), len(received.data) >= 5000)[1])
        assert [int(data) for data in received.data] == list(range(len(received.data)))
        received.source.close()


@pytest.mark.parametrize("history", [0, 1, 10])
def test_a_late_handler_hears_the_newest_of_the_past(
    listen: Callable[..., Received], history: int
) -> None:
    first = b"".join(b"data: %d\n\n" % number for number in range(100))
    go = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(first))
        go.wait(SOON)
        peer.send(framed(b"data: 100\n\n"))
        peer.wait_for_end()

    late: list[str] = []
    with serving(script) as server:
        received = listen(server.url, history=history)
        assert eventually(lambda: len(received.data) == 100)
        received.source.connect("message", lambda source, event: late.append(event.detail.data))
        assert eventually(lambda: len(late) == history)
        go.set()
        assert eventually(lambda: len(late) == history + 1)
        assert late == [str(number) for number in range(100 - history, 101)]


def test_memory_is_bounded(listen: Callable[..., Received]) -> None:
    count = 0

    def hear(source: EventSource, event: Event[Any]) -> None:
        nonlocal count
        count += 1

    with serving(flood) as server:
        source = EventSource(server.url, history=5, start=False)
        source.connect("message", hear)
        tracemalloc.start()
        try:
            source.start()
            assert eventually(lambda: count > 50_000)
            source.close()
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < 8_000_000, "about 20,000 events"
        finally:
            tracemalloc.stop()
            source.close()


def test_every_event_reaches_those_who_listen_to_all(listen: Callable[..., Received]) -> None:
    order: list[str] = []
    with serving(open_with(b": c\n\n")) as server:
        received = listen(server.url)
        received.until("open", "comment")

        def fail(source: EventSource, event: Event[Any]) -> None:
            raise ValueError("a handler's own")

        received.source.connect("mine", fail)
        received.source.connect("mine", lambda source, event: order.append("by name"))
        received.source.once("*", lambda source, event: order.append(event.type))
        assert eventually(lambda: order == ["open"])
        received.source.dispatch_event(Event("mine", 1))
        received.until("open", "comment", "mine", "handler_error")
        assert order == ["open", "by name"]


def test_a_host_watches_no_events_of_the_servers_own_names(listen: Callable[..., Received]) -> None:
    watched: list[Any] = []

    def watch(source: Any, event: Event[Any]) -> None:
        watched.append((source, event.type))

    with (
        serving(open_with(b"event: done\ndata: a\n\ndata: b\n\n")) as server,
        signals.message.connected_to(watch),
        signals.done.connected_to(watch),
    ):
        received = listen(server.url).until("open", "done", "message")
        assert eventually(lambda: watched == [(received.source, "message")])


def test_a_failure_that_no_handler_gets_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with serving(sized("404 Not Found")) as server:
        source = EventSource(server.url)
        assert eventually(lambda: caplog.records)
        [record] = caplog.records
        assert record.levelno == logging.WARNING
        assert "connect a handler to 'error'" in record.getMessage()
        late: list[Any] = []
        source.connect("error", lambda source, event: late.append(event.detail.status))
        assert eventually(lambda: late == [404])


def test_the_log_tells_no_secrets(
    listen: Callable[..., Received], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(UNTIL_CLOSE + f"data: {TOKEN}\n\n".encode(), STAYS) as server:
        listen(f"{server.url}?key={TOKEN}", token=TOKEN).until("open", "message", "error", "open")
    told = [record.getMessage() for record in caplog.records if record.name == "suggestions"]
    assert told
    assert TOKEN not in "\n".join(told)


# A session of the user's own


def test_the_session_is_used_and_not_changed(listen: Callable[..., Received]) -> None:
    with serving(STAYS) as server, requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        before = dict(session.adapters)
        listen(server.url, session=session).until("open")
        assert server.requests[0].headers["X-Mine"] == "yes"
        assert dict(session.adapters) == before


# What it is given


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"url": 1}, TypeError, "url must be a str"),
        ({"url": "/relative"}, ValueError, "whole address"),
        ({"url": "https://user:secret@localhost/"}, ValueError, "pass a token"),
        ({"method": 1}, TypeError, "method must be a str"),
        ({"method": "GET /"}, ValueError, "method must be letters alone, such as GET or POST"),
        ({"body": b"x"}, ValueError, 'expected method="POST"'),
        ({"method": "POST", "body": object()}, TypeError, "body cannot be sent as JSON"),
        ({"method": "POST", "body": float("nan")}, ValueError, "body cannot be sent as JSON"),
        ({"headers": {"A": "b\n"}}, ValueError, "headers\\['A'\\]"),
        ({"headers": {"last-event-id": "1"}}, ValueError, "pass last_event_id"),
        ({"token": ""}, ValueError, "token is empty"),
        ({"last_event_id": 1}, TypeError, "last_event_id must be a str"),
        ({"last_event_id": "a\nb"}, ValueError, "last_event_id has a line end"),
        ({"last_event_id": "\ud800"}, ValueError, "UTF-8"),
        ({"read_timeout": 0}, ValueError, "read_timeout must be more than 0"),
        ({"initial_retry_delay": "3"}, TypeError, "initial_retry_delay must be a number"),
        ({"max_retry_delay": float("nan")}, ValueError, "max_retry_delay"),
        ({"session": requests}, TypeError, "session must be"),
        ({"dispatch": 1}, TypeError, "dispatch must be callable"),
        ({"history": -1}, ValueError, "history must be 0"),
        ({"history": 1.5}, TypeError, "history must be an int"),
    ],
)
def test_wrong_arguments_are_named(
    options: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as raised:
        EventSource(**{"url": "http://localhost/", "start": False, **options})
    assert "secret" not in str(raised.value)


def test_the_repr_tells_the_state_alone() -> None:
    source = EventSource(f"http://localhost/?key={TOKEN}", token=TOKEN, start=False)
    assert repr(source) == "<EventSource CONNECTING>"
    assert socket.getdefaulttimeout() is None
