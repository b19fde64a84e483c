"""The server: a process of its own that sends rendered bytes and does nothing else.

The path says what it is to do, `/events=10000,per_write=32/…`. It writes its addresses, and
later what the aborts ask for, as lines of JSON on its standard output, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from random import Random
from time import perf_counter, sleep

from benchmarks.wire_bytes import CLOSING, HEAD, HEADERS, OPENING, TOKEN, stamped, writes

PAUSE = 0.05
"""Seconds between the first `HEAD` events and the ones that are measured."""
_SMALL = 16 * 1024  # bytes to receive ahead, where a client is to be stuck in sending

_saying = threading.Lock()


def _say(**what: object) -> None:
    with _saying:
        print(json.dumps(what), flush=True)


def main() -> None:
    allow_many_files()
    tls, authority = _certificate()
    ports = {
        "http": _listen(_serve),
        "https": _listen(lambda sock: _serve(tls.wrap_socket(sock, server_side=True))),
        "silent": _listen(_say_nothing),
        "slow-http": _listen(_read_slowly, receive_buffer=_SMALL),
        "slow-https": _listen(
            lambda sock: _read_slowly(tls.wrap_socket(sock, server_side=True)),
            receive_buffer=_SMALL,
        ),
        "full": _listen_without_accepting(),
    }
    _say(ports=ports, authority=authority)
    sys.stdin.read()
    os.unlink(authority)
    os._exit(0)


def allow_many_files() -> None:
    """A thousand streams take more descriptors than the usual 1024."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _certificate() -> tuple[ssl.SSLContext, str]:
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    file, path = tempfile.mkstemp(suffix=".pem")
    os.close(file)
    authority.cert_pem.write_to_path(path)
    return context, path


def _listen(serve: Callable[[socket.socket], None], receive_buffer: int | None = None) -> int:
    listener = socket.socket()
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)

    def handle(sock: socket.socket) -> None:
        # A client that goes away in the middle is what half of the benchmarks are about.
        with sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(sock)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=handle, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return _port(listener)


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


_kept: list[socket.socket] = []


def _listen_without_accepting() -> int:
    """A port whose queue is full: a client that connects gets no reply."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    _kept.append(listener)
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            waiting.connect(listener.getsockname())
        _kept.append(waiting)
    return _port(listener)


def _serve(sock: socket.socket) -> None:
    while (job := _read_request(sock)) is not None:
        if "fleet" in job:
            sock.sendall(HEADERS + OPENING)
            _Fleet.of(job).join(sock.dup())
            return
        if "hold" in job:
            _hold(sock, job["hold"])
            return
        sock.sendall(HEADERS)
        (_stamp if "stamped" in job else _stream)(sock, job)


def _read_request(sock: socket.socket) -> dict[str, str] | None:
    received = b""
    while b"\r\n\r\n" not in received:
        data = sock.recv(65536)
        if not data:
            return None
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    line, *headers = head.decode("latin-1").split("\r\n")
    for name, _, value in (header.partition(":") for header in headers):
        if name.lower() == "content-length":
            left = int(value) - len(body)
            while left > 0:
                left -= len(sock.recv(65536))
    path = line.split(" ")[1].split("/")[1]
    return dict(pair.split("=") for pair in path.split(","))


def _stream(sock: socket.socket, job: dict[str, str]) -> None:
    events, per_write = int(job["events"]), int(job.get("per_write", 1))
    length, every = int(job.get("length", TOKEN)), float(job.get("every", 0))
    head = min(events, HEAD)
    sock.sendall(OPENING + b"".join(writes(0, head, 1, length)))
    # Rendered before the clock starts, so that the loops below do nothing but send.
    rest = list(writes(head, events, per_write, length))
    if rest:
        sleep(PAUSE)
    due = perf_counter()
    for data in rest:
        if every:
            due += every
            sleep(max(0.0, due - perf_counter()))
        sock.sendall(data)
    sock.sendall(CLOSING)


def _stamp(sock: socket.socket, job: dict[str, str]) -> None:
    sock.sendall(OPENING)
    for _ in range(int(job["stamped"])):
        sleep(float(job["every"]))
        sock.sendall(stamped(perf_counter()))
    sock.sendall(CLOSING)


# Aborts: what the server saw of them, and when


def _hold(sock: socket.socket, phase: str) -> None:
    if phase == "headers":
        _say(reached=phase)
    elif phase == "silence":
        sock.sendall(HEADERS + OPENING + b"".join(writes(0, HEAD, 1, TOKEN)))
        _say(reached=phase)
    elif phase == "flow":
        sock.sendall(HEADERS + OPENING)
        threading.Thread(target=_flow, args=(sock,), daemon=True).start()
        _say(reached=phase)
    _say_when_gone(sock)


def _flow(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for data in writes(0, 1_000_000, 1, TOKEN):
            sock.sendall(data)
            sleep(0.001)


def _say_nothing(sock: socket.socket) -> None:
    _say(reached="handshake")
    _say_when_gone(sock)


def _read_slowly(sock: socket.socket) -> None:
    sock.recv(4096)
    _say(reached="sending")
    _say_when_gone(sock, between_reads=0.0002)


def _say_when_gone(sock: socket.socket, between_reads: float = 0.0) -> None:
    with contextlib.suppress(OSError):
        while sock.recv(65536):
            sleep(between_reads)
    _say(gone=perf_counter())


# Many streams at a time


class _Fleet:
    """Streams that begin together, at random phases of one beat; each event says when it left."""

    _gathering: dict[str, _Fleet] = {}
    _lock = threading.Lock()

    def __init__(self, job: dict[str, str]) -> None:
        self._size, self._beat = int(job["fleet"]), 1 / float(job["rate"])
        self._beats = round(float(job["seconds"]) * float(job["rate"]))
        self._socks: list[socket.socket] = []

    @classmethod
    def of(cls, job: dict[str, str]) -> _Fleet:
        with cls._lock:
            return cls._gathering.setdefault(job["name"], cls(job))

    def join(self, sock: socket.socket) -> None:
        with self._lock:
            self._socks.append(sock)
            complete = len(self._socks) == self._size
        if complete:
            threading.Thread(target=self._sail, daemon=True).start()

    def _sail(self) -> None:
        random = Random(1)
        phases = sorted((random.random() * self._beat, sock) for sock in self._socks)
        start = perf_counter() + 0.1
        for beat in range(self._beats):
            for phase, sock in phases:
                early = start + beat * self._beat + phase - perf_counter()
                if early > 0:
                    sleep(early)
                with contextlib.suppress(OSError):
                    sock.sendall(stamped(perf_counter()))
        for sock in self._socks:
            with sock, contextlib.suppress(OSError):
                sock.sendall(CLOSING)


if __name__ == "__main__":
    main()
