"""Sources that an asyncio loop reads, many in one process: CPU, lag, memory, threads."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.bench import Bench
from benchmarks.clients import OURS
from benchmarks.fleets import AIOHTTP, EPOLL, ON_A_LOOP
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, ratio
from benchmarks.watch import behind
from benchmarks.workloads.scale import measure

_CPU = 1.4  # of the floor's
_P99 = 5  # times the floor's
_THREADS = 10
"""At most; none of them for a stream. Two are the benchmark's own."""


def loop(bench: Bench) -> Section:
    compared = [EPOLL, ON_A_LOOP, OURS, *([AIOHTTP] if find_spec("aiohttp") else [])]
    rows = _rows(bench, compared, bench.pick(100, 100, 10), 20, cpu=_CPU)
    if bench.size != "smoke":
        rows += _rows(bench, [EPOLL, ON_A_LOOP], 500, 20, p99=_P99)
        rows += _rows(bench, [EPOLL, ON_A_LOOP], 1000, 4, p99=_P99)
    return Section("Loop", _TEXT, rows)


def _rows(
    bench: Bench,
    readers: list[str],
    streams: int,
    rate: int,
    *,
    cpu: float | None = None,
    p99: float | None = None,
) -> list[Row]:
    seconds, rounds = bench.pick((4.0, 3), (2.0, 1), (0.5, 1))
    measured = measure(bench, readers, streams, rate, seconds, rounds)
    title = f"loop, {streams:,} streams at {rate}/s"

    def median(reader: str, name: str) -> float:
        return measured.figure(lambda one: one[reader][name]).median

    def times(name: str, reader: str) -> Pair:
        return measured.figure(lambda one: ratio(one[ON_A_LOOP][name], one[reader][name]))

    def detail(name: str, reader: str, unit: str) -> str:
        figures = f"{median(ON_A_LOOP, name):.2f} to {median(reader, name):.2f} {unit}"
        late = [behind(one, median(one, "rate"), streams * rate) for one in (ON_A_LOOP, reader)]
        return figures + "".join(late)

    rows = [
        Row(
            f"{title}, CPU: {OURS} to {'its threads' if reader == OURS else reader}",
            times("cpu", reader),
            cpu if reader == EPOLL else None,
            detail=detail("cpu", reader, "µs an event"),
        )
        for reader in readers
        if reader != ON_A_LOOP
    ]
    rows.append(
        Row(
            f"{title}: lag p99, {OURS} to {EPOLL}",
            times("p99", EPOLL),
            p99,
            detail=detail("p99", EPOLL, "ms"),
        )
    )
    rows += [
        Row(
            f"{title}: lag p99, {'its threads' if reader == OURS else reader}",
            Pair(median(reader, "p99")),
            unit=" ms",
            detail=f"p50 {median(reader, 'p50'):.2f} ms; {median(reader, 'memory'):.0f} KiB a "
            f"stream; {median(reader, 'threads'):.0f} threads",
        )
        for reader in readers
    ]
    threads = measured.figure(lambda one: one[ON_A_LOOP]["threads"])
    return [*rows, Row(f"{title}: threads of {OURS}", threads, _THREADS)]


_TEXT = """\
As in "Scale", but the handlers are on an asyncio loop, by `dispatch=toolkits.aio()`, and the loop
may read the sockets as well; "its threads" are the same sources without `dispatch`. The floor is
one thread with one selector. The threads are all of the process in the middle of the voyage, and
two of them are the benchmark's own."""
