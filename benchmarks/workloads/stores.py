"""A relay with a store, on one worker of uvicorn, beside the same relay without one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from itertools import count
from typing import NamedTuple

from benchmarks.bench import Bench
from benchmarks.browsers import browse_and_follow, visit
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, Rounds, ratio, take_turns
from benchmarks.watch import Figures, voyage
from benchmarks.web_server import UVICORN, serving
from benchmarks.worker import Worker

_RATE = 10  # events a second for each browser
_GAP = 3.0  # ms between two round trips to Redis, if an answer is followed elsewhere


class _Way(NamedTuple):
    """How the answers are kept, and the multiple of the CPU of a relay without a store that it is
    to take at most for an event."""

    application: str
    store: str = ""
    is_followed: bool = False
    target: float | None = None


_NONE, _MEMORY, _ALONE, _FOLLOWED = "no store", "memory", "Redis", "Redis, followed elsewhere"
_WAYS = {
    _NONE: _Way("benchmarks.relay_app:asgi"),
    _MEMORY: _Way("benchmarks.relay_app:stored", "memory"),
    _ALONE: _Way("benchmarks.relay_app:stored", "redis", target=1.35),
    _FOLLOWED: _Way("benchmarks.relay_app:stored", "redis", is_followed=True, target=1.5),
}
_names = count()


def stores(bench: Bench) -> Section:
    has_redis = shutil.which("redis-server") and find_spec("redis")
    if not find_spec("uvicorn"):
        print("left out, since it is not installed: uvicorn", file=sys.stderr)
        return Section("Answers in a store", _TEXT, [])
    if not has_redis:
        print("left out, since they are not installed: redis-server, redis", file=sys.stderr)
    ways = [name for name, way in _WAYS.items() if has_redis or way.store != "redis"]
    browsers = bench.pick(300, 300, 5)
    measured = _measure(bench, ways, browsers)
    return Section("Answers in a store", _TEXT, _rows(measured, ways, browsers))


@contextmanager
def _redis() -> Iterator[tuple[str, int]]:
    """The address and the process of a Redis that keeps nothing on the disk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        redis = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            yield f"redis://127.0.0.1:{port}/0", redis.pid
        finally:
            redis.terminate()
            redis.wait()


def _measure(bench: Bench, ways: list[str], browsers: int) -> Rounds[Figures]:
    seconds, rounds = bench.pick((4.0, 5), (2.0, 1), (0.5, 1))
    pieces = round(voyage(seconds) * _RATE)

    def path(browsers: int, seconds: float) -> str:
        name = f"stored{next(_names)}"
        return bench.server.path(fleet=browsers, rate=_RATE, seconds=seconds, name=name)

    def turn(worker: Worker, name: str) -> Figures:
        way, upstream = _WAYS[name], bench.server.address()
        with ExitStack() as stack:
            beside = {"the service": bench.server.pid}
            os.environ["STORE"] = way.store
            if way.store == "redis":
                os.environ["STORE"], beside["Redis"] = stack.enter_context(_redis())
            relay = stack.enter_context(serving(UVICORN + way.application, upstream))
            other = None
            if way.is_followed:
                other = stack.enter_context(serving(UVICORN + way.application, upstream))
                beside["the follower's worker"] = other.pid
            if not way.store:
                worker.call(visit, relay.port, path(10, 0.5), 10)
            figures: Figures = worker.call(
                browse_and_follow,
                relay.port,
                path(browsers, voyage(seconds)),
                pieces,
                browsers,
                seconds,
                relay.pid,
                beside,
                None if other is None else other.port,
            )
        return figures

    return take_turns(ways, turn, lambda figures: figures["cpu"], sets=rounds, rounds=1)


def _rows(measured: Rounds[Figures], ways: list[str], browsers: int) -> list[Row]:
    def median(way: str, name: str) -> float:
        return measured.figure(lambda one: one[way][name]).median

    title = f"{browsers} browsers at {_RATE}/s"
    rows = []
    for way in ways[1:]:
        times = measured.figure(lambda one, way=way: ratio(one[way]["cpu"], one[_NONE]["cpu"]))
        detail = f"{median(way, 'cpu'):.1f} to {median(_NONE, 'cpu'):.1f} µs an event"
        if "cores of Redis" in measured.rounds[0][way]:
            detail += f"; of a core, Redis: {median(way, 'cores of Redis'):.2f}"
        rows.append(
            Row(f"{title}, CPU: {way} to no store", times, _WAYS[way].target, detail=detail)
        )
    if _FOLLOWED in ways:
        cores = "cores of the follower's worker"
        times = measured.figure(lambda one: ratio(one[_FOLLOWED][cores], one[_NONE]["cores"]))
        rows.append(Row(f"{title}, CPU: a worker that follows to one that asks", times, 1))
        more = measured.figure(lambda one: one[_FOLLOWED]["follower p99"] - one[_FOLLOWED]["p99"])
        detail = f"{median(_FOLLOWED, 'p99'):.1f} ms for who asked"
        what = f"{title}: lag p99 of a follower, over the first reader's"
        rows.append(Row(what, more, _GAP + 4, unit=" ms", detail=detail))
    torn = max(one[way]["torn"] for one in measured.rounds for way in ways)
    return [*rows, Row(f"{title}: answers that are not whole", Pair(torn), 0)]


_TEXT = """\
Browsers read answers through one worker of uvicorn, each an answer of its own at ten events a
second, without a store, with one in memory, and with one in Redis. In the last case each answer is
also followed at a second worker. CPU is that of the worker that asks, for each event that its
browsers have read. On two cores, up to five busy processes are in each other's way."""
