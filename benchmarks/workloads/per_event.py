"""CPU for each event, of every client side by side: as fast as it comes, and in a slow stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import FLOOR, OURS, installed
from benchmarks.report import Row, Section
from benchmarks.rounds import Rounds, take_turns
from benchmarks.streams import read
from benchmarks.worker import Worker

_FLOOD_TARGETS = {
    FLOOR: 1.3,
    "requests + sseclient-py": 0.8,
    "requests-sse": 0.65,
    "openai": 1 / 18,
    "launchdarkly-eventsource": 0.9,
}
_PACED_TARGETS = {
    FLOOR: 1.35,
    "requests + sseclient-py": 0.9,
    "openai": 1 / 6,
    "launchdarkly-eventsource": 0.95,
    "aiohttp": 0.5,
}

Figures = Mapping[str, tuple[float, float]]


def flood(bench: Bench) -> Section:
    """As fast as the client takes them: what an event costs when there is always a next one."""
    events = bench.pick(6000, 3000, 500)
    jobs = {
        f"flood, {words} a write": {"events": events, "per_write": per_write}
        for words, per_write in (("one event", 1), ("32 events", 32))
    }
    sets, rounds = bench.pick((3, 7), (1, 5), (1, 1))
    return Section("Flood", _FLOOD_TEXT, _rows(bench, jobs, sets, rounds, _FLOOD_TARGETS))


def paced(bench: Bench) -> Section:
    """One at a time, the client asleep in between: what a wake-up costs on top."""
    sets, rounds = bench.pick((3, 4), (1, 2), (1, 1))
    events = bench.pick((400, 250, 60), (200, 100, 20), (30, 20, 12))
    jobs = {
        f"paced, one event in {words}": {"events": count, "every": seconds}
        for count, (words, seconds) in zip(
            events, (("500 µs", 0.0005), ("1 ms", 0.001), ("20 ms", 0.02)), strict=True
        )
    }
    return Section("Paced", _PACED_TEXT, _rows(bench, jobs, sets, rounds, _PACED_TARGETS))


def _rows(
    bench: Bench,
    jobs: Mapping[str, Mapping[str, Any]],
    sets: int,
    rounds: int,
    targets: Mapping[str, float],
) -> list[Row]:
    clients = installed()
    urls = {title: (bench.server.url(**job), int(job["events"])) for title, job in jobs.items()}

    def turn(worker: Worker, client: str) -> dict[str, tuple[float, float]]:
        return {title: worker.call(read, client, *stream) for title, stream in urls.items()}

    def cost(figures: Figures) -> float:
        return sum(cpu for cpu, _ in figures.values())

    def warm_up(worker: Worker, client: str) -> object:
        return worker.call(read, client, bench.server.url(events=500), 500)

    measured = take_turns(clients, turn, cost, sets=sets, rounds=rounds, warm_up=warm_up)
    return [
        _row(measured, title, client, targets.get(client))
        for title in jobs
        for client in clients
        if client != OURS
    ]


def _row(
    measured: Rounds[dict[str, tuple[float, float]]],
    title: str,
    client: str,
    target: float | None,
) -> Row:
    def cpu(one: str) -> float:
        return measured.figure(lambda figures: figures[one][title][0]).median

    ratio = measured.figure(lambda one: one[OURS][title][0] / one[client][title][0])
    wall = measured.figure(lambda figures: figures[client][title][1]).median
    detail = f"{cpu(OURS):.1f} to {cpu(client):.1f} µs of CPU an event; {wall:.1f} µs of wall time"
    return Row(f"{title}: {OURS} to {client}", ratio, target, detail=detail)


_FLOOD_TEXT = """\
CPU seconds (user and system, all threads of the client's process) for each event of a stream that
the server writes as fast as it can, one HTTP chunk for each event. Figures below 1 say that
`suggestions` takes less. Its `chunk` handler is the one Python function that every client calls."""

_PACED_TEXT = """\
The same in a stream that trickles, as a model's does: each event wakes the client up, and the
system's part of that is in each figure. The longer the gap, the colder the caches, and the
more the figures say of the machine than of the clients."""
