"""What readers lose if the worker that asks is killed, and the cost of one that reads nothing."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from time import monotonic, sleep
from typing import NamedTuple

import psutil

from benchmarks.bench import Bench
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, ratio
from benchmarks.web_server import WebServer, serving
from benchmarks.workloads.stores import OURS, SCRIPT, has_node, redis_server

_SILENCE = 15.0  # seconds, after which nothing more comes
_RATE = 20  # events a second for each answer
_SMALL = 4096  # bytes that a follower that does not read has room for
_EVERY = 0.005  # seconds
_EVENT = 5000  # characters of each event that it does not read
_TAIL = 500  # bytes, in which the end is, whatever follows it
_ENDS = (b'"type": "done"', b'"type": "error"', b'"type":"done"', b'"type":"error"')
_WAYS = {"ours": f"{OURS}:stored", "resumable-stream": str(SCRIPT)}
_LEASE = 10.0  # seconds, of ours
_LOST = 0.05  # what had not been written to Redis
_names = count()


class _Reader:
    """One answer, as it has come so far."""

    def __init__(self, port: int, path: str, room: int | None = None) -> None:
        self.sock = socket.socket()
        if room is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.data = bytearray()  # bytes would be copied for each piece
        self.ended_at = float("inf")

    def take(self, data: bytes) -> bool:
        """Whether more may come."""
        self.data += data
        if any(word in self.data[-_TAIL:] for word in _ENDS):
            self.ended_at = monotonic()
        return bool(data) and not self.has_ended

    @property
    def pieces(self) -> int:
        return self.data.count(b'{"type": "content"') + self.data.count(b'{"type":"content"')

    @property
    def has_ended(self) -> bool:
        return self.ended_at < float("inf")


def _read(readers: list[_Reader], seconds: float) -> None:
    """Reads all of them for so long, or until each has ended."""
    ends = monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.sock, selectors.EVENT_READ, reader)
        while selector.get_map() and (left := ends - monotonic()) > 0:
            for key, _ in selector.select(left):
                if not key.data.take(key.data.sock.recv(65536)):
                    selector.unregister(key.fileobj)


class _Workers(NamedTuple):
    asks: WebServer
    follows: WebServer


@contextmanager
def _workers(way: str, upstream: str) -> Iterator[_Workers]:
    with ExitStack() as stack:
        os.environ["STORE"] = stack.enter_context(redis_server()).address
        yield _Workers(*(stack.enter_context(serving(_WAYS[way], upstream)) for _ in range(2)))


class _Killed(NamedTuple):
    """After the worker that asks was killed."""

    kept: float
    """Of the text that the first readers had, the share that one who comes later gets."""
    ended: float
    """The share of the followers that get an end."""
    seconds: float
    """From the kill to the last of these ends."""


def _killed(bench: Bench, way: str, answers: int) -> _Killed:
    job = bench.server.path(fleet=answers, rate=_RATE, seconds=60, name=f"lost{next(_names)}")
    with _workers(way, bench.server.address()) as workers:
        first = [_Reader(workers.asks.port, f"{job}?k{n}") for n in range(answers)]
        _read(first, 1.0)
        followers = [_Reader(workers.follows.port, f"/follow?k{n}") for n in range(answers)]
        _read([*first, *followers], 2.0)
        os.kill(workers.asks.pid, signal.SIGKILL)
        killed = monotonic()
        _read(first, 1.0)
        _read(followers, _SILENCE)
        seconds = monotonic() - killed
        late = [_Reader(workers.follows.port, f"/follow?k{n}") for n in range(answers)]
        _read(late, 3.0)
    kept = sum(one.pieces for one in late) / sum(one.pieces for one in first)
    return _Killed(kept, sum(one.has_ended for one in followers) / answers, seconds)


class _Slow(NamedTuple):
    """Ten followers that read, and so many that do not."""

    late: float
    """Milliseconds after the first reader, at which the last of those that read has all."""
    megabytes: float
    """By how much the worker that they follow at has grown, for each that does not read."""
    whole: float
    """The share of those that did not read that get all of it once they do."""


def _slow(bench: Bench, way: str, slow: int, events: int) -> _Slow:
    job = bench.server.path(events=events, length=_EVENT, every=_EVERY, per_write=1)
    with _workers(way, bench.server.address()) as workers:
        first = _Reader(workers.asks.port, f"{job}?s")
        while not first.data.count(b"data:"):
            first.data += first.sock.recv(1000)
        idle = [_Reader(workers.follows.port, "/follow?s", room=_SMALL) for _ in range(slow)]
        followers = [_Reader(workers.follows.port, "/follow?s") for _ in range(10)]
        sleep(0.2)
        process = psutil.Process(workers.follows.pid)
        before = process.memory_info().rss
        _read([first, *followers], events * _EVERY + _SILENCE)
        grown = process.memory_info().rss - before
        late = max(one.ended_at for one in followers) - first.ended_at
        _read(idle, _SILENCE)
    whole = sum(one.pieces >= first.pieces and one.has_ended for one in idle)
    return _Slow(late * 1000, grown / slow / 1e6, ratio(whole, slow))


def stores_lost(bench: Bench) -> Section:
    section = Section("What a store's readers lose", _TEXT, [])
    if not shutil.which("redis-server"):
        print("left out, since it is not installed: redis-server", file=sys.stderr)
        return section
    ways = list(_WAYS)
    if not has_node():
        print("left out, since it is not installed: resumable-stream", file=sys.stderr)
        ways.remove("resumable-stream")
    answers, slow, events = bench.pick((50, 10, 2000), (20, 5, 1000), (2, 1, 20))
    killed = {way: _killed(bench, way, answers) for way in ways}
    read = {way: _slow(bench, way, slow, events) for way in ways}

    def row(name: str, of: dict[str, float], most: float | None, unit: str = "") -> Row:
        others = ", ".join(f"{way}: {figure:.2f}{unit}" for way, figure in of.items())
        return Row(name, Pair(of["ours"]), most, unit, detail=others)

    section.rows += [
        row(
            "asker killed: text that is lost to who comes later",
            {way: 1 - one.kept for way, one in killed.items()},
            _LOST,
        ),
        row(
            "asker killed: followers that get no end",
            {way: 1 - one.ended for way, one in killed.items()},
            0,
        ),
        row(
            "asker killed: seconds until the last follower has an end",
            {way: one.seconds for way, one in killed.items()},
            _LEASE * 4 / 3 + 1,
            " s",
        ),
        row(
            "beside followers that do not read: how late the others are",
            {way: one.late for way, one in read.items()},
            None,
            " ms",
        ),
        row(
            "followers that do not read: memory of each",
            {way: one.megabytes for way, one in read.items()},
            None,
            " MB",
        ),
        row(
            "followers that do not read: not whole once they do",
            {way: 1 - one.whole for way, one in read.items()},
            0,
        ),
    ]
    return section


_TEXT = """\
Two workers and a Redis. The worker that asks is killed by `SIGKILL` while each answer is read there
and followed at the other worker: how much of the text that the first readers had is there for one
who comes later, and whether the followers get an end, within 15 seconds. And one answer of 10 MB is
followed by ten who read and by ten who do not: how much later than the first reader the ten have
all of it, and by how much the worker has grown for each of the others. resumable-stream gets as
much as its example shows: it writes to a response whether or not the browser reads."""
