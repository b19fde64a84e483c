"""What differs by platform and by Python, as far as it can be tried anywhere."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_stack
from typing import Any

import pytest
import requests
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
    eventually,
    framed,
    said,
    server_tls,
)

from suggestions import errors
from suggestions._util import waiting
from suggestions._wire import abort, socket_reader
from suggestions._wire.socket_reader import timed_file
from suggestions._wire.timeouts import DEFAULTS, Deadlines

IN_BOTH_SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
# Before, in and after the headers, and within an answer.
SILENCES = {
    "awaiting headers": (),
    "within the headers": (CHUNKED[:30],),
    "after the headers": (CHUNKED,),
    "in mid-stream": (CHUNKED, framed(said("a"))),
}


@pytest.fixture
def _as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shutdown lets the server see the end, and wakes no thread that reads."""

    def end(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)

    monkeypatch.setattr(abort, "_shut_down", end)
    monkeypatch.setattr(socket_reader, "_POLL_INTERVAL", 0.02)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = ca_file(tmp_path)
        yield session


def readers() -> list[int]:
    return [t.ident or 0 for t in threading.enumerate() if t.name.startswith("suggestions-")]


def is_reading() -> bool:
    """Whether a reader is within a read of its connection."""
    frames = [sys._current_frames().get(reader) for reader in readers()]
    return any(
        inner.f_code is socket_reader._PollingReader._poll.__code__
        for frame in frames
        if frame is not None
        for inner, _ in walk_stack(frame)
    )


@contextlib.contextmanager
def deaf_server(scheme: str, *parts: bytes) -> Iterator[tuple[Server, threading.Event]]:
    """It is silent after these, and does not care who leaves; the event is set by then."""
    silent, over = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        silent.set()
        over.wait(SOON * 3)

    with Server(script, tls=server_tls() if scheme == "https" else None) as server:
        try:
            yield server, silent
        finally:
            over.set()


@IN_BOTH_SCHEMES
@pytest.mark.parametrize("parts", SILENCES.values(), ids=list(SILENCES))
@pytest.mark.usefixtures("_as_on_windows")
def test_a_reader_that_no_shutdown_wakes_ends(
    parts: tuple[bytes, ...], scheme: str, session: requests.Session
) -> None:
    with deaf_server(scheme, *parts) as (server, silent):
        told = Told(server.url, session=session)
        assert silent.wait(SOON)
        assert eventually(lambda: "chunk" in told.names or parts != SILENCES["in mid-stream"])
        assert eventually(is_reading)
        told.source.close()
        assert told.wait().names[-2:] == ["abort", "end"]
        assert eventually(lambda: not readers())


@IN_BOTH_SCHEMES
@pytest.mark.parametrize(
    ("parts", "timeouts", "kind"),
    [
        ((), {"first_byte": 0.1}, errors.FirstByteTimeoutError),
        (SILENCES["in mid-stream"], {"idle": 0.1}, errors.IdleTimeoutError),
        (SILENCES["in mid-stream"], {"content": 0.1}, errors.ContentTimeoutError),
        (SILENCES["in mid-stream"], {"total": 0.3}, errors.TotalTimeoutError),
    ],
    ids=["first byte", "idle", "content", "total"],
)
@pytest.mark.usefixtures("_as_on_windows")
def test_a_reader_that_looks_up_keeps_time(
    parts: tuple[bytes, ...],
    timeouts: dict[str, float],
    kind: type[Exception],
    scheme: str,
    session: requests.Session,
) -> None:
    with deaf_server(scheme, *parts) as (server, _):
        told = Told(server.url, session=session, timeouts=timeouts, retries=0).wait()
        assert type(told.source.error) is kind


