"""The dialect `relay` goes on by itself with an answer that a relay's store keeps."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from process import run
from proxy import Proxy
from wire_server import SOON, TOKEN, Peer, Server, Told, eventually

from suggestions import SuggestionsEventSource
from suggestions.dialects.relay import Relay as RelayDialect
from suggestions.errors import ConnectionLostError, IncompleteStreamError

QUESTION = "Give me a list of tips for streaming"
PIECES = ["Grü", "ße ", "from", " the", " store"]
TEXT = "".join(PIECES)
FRAMES = [
    *(f'data: {{"type": "content", "data": "{p}"}}\nid: {n}\n\n' for n, p in enumerate(PIECES, 1)),
    'data: {"type": "done"}\nid: end.1\n\n',
]
WIRE = (":\n\n" + "".join(FRAMES)).encode()
NAMED = b"X-Answer-Id: a\r\nContent-Location: /answers/a\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%b\r\n"
IDS = ["", *(str(number) for number in range(1, len(PIECES) + 1)), "end.1"]


def rest_after(last_event_id: str) -> bytes:
    """What a relay has for a client that comes back."""
    return (":\n\n" + "".join(FRAMES[IDS.index(last_event_id) :])).encode()


class Relay:
    """Cuts each response after so many bytes, those of the list one after the other; the rest is
    whole. `reset` ends a connection without a FIN."""

    def __init__(self, *cuts: int, reset: bool = False, named: bytes = NAMED) -> None:
        self._cuts = list(cuts)
        self._reset = reset
        self._named = named

    def answer(self, peer: Peer) -> None:
        request = peer.request()
        wire = rest_after(request.headers.get("Last-Event-ID", ""))
        cut = self._cuts.pop(0) if self._cuts else None
        peer.send(HEAD % self._named, wire[:cut])
        if cut is not None and self._reset:
            peer.pause()
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 0.01)


def ask(server: Server, **options: Any) -> Told:
    return Told(server.url, dialect="relay", **options)


def assert_whole(record: Told) -> None:
    record.wait()
    assert record.source.state == "done", record.source.error
    assert record.of("chunk") == PIECES
    assert record.of("done") == [TEXT]
    assert record.names.count("open") == 1


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_a_lost_connection_does_not_end_the_answer(reset: bool) -> None:
    cut = WIRE.index(b"from")
    with Server(Relay(cut, reset=reset).answer) as server:
        record = ask(server)
        assert_whole(record)
    asked, resumed = server.requests
    assert (asked.method, asked.path) == ("POST", "/ask")
    assert (resumed.method, resumed.path) == ("GET", "/answers/a")
    assert resumed.headers["Last-Event-ID"] == "2"
    assert resumed.headers["Authorization"] == f"Bearer {TOKEN}"
    assert not resumed.body
    [retry] = record.of("retry")
    assert retry.attempt == 2
    assert isinstance(retry.error, (ConnectionLostError, IncompleteStreamError))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, len(WIRE)), max_size=4), st.booleans())
def test_wherever_it_is_cut_nothing_is_lost_and_nothing_comes_twice(
    cuts: list[int], reset: bool
) -> None:
    with Server(Relay(*cuts, reset=reset).answer) as server:
        assert_whole(ask(server))
    assert [request.method for request in server.requests].count("POST") == 1


def test_it_is_cut_after_each_byte() -> None:
    for cut in range(len(WIRE)):
        with Server(Relay(cut).answer) as server:
            assert_whole(ask(server))


def test_an_empty_response_of_another_type_is_no_end() -> None:
    relay = Relay(WIRE.index(b"from"))

    def answer(peer: Peer) -> None:
        if peer.number == 2:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
        else:
            relay.answer(peer)

    with Server(answer) as server:
        assert_whole(ask(server))


def test_a_token_that_has_run_out_is_renewed() -> None:
    class Tokens:
        token = "old"

        def __call__(self) -> str:
            return self.token

        def refused(self, token: str) -> bool:
            self.token = "new"
            return token == "old"

    relay = Relay(WIRE.index(b"from"))

    def answer(peer: Peer) -> None:
        if peer.number == 2:
            peer.request()
            peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        else:
            relay.answer(peer)

    with Server(answer) as server:
        assert_whole(ask(server, token=Tokens()))
    assert server.requests[-1].headers["Authorization"] == "Bearer new"


def test_the_loop_reads_on() -> None:
    import asyncio

    from suggestions import SuggestionsEventSource

    async def main(url: str) -> list[str]:
        source = SuggestionsEventSource("Why?", url=url, dialect="relay")
        return [piece async for piece in source]

    with Server(Relay(40, 60, 90).answer) as server:
        assert asyncio.run(main(server.url)) == PIECES


def refusing(status: str, times: int) -> Callable[[Peer], None]:
    """Cuts the first response; then refuses so many times, and then has the rest."""
    relay, left = Relay(WIRE.index(b"from")), [times]

    def answer(peer: Peer) -> None:
        if peer.number > 1 and left[0]:
            left[0] -= 1
            peer.request()
            peer.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            relay.answer(peer)

    return answer


def test_a_relay_that_is_away_is_waited_for() -> None:
    with Server(refusing("503 Service Unavailable", 3)) as server:
        record = ask(server)
        assert_whole(record)
        assert len(record.of("retry")) == 4


def test_an_answer_that_has_expired_fails_with_what_lost_it() -> None:
    with Server(refusing("404 Not Found", 99)) as server:
        record = ask(server)
        assert isinstance(record.error(), (ConnectionLostError, IncompleteStreamError))
        assert record.source.full_message == "Grüße "
        assert len(server.requests) == 2


@pytest.mark.parametrize(("retries", "requests"), [(0, 1), (2, 3)])
def test_the_number_of_attempts_is_bounded(retries: int, requests: int) -> None:
    with Server(refusing("503 Service Unavailable", 99)) as server:
        record = ask(server, retries=retries)
        assert isinstance(record.error(), (ConnectionLostError, IncompleteStreamError))
        assert len(server.requests) == requests


def test_the_total_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 5.0)
    with Server(refusing("503 Service Unavailable", 99)) as server:
        record = ask(server, timeouts={"total": 1})
        record.error()
        assert len(server.requests) == 1


def test_close_stops_it_between_two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 60.0)
    with Server(refusing("503 Service Unavailable", 99)) as server:
        record = ask(server)
        assert eventually(lambda: record.of("retry"))
        record.source.close()
        record.wait()
        assert record.names[-2:] == ["abort", "end"]
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "named",
    [
        b"",
        b"X-Answer-Id: a\r\n",
        b"Content-Location: /answers/a\r\n",
        b"X-Answer-Id: a\r\nContent-Location: http://elsewhere.example/answers/a\r\n",
        b"X-Answer-Id: a\r\nContent-Location: //elsewhere.example/answers/a\r\n",
    ],
)
def test_without_an_address_of_its_own_it_fails_as_before(named: bytes) -> None:
    """A token goes to no other host."""
    with Server(Relay(WIRE.index(b"from"), named=named).answer) as server:
        record = ask(server)
        assert isinstance(record.error(), (ConnectionLostError, IncompleteStreamError))
        assert len(server.requests) == 1
        assert not record.of("retry")


def test_another_dialect_is_not_resumed() -> None:
    wire = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD % NAMED, wire)

    with Server(answer) as server:
        record = Told(server.url, dialect="openai")
        record.error()
        assert len(server.requests) == 1


def test_it_goes_on_with_a_relay() -> None:
    """A real one, after a proxy that cuts every connection."""
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from script import DONE, Script, chunk

    from suggestions.dialects.openai import OpenAI
    from suggestions.relay import follow, relay
    from suggestions.relay.stores import MemoryStore

    store, pieces = MemoryStore(), [f"piece {number}, " for number in range(200)]
    script = Script([*map(chunk, pieces), DONE])
    service = OpenAI("https://service.example/v1", "key", "m1")

    def application(environ: Any, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            response = relay(
                "Why?",
                dialect=service,
                session=script.session(),
                store=store,
                address="/answers/{id}",
            )
        else:
            response = follow(environ["PATH_INFO"].rpartition("/")[2], store=store)
        return response(environ, start_response)

    class Silent(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, application, handler_class=Silent) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        cuts = iter(range(700, 20_000, 1000))

        def proxy(peer: Peer) -> None:
            request = peer.request()
            last = request.headers.get("Last-Event-ID", "")
            with socket.create_connection(("127.0.0.1", web.server_port)) as target:
                header = f"Last-Event-ID: {last}\r\n" if last else ""
                target.sendall(f"{request.method} {request.path} HTTP/1.0\r\n{header}\r\n".encode())
                left = next(cuts)
                while left > 0 and (data := target.recv(min(left, 1000))):
                    left -= len(data)
                    peer.send(data)

        with Server(proxy) as server:
            record = ask(server)
            assert record.source.result(SOON) == "".join(pieces)
            record.wait()
            assert record.of("chunk") == pieces
            assert len(record.of("retry")) > 3
        web.shutdown()
    assert len(script.requests) == 1


def test_it_goes_on_after_five_seconds_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from suggestions.playground import Playground

    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 0.25)  # as it is
    with Playground(pace=0.03) as playground, Proxy(urlsplit(playground.url).port or 0) as proxy:
        record = Told(f"http://127.0.0.1:{proxy.port}/ask", question=QUESTION, dialect="relay")
        assert eventually(lambda: len(record.of("chunk")) > 10)
        proxy.is_away = True
        proxy.cut()
        time.sleep(5)
        proxy.is_away = False
        record.wait()
        assert record.source.state == "done", record.source.error
        assert record.of("retry")
        assert "".join(record.of("chunk")) == record.source.full_message
        whole = SuggestionsEventSource(QUESTION, url=playground.jetpack_url, token="t")
        assert record.source.full_message == whole.result(SOON)


# Stopping at the relay


def waiting(peer: Peer) -> None:
    """Sends the beginning of the answer, and waits for the client to go; accepts `DELETE`."""
    request = peer.request()
    if request.method == "DELETE":
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        return
    peer.send(HEAD % NAMED, WIRE[: WIRE.index(b"from")])
    peer.wait_for_end()


def test_close_stops_the_answer_at_the_relay() -> None:
    with Server(waiting) as server:
        record = Told(server.url, dialect=RelayDialect(stop_on_close=True))
        assert eventually(lambda: record.of("chunk") == PIECES[:2])
        record.source.close()
        assert record.source.join(SOON)
        _, stopped = server.requests
        assert (stopped.method, stopped.path) == ("DELETE", "/answers/a")
        assert stopped.headers["Authorization"] == f"Bearer {TOKEN}"
        assert not stopped.body
        assert record.names[-2:] == ["abort", "end"]


LEAVING = """
import sys, time
from suggestions import SuggestionsEventSource
from suggestions._wire.transport import Transport
from suggestions.dialects.relay import Relay

