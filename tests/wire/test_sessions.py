"""Sessions with adapters of the user's own, with settings of theirs, and over a SOCKS proxy."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    SOON,
    Peer,
    Server,
    Told,
    answering,
    ca_file,
    framed,
    free_port,
    server_tls,
    sized,
    unknown_host,
)

from suggestions import SuggestionsEventSource, errors

STREAM = CHUNKED + framed(ANSWER) + LAST_CHUNK


class Own(HTTPAdapter):
    """An adapter of the user's own."""


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def own(session: requests.Session) -> requests.Session:
    session.mount("http://", Own())
    session.mount("https://", Own())
    return session


def over_socks(session: requests.Session, port: int) -> requests.Session:
    pytest.importorskip("socks")
    proxy = f"socks5h://user:{quote('p/w', safe='')}@127.0.0.1:{port}"
    session.proxies = {"http": proxy, "https": proxy}
    return session


class Phases:
    """A server's end that says nothing, and what of it has happened."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.ended = threading.Event()

    def silent(self, peer: Peer) -> None:
        peer.request()
        self.asked.set()
        peer.wait_for_end()
        self.ended.set()


class SocksProxy:
    """A SOCKS5 proxy: passes each connection on, or refuses with a code of RFC 1928."""

    def __init__(self, refusal: int = 0) -> None:
        self._refusal = refusal

    def script(self, peer: Peer) -> None:
        sock = peer.sock
        sock.recv(512)
        sock.sendall(b"\x05\x02")
        sock.recv(512)
        sock.sendall(b"\x01\x00")
        request = sock.recv(512)
        host, port = request[5:-2].decode(), int.from_bytes(request[-2:], "big")
        sock.sendall(bytes((5, self._refusal, 0, 1)) + bytes(6))
        if self._refusal:
            return
        with socket.create_connection((host, port)) as other:
            back = threading.Thread(target=self._copy, args=(other, sock))
            back.start()
            self._copy(sock, other)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


# A connection that is never made


def test_an_adapter_of_the_users_own_that_is_refused(own: requests.Session) -> None:
    told = Told(f"http://127.0.0.1:{free_port()}/", session=own)
    error = told.error()
    assert type(error) is errors.ConnectionFailedError
    assert error.message == "No connection to 127.0.0.1: Connection refused."
    assert told.names.count("retry") == 2, "as without an adapter of one's own"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_adapter_of_the_users_own_whose_proxy_is_not_there(
    own: requests.Session, scheme: str
) -> None:
    own.proxies = {scheme: f"http://127.0.0.1:{free_port()}"}
    error = Told(f"{scheme}://localhost/", session=own, retries=0).error()
    assert type(error) is errors.ConnectionFailedError
    assert error.message == "No connection to the proxy: Connection refused."


def test_an_adapter_of_the_users_own_that_finds_no_address(own: requests.Session) -> None:
    with unknown_host("nowhere.test"):
        error = Told("http://nowhere.test/", session=own, retries=0, token=None).error()
    assert type(error) is errors.NameResolutionError


def test_an_adapter_of_the_users_own_whose_connection_was_made_is_not_asked_again(
    own: requests.Session,
) -> None:
    with Server(answering()) as server:
        told = Told(server.url, session=own)
        assert type(told.error()) is errors.ConnectionLostError
    assert server.connections == 1


def test_a_socks_proxy_that_is_not_there(session: requests.Session) -> None:
    port = free_port()
    told = Told("http://localhost/", session=over_socks(session, port))
    error = told.error()
    assert type(error) is errors.ConnectionFailedError
    assert re.search(rf"SOCKS5 proxy 127\.0\.0\.1:{port}.*Connection refused", error.message)
    assert "p/w" not in error.message
    assert told.names.count("retry") == 2


def test_a_socks_proxy_that_refuses(session: requests.Session) -> None:
    with Server(SocksProxy(refusal=5).script) as proxy:
        over_socks(session, proxy.port)
        error = Told("http://localhost:9/", session=session, retries=0).error()
    assert type(error) is errors.ConnectionFailedError
    assert "Connection refused" in error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_over_socks(session: requests.Session, scheme: str, tmp_path: Path) -> None:
    session.verify = ca_file(tmp_path)
    tls = server_tls() if scheme == "https" else None
    with Server(answering(STREAM), tls=tls) as server, Server(SocksProxy().script) as proxy:
        told = Told(server.url, session=over_socks(session, proxy.port)).wait()
    assert told.source.result() == "Argentina"


# `close()` before the headers


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["an adapter", "socks"])
def test_close_before_the_headers(
    kind: str, scheme: str, session: requests.Session, tmp_path: Path
) -> None:
    phases = Phases()
    session.verify = ca_file(tmp_path)
    tls = server_tls() if scheme == "https" else None
    with Server(phases.silent, tls=tls) as server, Server(SocksProxy().script) as proxy:
        if kind == "socks":
            over_socks(session, proxy.port)
        else:
            session.mount(f"{scheme}://", Own())
        told = Told(server.url, session=session)
        assert phases.asked.wait(SOON)
        told.source.close()
        assert phases.ended.wait(SOON)
        assert told.wait().names[-2:] == ["abort", "end"]


def test_close_on_a_connection_that_is_used_again(own: requests.Session) -> None:
    phases = Phases()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sized("200 OK", b"welcome", "text/plain"))
        phases.silent(peer)

    with Server(script) as server:
        assert own.get(server.url).text == "welcome"
        told = Told(server.url, session=own)
        assert phases.asked.wait(SOON)
        assert server.connections == 1
        told.source.close()
        assert phases.ended.wait(SOON)


def test_a_connection_of_the_users_own_adapter_outlives_the_answer(own: requests.Session) -> None:
    body = b'data: {"choices":[{"delta":{"content":"Argentina"}}]}\n\ndata: [DONE]\n\n'

    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.request()
            peer.send(sized("200 OK", body))

    with Server(script) as server:
        with own.get(server.url) as response:
            assert response.content == body
        assert Told(server.url, session=own).wait().source.result() == "Argentina"
        assert server.connections == 1
    assert not any("connect" in vars(adapter) for adapter in own.adapters.values())


# What the plain adapter of a session was set up with


def test_an_ssl_context_of_a_plain_adapter(session: requests.Session, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=ca_file(tmp_path))
    adapter = HTTPAdapter()
    adapter.init_poolmanager(1, 1, ssl_context=context)
    session.mount("https://", adapter)
    with Server(answering(STREAM), tls=server_tls()) as server:
        assert Told(server.url, session=session).wait().source.result() == "Argentina"


def test_retries_of_a_plain_adapter_after_a_status(session: requests.Session) -> None:
    retry = Retry(total=3, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    session.mount("http://", HTTPAdapter(max_retries=retry))
    busy = sized("503 Busy", Connection="close")
    answers = iter([busy, busy, STREAM])

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(next(answers))

    with Server(script) as server:
        told = Told(server.url, session=session, retries=0).wait()
    assert told.source.result() == "Argentina"
    assert "retry" not in told.names


@pytest.mark.parametrize("count", [0, 3])
def test_retries_of_a_plain_adapter_before_a_connection(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    session.mount("http://", HTTPAdapter(max_retries=Retry(count, backoff_factor=0)))
    looked_up: list[str] = []
    look_up = socket.getaddrinfo

    def count_look_ups(host: Any, *rest: Any, **options: Any) -> Any:
        looked_up.append(host)
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", count_look_ups)
    error = Told(f"http://localhost:{free_port()}/", session=session, retries=0).error()
    assert type(error) is errors.ConnectionFailedError
    assert error.message.startswith("No connection to localhost, port ")
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert looked_up == ["localhost"] * (count + 1)


# Addresses of a scheme that the session knows


def test_a_unix_socket(session: requests.Session, tmp_path: Path) -> None:
    adapters = pytest.importorskip("requests_unixsocket.adapters")
    session.mount("http+unix://", adapters.UnixAdapter())
    path = str(tmp_path / "service.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(STREAM)

        server = threading.Thread(target=serve)
        server.start()
        url = f"http+unix://{quote(path, safe='')}/ask"
        assert Told(url, session=session).wait().source.result() == "Argentina"
        server.join()


@pytest.mark.parametrize("url", ["http+unix://%2Fa.sock/ask", "nonsense://host/", "ftp://host/"])
def test_a_scheme_that_the_session_does_not_know(url: str, session: requests.Session) -> None:
    for given in (None, session):
        with pytest.raises(ValueError, match=r"expected http\(s\)://host/path"):
            SuggestionsEventSource("Why?", url=url, session=given)