@IN_BOTH_SCHEMES
@pytest.mark.usefixtures("_as_on_windows")
def test_a_reader_that_looks_up_reads_all(scheme: str, session: requests.Session) -> None:
    wire = CHUNKED + framed(said("Hello ")) + framed(ANSWER) + LAST_CHUNK

    def script(peer: Peer) -> None:
        peer.request()
        for position in range(0, len(wire), 7):
            peer.send(wire[position : position + 7])
            if position % 70 == 0:
                time.sleep(0.03)  # longer than it waits at a time

    with Server(script, tls=server_tls() if scheme == "https" else None) as server:
        told = Told(server.url, session=session).wait()
    assert told.source.error is None
    assert told.source.full_message.startswith("Hello ")
    assert told.names[-2:] == ["done", "end"]


def test_waiting_by_moments_is_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is noticed between two moments: always on Windows, elsewhere if it just missed one."""
    monkeypatch.setattr(waiting, "_LONGEST", 0.01)
    looked = 0

    def condition() -> bool:
        nonlocal looked
        looked += 1
        return looked > 5

    assert waiting.Waiters().block_until(condition)
    assert not waiting.Waiters().block_until(lambda: False, 0.05)
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        assert Told(server.url).wait().source.result()


def test_what_comes_along_with_the_headers_is_all_read() -> None:
    """Python 3.14 buffers more by default than is read of it at once."""
    body = bytes(range(256)) * 400
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"the headers\n" + body)
        there.close()
        file = timed_file(Deadlines(DEFAULTS), abort.Cancellation(), here)
        with file:
            assert file.readline() == b"the headers\n"
            reader = file.raw
            reader.take_over(file)  # as open_body does
            parts = list(iter(reader.receive, b""))
    assert b"".join(parts) == body


# What the system gets


@pytest.mark.skipif(not socket_reader._KERNEL_KEEPS_TIME, reason="the system has another timeval")
@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1.5, (1, 500_000)), (60.0, (60, 0)), (1e-9, (0, 1)), (None, (0, 0))],
)
def test_the_kernel_gets_the_timeout(seconds: float | None, told: tuple[int, int]) -> None:
    with socket.socket() as sock:
        socket_reader._wait_at_most(sock, seconds)
        assert sock.gettimeout() is None
        kept = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.calcsize("ll"))
    whole, part = struct.unpack("ll", kept)
    # It counts in ticks of up to 10 ms, and rounds up.
    assert told <= (whole, part) <= (told[0], told[1] + (10_000 if any(told) else 0))


def test_the_kernel_gets_the_linger() -> None:
    with socket.socket() as sock:
        abort._reset_on_close(sock)
        kept = sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(abort._NO_LINGER))
    on, seconds = struct.unpack("hh" if sys.platform == "win32" else "ii", kept)
    assert on
    assert seconds == 0


PLATFORM = """
import sys
from suggestions._wire import sse  # what it needs of the standard library is as it is here
import os, socket, struct, threading, requests
for name in [name for name in sys.modules if name.startswith("suggestions")]:
    del sys.modules[name]
sys.platform = sys.argv[1]
if sys.platform == "win32":
    del os.fork, os.register_at_fork, socket.SO_RCVTIMEO
from suggestions import EventSource, Suggester, SuggestionsEventSource
from suggestions.auth import renewed
from suggestions._wire import abort, socket_reader
print(socket_reader._KERNEL_KEEPS_TIME, socket_reader._POLL_INTERVAL, abort._NO_LINGER)
print(SuggestionsEventSource("Hi", "token", url=sys.argv[2]).result())
"""


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("win32", (False, 0.1, struct.pack("hh", 1, 0))),
        ("darwin", (struct.calcsize("l") == 8, None, struct.pack("ii", 1, 0))),
        ("freebsd14", (False, None, struct.pack("ii", 1, 0))),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="it takes away what is not there")
def test_each_platform_has_its_own_and_answers(platform: str, expected: Any) -> None:
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        done = subprocess.run(
            [sys.executable, "-c", PLATFORM, platform, server.url],
            capture_output=True,
            text=True,
            timeout=SOON * 3,
        )
    assert done.returncode == 0, done.stderr
    told, answer = done.stdout.splitlines()
    assert told == " ".join(map(str, expected))
    assert answer
