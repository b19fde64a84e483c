"""A server for the tests of the wire: a script for each connection, over TCP or TLS.

What is tested here is what a polite server would never do, so the scripts write bytes. It is the
kit's server, with a certificate of the tests' own.
"""

from __future__ import annotations

import contextlib
import functools
import math
import secrets
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from handlers import Recorder
from waiting import SOON as SOON
from waiting import eventually as eventually

from suggestions import SuggestionsEventSource
from suggestions.events import NAMES
from suggestions.testing import SuggestionsServer
from suggestions.testing.answer_bytes import DONE, chunk, said
from suggestions.testing.answer_bytes import LAST_CHUNK as LAST_CHUNK
from suggestions.testing.peer import Peer as _Peer
from suggestions.testing.peer import Request as _Request

TOKEN = "secret-of-the-tests"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
ANSWER = said("Argentina") + DONE
framed = chunk


def sized(
    status: str, body: bytes = b"", content_type: str = "text/event-stream", **headers: str
) -> bytes:
    """A whole response with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Request(_Request):
    @property
    def line(self) -> str:
        return f"{self.method} {self.path} {self.version}"


class Peer(_Peer):
    """The server's end of one connection, with what only tests of the wire need."""

    def __init__(
        self,
        sock: socket.socket,
        number: int,
        requests: list[Request],
        closing: threading.Event,
    ) -> None:
        super().__init__(sock, lambda request: None, closing)
        self.number = number  # of the connection, from 1 on
        self._requests = requests
        self._last_sent = math.inf
        self.longest_silence = 0.0
        """Seconds between two times of sending. On a busy machine, no script can bound them."""

    def request(self) -> Request:
        request = Request(**vars(super().request()))
        self._requests.append(request)
        return request

    def send(self, *parts: bytes) -> None:
        try:
            super().send(*parts)
        finally:
            now = time.monotonic()
            self.longest_silence = max(self.longest_silence, now - self._last_sent)
            self._last_sent = now

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        super().drip(data, pause)

    def pause(self, seconds: float = 0.05) -> None:
        """For as long as it takes what was sent to be read by itself, most of the time."""
        super().pause(seconds)

    def wait_for_end(self) -> None:
        """Returns when the client has gone, whichever way."""
        with contextlib.suppress(OSError):
            self.hold()

    def wait_until_closed(self) -> None:
        """As `wait_for_end`, without reading what the client sends."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        poll.poll(SOON * 1000)


Script = Callable[[Peer], object]


class Server:
    """A `SuggestionsServer` at `localhost` that runs `script(peer)` for each connection.

    A client that goes away ends the script; any other exception is raised at the end of `with`.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._script = script
        self._tls = tls
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.connections = 0
        self.requests: list[Request] = []
        self._server = SuggestionsServer(port=port, script=self._play)
        self.port = urlsplit(self._server.url).port

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/ask"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.close()
        left = [t for t in threading.enumerate() if t.name == f"server-{self.port}"]
        assert not left, "a script does not end"

    def _play(self, given: _Peer) -> None:
        with self._lock:
            self.connections += 1
            peer = Peer(given.sock, self.connections, self.requests, self._closing)
        with contextlib.closing(peer):
            if self._tls is not None:
                peer.secure(self._tls)
            self._script(peer)


def answering(*parts: bytes) -> Script:
    """A script: reads the request, sends the parts, closes."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)

    return script


@contextlib.contextmanager
def staying(*parts: bytes) -> Iterator[str]:
    """The address of a server that sends the parts, and nothing more until the client has gone."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        peer.wait_for_end()

    with Server(script) as server:
        yield server.url


def tunnel(peer: Peer) -> None:
    """The script of a proxy: CONNECT, and then bytes to and fro."""
    host, port = peer.request().line.split()[1].split(":")
    with socket.create_connection((host, int(port))) as target:
        peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := target.recv(65536):
                    peer.send(data)
            with contextlib.suppress(OSError):  # the client may have gone first
                peer.sock.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=back)
        thread.start()
        with contextlib.suppress(OSError):
            while data := peer.sock.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
        thread.join(SOON)


@contextlib.contextmanager
def connecting() -> Iterator[str]:
    """An address that takes no connection and refuses none."""
    with full_backlog() as port:
        yield f"http://127.0.0.1:{port}/"


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(host: str = "localhost", *, wants_client: bool = False) -> ssl.SSLContext:
    """A server's context with a certificate for the host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(host).configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(context)
    return context


def ca_file(directory: Path) -> str:
    """The path of a file with the certificate to trust."""
    path = directory / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """The port of a listener whose queue is full: connecting to it neither works nor fails."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(8):
            sock = sockets.enter_context(socket.socket())
            sock.settimeout(0.1)
            try:
                sock.connect(address)
            except TimeoutError:
                yield address[1]
                return
        raise AssertionError("the queue takes them all")


@contextlib.contextmanager
def unknown_host(name: str) -> Iterator[None]:
    """It is not found, which a resolver elsewhere may take its time to say."""
    look_up = socket.getaddrinfo

    def refuse(host: Any, *rest: Any, **options: Any) -> Any:
        if host == name:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


def free_port() -> int:
    """A port without a server, now and soon: systems assign others, from 32768 on."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Told(Recorder):
    """A source, and its events in the order in which they came."""

    def __init__(self, url: str, *, start: bool = True, **options: Any) -> None:
        super().__init__()
        options = {"question": "Who won the world cup in 2022?", "token": TOKEN, **options}
        self.source = SuggestionsEventSource(url=url, start=False, **options)
        for name in NAMES:
            self.source.connect(name, self)
        if start:
            self.source.start()

    def wait(self) -> Told:
        assert self.source.wait(SOON), f"no end, after {self.names}"
        return self

    def error(self) -> Any:
        """The one error that ended it."""
        self.wait()
        assert self.names[-4:] == [self.source.error.code, "error_response", "error", "end"]
        assert len({id(error) for error in (*self.of("error"), *self.of("error_response"))}) == 1
        return self.source.error
