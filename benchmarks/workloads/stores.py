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
from pathlib import Path
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
    """How answers are kept; what it is compared with, and the multiple of the CPU of that which it
    is to take at most for an event."""

    command: str
    store: str = ""
    is_followed: bool = False
    beside: str = ""
    target: float | None = None


_NONE, _MEMORY, _ALONE, _FOLLOWED = "no store", "memory", "Redis", "Redis, followed elsewhere"
_NODE = "node, no store"
OURS = f"{UVICORN}benchmarks.relay_app"
SCRIPT = Path(__file__).parents[1] / "resumable_stream.mjs"
_WAYS = {
    _NONE: _Way(f"{OURS}:asgi"),
    _MEMORY: _Way(f"{OURS}:stored", "memory", beside=_NONE),
    _ALONE: _Way(f"{OURS}:stored", "redis", beside=_NONE, target=1.35),
    _FOLLOWED: _Way(f"{OURS}:stored", "redis", is_followed=True, beside=_NONE, target=1.5),
    _NODE: _Way(str(SCRIPT)),
    "resumable-stream": _Way(str(SCRIPT), "redis", beside=_NODE),
    "resumable-stream, followed elsewhere": _Way(
        str(SCRIPT), "redis", is_followed=True, beside=_NODE
    ),
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
    if not has_node():
        print("left out, since it is not installed: resumable-stream", file=sys.stderr)
        ways = [name for name in ways if _WAYS[name].command != str(SCRIPT)]
    browsers = bench.pick(300, 300, 5)
    measured = _measure(bench, ways, browsers)
    return Section("Answers in a store", _TEXT, _rows(measured, ways, browsers))


def has_node() -> bool:
    """Whether there is what `resumable_stream.mjs` needs."""
    return bool(shutil.which("node") and (SCRIPT.parent / "node_modules/resumable-stream").exists())


class _Redis(NamedTuple):
    port: int
    pid: int

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def commands(self) -> int:
        """Those that it has done so far."""
        import redis

        stats = redis.Redis(port=self.port).info("stats")
        return int(stats["total_commands_processed"])


@contextmanager
def redis_server() -> Iterator[_Redis]:
    """It keeps nothing on the disk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        redis = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            yield _Redis(port, redis.pid)
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
            redis = None
            if way.store == "redis":
                redis = stack.enter_context(redis_server())
                os.environ["STORE"], beside["Redis"] = redis.address, redis.pid
            relay = stack.enter_context(serving(way.command, upstream))
            other = None
            if way.is_followed:
                other = stack.enter_context(serving(way.command, upstream))
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
            commands = 0 if redis is None else redis.commands()
        return {**figures, "commands": commands / (browsers * pieces)}

    return take_turns(ways, turn, lambda figures: figures["cpu"], sets=rounds, rounds=1)


def _rows(measured: Rounds[Figures], ways: list[str], browsers: int) -> list[Row]:
    def median(way: str, name: str) -> float:
        return measured.figure(lambda one: one[way][name]).median

    def compared(way: str, other: str) -> Row:
        times = measured.figure(lambda one: ratio(one[way]["cpu"], one[other]["cpu"]))
        detail = f"{median(way, 'cpu'):.1f} to {median(other, 'cpu'):.1f} µs an event"
        if _WAYS[way].is_followed:
            cores = median(way, "cores of the follower's worker")
            detail += f"; of a core, the worker that follows: {cores:.2f}"
            detail += f"; lag p99 there: {median(way, 'follower p99'):.1f} ms"
        if _WAYS[way].store == "redis":
            detail += f"; of a core, Redis: {median(way, 'cores of Redis'):.2f}"
            detail += f"; {median(way, 'commands'):.2f} commands an event"
        what = f"{title}, CPU: {way} to {other}"
        return Row(what, times, _WAYS[way].target, detail=detail)

    title = f"{browsers} browsers at {_RATE}/s"
    rows = [compared(way, _WAYS[way].beside) for way in ways if _WAYS[way].beside]
    if _FOLLOWED in ways:
        cores = "cores of the follower's worker"
        times = measured.figure(lambda one: ratio(one[_FOLLOWED][cores], one[_NONE]["cores"]))
        rows.append(Row(f"{title}, CPU: a worker that follows to one that asks", times, 1))
        more = measured.figure(lambda one: one[_FOLLOWED]["follower p99"] - one[_FOLLOWED]["p99"])
        detail = f"{median(_FOLLOWED, 'p99'):.1f} ms for the first reader"
        what = f"{title}: lag p99 of a follower, over the first reader's"
        rows.append(Row(what, more, _GAP + 4, unit=" ms", detail=detail))
    torn = max(one[way]["torn"] for one in measured.rounds for way in ways)
    return [*rows, Row(f"{title}: answers that are not whole", Pair(torn), 0)]


_TEXT = """\
Browsers read answers through one worker of uvicorn, each an answer of its own at ten events a
second, without a store, with one in memory, and with one in Redis. In the last case each answer is
also followed at a second worker. Beside it, the same relay in node, and with resumable-stream,
which keeps nothing in Redis: the text is in the memory of the process that asks. CPU is that of the
worker that asks, for each event that its browsers have read. On two cores, up to five busy
processes are in each other's way."""
