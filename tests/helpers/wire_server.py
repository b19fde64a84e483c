"""A raw server for the tests of the wire: a script for each connection, over TCP or TLS.

What is tested here is what a polite server would never do, so the scripts write bytes.
"""

from __future__ import annotations

import contextlib
import functools
import math
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.client import parse_headers
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from suggestions import SuggestionsEventSource
from suggestions.events import NAMES
from suggestions.testing.answer_bytes import DONE, chunk, said
from suggestions.testing.answer_bytes import LAST_CHUNK as LAST_CHUNK

SOON = 30.0
"""Seconds; a bound for what ends at once, never a measure."""
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


class Request(NamedTuple):
    line: str
    headers: Any
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, number: int, requests: list[Request]) -> None:
        self.sock = sock
        self.number = number  # of the connection, from 1 on
        self._file = sock.makefile("rb")
        self._requests = requests
        self._last_sent = math.inf
        self.longest_silence = 0.0
        """Seconds between two times of sending. On a busy machine, no script can bound them."""

    def request(self) -> Request:
        line = self._file.readline().decode("latin-1").strip()
        if not line:
            raise ConnectionError("no request came")
        headers = parse_headers(self._file)
        request = Request(line, headers, self._file.read(int(headers.get("Content-Length", 0))))
        self._requests.append(request)
        return request

    def send(self, *parts: bytes) -> None:
        try:
            self.sock.sendall(b"".join(parts))
        finally:
            now = time.monotonic()
            self.longest_silence = max(self.longest_silence, now - self._last_sent)
            self._last_sent = now

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """One byte at a time."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            time.sleep(pause)

    def pause(self) -> None:
        """For as long as it takes what was sent to be read by itself, most of the time."""
        time.sleep(0.05)

    def wait_for_end(self) -> None:
        """Returns when the client has gone, whichever way."""
        with contextlib.suppress(OSError):
            while self._file.read(65536):
                pass

    def wait_until_closed(self) -> None:
        """As `wait_for_end`, without reading what the client sends."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        poll.poll(SOON * 1000)

    def reset(self) -> None:
        """Closes with an RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.sock.close()


Script = Callable[[Peer], object]


class Server:
    """Runs `script(peer)` for each connection, on a thread of its own, then closes it.

    A client that goes away ends the script; any other exception is raised at the end of `with`.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._failures: list[BaseException] = []
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/ask"

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(SOON)
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(SOON)
            assert not thread.is_alive(), "a script does not end"
        if self._failures:
            raise self._failures[0]

    def _start(self, target: Callable[..., object], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock = self._listener.accept()[0]
                # A duplicate: TLS detaches the socket that it wraps.
                self._sockets.append(sock.dup())
                self._start(self._serve, sock, len(self._sockets))

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with contextlib.closing(Peer(sock, number, self.requests)) as peer:
                self._script(peer)
        except OSError:
            pass
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            sock.close()
            self._sockets[number - 1].close()


def answering(*parts: bytes) -> Script:
    """A script: reads the request, sends the parts, closes."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)

    return script


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
    """A port at which nobody listens, nor soon will: systems give away others, from 32768 on."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Told:
    """A source's events in the order in which they were told."""

    def __init__(self, url: str, *, start: bool = True, **options: Any) -> None:
        self.events: list[Any] = []
        options = {"question": "Who won the world cup in 2022?", "token": TOKEN, **options}
        self.source = SuggestionsEventSource(url=url, start=False, **options)
        for name in NAMES:
            self.source.connect(name, self._tell)
        if start:
            self.source.start()

    def _tell(self, source: SuggestionsEventSource, event: Any) -> None:
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, name: str) -> list[Any]:
        """The details of all events of a name."""
        return [event.detail for event in self.events if event.type == name]

    def wait(self) -> Told:
        assert self.source.wait(SOON), f"no end, after {self.names}"
        return self

    def error(self) -> Any:
        """The one error that ended it."""
        self.wait()
        assert self.names[-4:] == [self.source.error.code, "error_response", "error", "end"]
        assert len({id(error) for error in (*self.of("error"), *self.of("error_response"))}) == 1
        return self.source.error


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it comes true soon."""
    deadline = time.monotonic() + SOON
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True
