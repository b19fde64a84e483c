"""In a worker: many browsers that read a relay's answers, as raw sockets and one selector."""

from __future__ import annotations

import json
import selectors
import socket
from select import select
from time import perf_counter

import psutil

from benchmarks.rounds import percentile
from benchmarks.serve import allow_many_files
from benchmarks.watch import Figures, Lags, Watched, cpu_seconds, watch

_PATIENCE = 15  # seconds of silence, after which what is missing does not come


class _Browser:
    """One answer. It is whole if it has each of the service's pieces in its order, and `done`."""

    def __init__(self, port: int, path: str, lags: Lags) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.sock.setblocking(False)
        self.pieces = 0
        self.is_ordered, self.is_done = True, False
        self._lags, self._rest, self._latest = lags.lags, b"", 0.0

    def read(self) -> bool:
        """Takes what is there; false at the end."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            # The lines between them are those of the transfer coding, and empty ones.
            if line.startswith(b"data: "):
                self._take(json.loads(line[6:]))
        return bool(data) and not self.is_done

    def _take(self, frame: dict[str, str]) -> None:
        if frame["type"] == "content":
            sent = float(frame["data"])
            self._lags.append(perf_counter() - sent)
            self.is_ordered &= sent > self._latest
            self._latest = sent
            self.pieces += 1
        else:
            self.is_done = frame["type"] == "done"


def _read_all(browsers: list[_Browser]) -> None:
    with selectors.DefaultSelector() as selector:
        for browser in browsers:
            selector.register(browser.sock, selectors.EVENT_READ, browser)
        while selector.get_map() and (ready := selector.select(_PATIENCE)):
            for key, _ in ready:
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    key.data.sock.close()


def browse(
    port: int, path: str, pieces: int, browsers: int, seconds: float, relay: int, service: int
) -> Figures:
    """What `watch` says of the process `relay`, while so many browsers ask it for `path`.

    `torn` is how many answers did not have all their pieces in order and `done` after them.
    """
    allow_many_files()
    beside = {"the service": psutil.Process(service), "the browsers": psutil.Process()}
    process = psutil.Process(relay)
    watched = Watched(process, lambda: cpu_seconds(process), beside)
    lags = Lags()
    opened: list[_Browser] = [_Browser(port, path, lags) for _ in range(browsers)]
    figures = watch(lambda: _read_all(opened), lags, watched, streams=browsers, seconds=seconds)
    whole = sum(one.is_done and one.is_ordered and one.pieces == pieces for one in opened)
    return {**figures, "torn": browsers - whole}


def browse_and_follow(
    port: int,
    path: str,
    pieces: int,
    browsers: int,
    seconds: float,
    relay: int,
    beside: dict[str, int],
    follows_at: int | None,
) -> Figures:
    """As `browse`, each for an answer of its own, which a store keeps. With `follows_at`, the port
    of another worker, each answer is followed there as well.

    `follower p99` is the lag of those. `beside`: other processes, by what they are.
    """
    allow_many_files()
    process = psutil.Process(relay)
    others = {name: psutil.Process(pid) for name, pid in beside.items()}
    watched = Watched(process, lambda: cpu_seconds(process), others)
    lags, follower_lags = Lags(), Lags()
    opened = [_Browser(port, f"{path}?{number}", lags) for number in range(browsers)]
    if follows_at is not None:
        for each in opened:
            select([each.sock], [], [])  # it is kept from now on
        opened += [
            _Browser(follows_at, f"/follow?{number}", follower_lags) for number in range(browsers)
        ]
    figures = watch(lambda: _read_all(opened), lags, watched, streams=browsers, seconds=seconds)
    whole = sum(one.is_done and one.is_ordered and one.pieces == pieces for one in opened)
    late = [lag for lag in follower_lags.lags if lag > 0] or [0.0]
    # Those that were missing when it came are older than what it is to be compared with.
    late = late[len(late) // 4 :]
    return {
        **figures,
        "torn": len(opened) - whole,
        "follower p99": percentile(late, 99) * 1000,
    }


def visit(port: int, path: str, browsers: int) -> None:
    """So many browsers read an answer each, and look at no clock: a relay's first ones."""
    _read_all([_Browser(port, path, Lags()) for _ in range(browsers)])
