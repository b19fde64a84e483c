"""What independent suites for clients of server-sent events ask of one, over real sockets.

The rows are those of LaunchDarkly's contract tests for comments, headers, delays and new
connections, in our own words. `test_event_source.py` has the standard's own rows, and
`tests/wire/test_sse.py` what is in a stream.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from handlers import Recorder
from wire_server import CHUNKED, LAST_CHUNK, SOON, Peer, Server, eventually, framed, sized

from suggestions import EventSource, errors


class Client(Recorder):
    """A stream, and its events."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__()
        self.source = EventSource(url, start=False, **{"initial_retry_delay": 0, **options})
        self.source.connect("*", self)
        self.source.start()

    def until(self, *told: object) -> None:
        """Waits until its comments and messages are these, and nothing else."""
        assert eventually(lambda: len(self.told) >= len(told)), self.told
        assert self.told == list(told)

    @property
    def told(self) -> list[object]:
        return [
            (event.type, event.detail if event.type == "comment" else event.detail.data)
            for event in self.events
            if event.type not in ("open", "error")
        ]


class Stream:
    """A server whose connections the test itself sends on and breaks."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []
        self._breaks: list[threading.Event] = []

    def script(self, peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        self._breaks.append(threading.Event())
        self._peers.append(peer)
        self._breaks[-1].wait(SOON)

    def _is_here(self, number: int) -> bool:
        return len(self._peers) >= number

    def send(self, *parts: bytes, number: int = 1) -> None:
        """On the connection of that number, once it is here."""
        assert eventually(lambda: self._is_here(number))
        self._peers[number - 1].send(*map(framed, parts))

    def break_off(self, number: int = 1) -> None:
        self._breaks[number - 1].set()

    def end(self, number: int = 1) -> None:
        self._peers[number - 1].send(LAST_CHUNK)

    def leave(self) -> None:
        for each in self._breaks:
            each.set()


class Connect(Protocol):
    def __call__(self, **options: Any) -> Client: ...


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def server(stream: Stream) -> Iterator[Server]:
    with Server(stream.script) as server:
        yield server


@pytest.fixture
def connect(server: Server, stream: Stream) -> Iterator[Connect]:
    clients: list[Client] = []

    def connect(**options: Any) -> Client:
        clients.append(Client(server.url, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.source.close()
    stream.leave()


# Comments


@pytest.mark.parametrize(
    ("sent", "text"), [(b":Hello\n", "Hello"), (b": Hello \r", " Hello "), (b":\n", "")]
)
def test_a_comment_comes_without_a_blank_line(
    connect: Connect, stream: Stream, sent: bytes, text: str
) -> None:
    client = connect()
    stream.send(sent)
    client.until(("comment", text))


def test_comments_one_after_the_other(connect: Connect, stream: Stream) -> None:
    client = connect()
    told: list[object] = []
    for number in range(5):
        stream.send(b":%d\n" % number)
        told.append(("comment", str(number)))
        client.until(*told)


def test_a_comment_before_an_event(connect: Connect, stream: Stream) -> None:
    client = connect()
    stream.send(b":Hello\n", b"data: World\n\n")
    client.until(("comment", "Hello"), ("message", "World"))


def test_a_comment_after_an_event(connect: Connect, stream: Stream) -> None:
    client = connect()
    stream.send(b"data: Hello\n\n", b":World\n")
    client.until(("message", "Hello"), ("comment", "World"))


def test_a_comment_within_an_event(connect: Connect, stream: Stream) -> None:
    client = connect()
    stream.send(b"data: a\n:World\n")
    client.until(("comment", "World"))
    stream.send(b"data: b\n\n")
    client.until(("comment", "World"), ("message", "a\nb"))


# The request


@pytest.mark.parametrize(
    ("options", "method", "headers", "body"),
    [
        (
            {},
            "GET",
            {"Accept": "text/event-stream", "Cache-Control": "no-cache", "Last-Event-ID": None},
            b"",
        ),
        ({"headers": {"A-1": "b", "A-2": "c"}}, "GET", {"A-1": "b", "A-2": "c"}, b""),
        ({"headers": {"cache-control": "max-age=0"}}, "GET", {"Cache-Control": "max-age=0"}, b""),
        ({"last_event_id": "abc"}, "GET", {"Last-Event-ID": "abc"}, b""),
        *(
            (
                {
                    "method": method,
                    "body": '{"hello": "world"}',
                    "headers": {"content-type": "application/json; charset=utf-8"},
                },
                method,
                {"Content-Type": "application/json; charset=utf-8"},
                b'{"hello": "world"}',
            )
            for method in ("POST", "REPORT")
        ),
    ],
)
def test_each_request(
    connect: Connect,
    stream: Stream,
    server: Server,
    options: dict[str, Any],
    method: str,
    headers: dict[str, str | None],
    body: bytes,
) -> None:
    connect(**options)
    stream.send()
    stream.break_off()
    stream.send(number=2)
    assert len(server.requests) == 2
    for request in server.requests:
        assert request.line.startswith(f"{method} ")
        assert {name: request.headers.get(name) for name in headers} == headers
        assert request.body == body


# Responses that are no stream


@pytest.mark.parametrize("status", [301, 307])
@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_an_error(status: int, headers: dict[str, str]) -> None:
    with Server(lambda peer: (peer.request(), peer.send(sized(f"{status} Moved", **headers)))) as (
        server
    ):
        client = Client(server.url)
        assert eventually(lambda: client.names == ["error"])
        assert client.source.ready_state == EventSource.CLOSED
        assert "answer" not in client.of("error")[0].message
        assert len(server.requests) == 1


# The next connection


@pytest.mark.parametrize(
    ("sent", "last_id"),
    [
        (b"id: abc\ndata: Hello\n\n", "abc"),
        (b"id: abc\ndata: Hello\n\ndata: World\n\n", "abc"),
        (b"id: abc\ndata: Hello\n\nid: \ndata: World\n\n", None),
        (b"id: abc\ndata: Hello\n\nid: def\ndata: Good", "abc"),
        (b":comment\n", None),
    ],
)
@pytest.mark.parametrize("ends", [False, True])
def test_the_next_connection_is_made_at_once_and_goes_on(
    connect: Connect, stream: Stream, server: Server, sent: bytes, last_id: str | None, ends: bool
) -> None:
    client = connect()
    stream.send(sent)
    assert eventually(lambda: client.told)
    if ends:
        stream.end()
    stream.break_off()
    stream.send(b"data: again\n\n", number=2)
    assert eventually(lambda: client.told[-1] == ("message", "again")), client.told
    assert server.requests[1].headers.get("Last-Event-ID") == last_id
    assert [error.retry_after < 0.02 for error in client.of("error")] == [True]
    stream.break_off(number=2)
    stream.send(b"id: def\ndata: last\n\n", number=3)
    assert eventually(lambda: client.told[-1] == ("message", "last")), client.told


def test_a_restart(connect: Connect, stream: Stream) -> None:
    client = connect(initial_retry_delay=3600)
    stream.send(b"data: Hello\n\n")
    client.until(("message", "Hello"))
    client.source.restart()
    stream.send(b"data: Thanks\n\n", number=2)
    client.until(("message", "Hello"), ("message", "Thanks"))


def test_a_silent_connection_is_made_again(connect: Connect, stream: Stream) -> None:
    client = connect(read_timeout=0.5)
    stream.send(b"data: Hello\n\n")
    client.until(("message", "Hello"))
    assert eventually(lambda: client.of("error"))
    stream.send(number=2)
    assert isinstance(client.of("error")[0], errors.IdleTimeoutError)
    assert "of the stream" in client.of("error")[0].message


def test_a_server_that_wants_no_rest_gets_one() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(b"retry: 0\n\n"), LAST_CHUNK)

    with Server(script) as server:
        client = Client(server.url)
        assert eventually(lambda: len(client.of("error")) >= 3)
        client.source.close()
        assert all(error.retry_after >= 0.1 for error in client.of("error"))
