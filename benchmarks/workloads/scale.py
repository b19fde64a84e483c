"""Many streams at a time in one process: CPU, delivery lag, memory."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import count

from benchmarks.bench import Bench
from benchmarks.clients import OURS
from benchmarks.fleets import AIOHTTP, EPOLL, REQUESTS, sail
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, Rounds, take_turns
from benchmarks.watch import Figures, behind, voyage
from benchmarks.worker import Worker

_names = count()


def measure(
    bench: Bench, clients: list[str], streams: int, rate: float, seconds: float, rounds: int
) -> Rounds[Figures]:
    """Fresh workers for each round: a fleet leaves memory allocated."""

    def turn(worker: Worker, client: str) -> Figures:
        url = bench.server.url(fleet=streams, rate=rate, seconds=voyage(seconds), name=next(_names))
        figures: Figures = worker.call(
            sail, client, url, bench.server.url(events=20), streams, seconds
        )
        return figures

    return take_turns(clients, turn, lambda figures: figures["cpu"], sets=rounds, rounds=1)


def scale(bench: Bench) -> Section:
    seconds, rounds = bench.pick((4.0, 3), (1.0, 1), (0.5, 1))
    some = [EPOLL, OURS, REQUESTS, *([AIOHTTP] if find_spec("aiohttp") else [])]
    rows = _rows(bench, some, bench.pick(100, 100, 10), 20, seconds, rounds, cpu=1.5)
    if bench.size == "full":
        rows += _rows(bench, [EPOLL, OURS], 500, 20, seconds, rounds, p99=50, memory=80)
        rows += _rows(bench, [EPOLL, OURS], 1000, 4, seconds, rounds, p99=2, memory=80)
    return Section("Scale", _TEXT, rows)


def _rows(
    bench: Bench,
    clients: list[str],
    streams: int,
    rate: int,
    seconds: float,
    rounds: int,
    *,
    cpu: float | None = None,
    p99: float | None = None,
    memory: float | None = None,
) -> list[Row]:
    measured = measure(bench, clients, streams, rate, seconds, rounds)
    title = f"{streams:,} streams at {rate}/s"

    def median(client: str, name: str) -> float:
        return measured.figure(lambda one: one[client][name]).median

    rows = [
        Row(
            f"{title}: CPU, {OURS} to {client}",
            measured.figure(lambda one, client=client: one[OURS]["cpu"] / one[client]["cpu"]),  # type: ignore[misc]
            cpu if client == EPOLL else None,
            detail=f"{median(OURS, 'cpu'):.1f} to {median(client, 'cpu'):.1f} µs an event",
        )
        for client in clients
        if client != OURS
    ]
    rows += [
        Row(
            f"{title}: lag p99, {client}",
            measured.figure(lambda one, client=client: one[client]["p99"]),  # type: ignore[misc]
            p99 if client == OURS else None,
            " ms",
            detail=f"p50 {median(client, 'p50'):.2f} ms"
            + behind("it", median(client, "rate"), streams * rate),
        )
        for client in clients
    ]
    each, kept = Pair(median(OURS, "memory")), Pair(median(OURS, "kept"))
    return [
        *rows,
        Row(f"{title}: memory of a stream", each, memory, " KiB"),
        Row(f"{title}: kept of an event", kept, unit=" B"),
    ]


_TEXT = """\
One process reads all streams, whose events come at random phases; the server writes into each
event when it was sent, and the lag is from there to the handler. The floor is one thread with one
selector; ours and `requests` have a thread for each stream. Memory is what the process has grown
by with all streams open and a second of their events read. From then on it grows by what is
kept: an answer is there whole until its source goes, for a handler that connects late."""
