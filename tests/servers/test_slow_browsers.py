"""A browser that reads a byte a second makes the service wait; the server's memory stays flat."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest
from hosting import KINDS, Browser, serving
from wire_server import DONE, SOON, UNTIL_CLOSE, Peer, Server, said

CEILING = 64 * 1024 * 1024
"""Bytes over the start, for the worker, and bytes that the service can send."""
STILL = 1.0
"""Seconds without a byte from the service, after which it waits."""
FLOODS = {"small pieces": "word ", "large pieces": "word " * 400_000}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def memory(pid: int) -> int:
    """Bytes that a process and its children have had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(peak.split()[1]) * 1024 + sum(memory(int(child)) for child in children)


class Flood:
    """A service that never stops, and counts what it sends."""

    def __init__(self, piece: str) -> None:
        self._part = said(piece) * max(1, 10_000 // len(piece))
        self.sent = 0
        self.since = time.monotonic()

    def answer(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        while True:
            peer.send(self._part)
            self.sent += len(self._part)
            self.since = time.monotonic()

    def waits(self) -> bool:
        is_still = time.monotonic() - self.since > STILL
        return bool(self.sent and is_still) or self.sent > CEILING


def fall_behind(browser: Browser, flood: Flood) -> None:
    """Reads a byte a second until the service waits."""
    browser.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    browser.sock.settimeout(SOON)
    until = time.monotonic() + SOON * 3
    while not flood.waits() and time.monotonic() < until:
        assert browser.sock.recv(1)
        time.sleep(1)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["uvicorn", "gunicorn-gthread", "gunicorn-sync", "waitress"])
@pytest.mark.parametrize("pieces", list(FLOODS))
def test_a_byte_a_second_of_a_flood(name: str, pieces: str, tmp_path: Path) -> None:
    flood = Flood(FLOODS[pieces])
    with (
        Server(flood.answer) as upstream,
        serving(KINDS[name], upstream.url, tmp_path / "server.log") as host,
    ):
        before = memory(host.process.pid)
        with Browser(host.port) as browser:
            fall_behind(browser, flood)
            sent, over = flood.sent, memory(host.process.pid) - before
        assert over < CEILING, f"{over / 2**20:.0f} MiB"
        assert sent < CEILING, f"the service was never made to wait: {sent / 2**20:.0f} MiB"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["uvicorn", "gunicorn-gthread"])
def test_our_own_wait_is_no_timeout(name: str, tmp_path: Path) -> None:
    """The service has sent all of it in time, and so the browser gets all of it."""
    piece, count = "word " * 2_000, 2_000

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, *[said(piece)] * count, DONE)

    with (
        Server(answer) as upstream,
        serving(KINDS[name], upstream.url, tmp_path / "server.log", timeout=2) as host,
        Browser(host.port) as browser,
    ):
        browser.until(b"word")
        time.sleep(3)
        assert browser.rest().endswith(b'data: {"type": "done"}\n\n')
        assert browser.wire.count(b'"content"') == count