source = SuggestionsEventSource("Why?", url=sys.argv[1], dialect=Relay(stop_on_close=True))
pieces = iter(source)
next(pieces)
open = Transport.open
Transport.open = lambda *given: (time.sleep(0.3), open(*given))  # a network that is slow
source.close()
"""


def test_a_process_that_exits_after_close_stops_it_first() -> None:
    with Server(waiting) as server:
        run(LEAVING, server.url)
        assert [request.method for request in server.requests] == ["POST", "DELETE"]


def test_close_stops_it_at_the_relay_between_two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 60.0)

    def answer(peer: Peer) -> None:
        if peer.number == 1:
            Relay(WIRE.index(b"from")).answer(peer)
        else:
            waiting(peer)

    with Server(answer) as server:
        record = Told(server.url, dialect=RelayDialect(stop_on_close=True))
        assert eventually(lambda: record.of("retry"))
        record.source.close()
        assert record.source.join(SOON)
        assert [request.method for request in server.requests] == ["POST", "DELETE"]


@pytest.mark.parametrize("status", [b"500 Internal Server Error", b"404 Not Found"])
def test_a_relay_that_refuses_to_stop_changes_nothing(status: bytes) -> None:
    def answer(peer: Peer) -> None:
        if peer.number == 1:
            waiting(peer)
        else:
            peer.request()
            peer.send(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status)

    with Server(answer) as server:
        record = Told(server.url, dialect=RelayDialect(stop_on_close=True))
        assert eventually(lambda: record.of("chunk") == PIECES[:2])
        record.source.close()
        assert record.source.join(SOON)
        assert record.source.error is None
        assert record.names[-2:] == ["abort", "end"]


def test_nothing_is_stopped_at_the_relay_after_the_end_or_unless_it_is_wanted() -> None:
    with Server(Relay().answer) as server:
        record = Told(server.url, dialect=RelayDialect(stop_on_close=True))
        assert_whole(record)
        record.source.close()
        assert record.source.join(SOON)
        assert len(server.requests) == 1
    with Server(waiting) as server:
        record = ask(server)
        assert eventually(lambda: record.of("chunk") == PIECES[:2])
        record.source.close()
        assert record.source.join(SOON)
        assert len(server.requests) == 1


def test_a_wrong_flag_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^stop_on_close must be a bool, not str$"):
        RelayDialect(stop_on_close="yes")  # type: ignore[arg-type]
