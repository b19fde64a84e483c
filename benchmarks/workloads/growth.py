"""Twice as much of something, four times over: an event must not cost more for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench
from benchmarks.clients import FLOOR, OURS, QUESTION
from benchmarks.fleets import EPOLL
from benchmarks.meter import Meter
from benchmarks.report import Row, Section
from benchmarks.rounds import Rounds, take_turns
from benchmarks.streams import read
from benchmarks.wire_bytes import HEAD
from benchmarks.worker import Worker
from benchmarks.workloads.scale import measure

_TIMES = (1, 2, 4, 8, 16)
_FLAT = 1.25
"""At most so much dearer with sixteen times as much; noise alone makes a tenth of it."""


def read_with_handlers(url: str, events: int, handlers: int) -> float:
    """CPU microseconds an event and handler."""
    from suggestions import SuggestionsEventSource

    meters = [Meter(HEAD, events) for _ in range(handlers)]
    source = SuggestionsEventSource(
        QUESTION, url=url + "/chat/completions", dialect="openai", start=False
    )
    for meter in meters:
        source.connect("chunk", meter.hear_event)
    source.start()
    source.wait()
    return meters[-1].seconds[0] / (events - HEAD) / handlers * 1e6


def growth(bench: Bench) -> Section:
    of = {
        "events": _of_events(bench),
        "message length": _of_lengths(bench),
        "handlers": _of_handlers(bench),
        "sources": _of_sources(bench),
    }
    section = Section("Growth", _TEXT, [])
    for title, (unit, smallest, costs) in of.items():
        section.rows.append(_row(title, smallest, costs))
        section.curves[f"{title} ({unit})"] = {
            client: [
                (smallest * times, costs.figure(lambda one, i=i, c=client: one[c][i]).median)  # type: ignore[misc]
                for i, times in enumerate(_TIMES)
            ]
            for client in costs.rounds[0]
        }
    return section


Costs = Rounds[list[float]]


def _row(title: str, smallest: int, costs: Costs) -> Row:
    def growth_of(client: str) -> Callable[[dict[str, list[float]]], float]:
        return lambda one: one[client][-1] / one[client][0]

    told = " → ".join(
        f"{costs.figure(lambda one, i=i: one[OURS][i]).median:.2f}"  # type: ignore[misc]
        for i in range(len(_TIMES))
    )
    floors = [
        f"; {client}: {costs.figure(growth_of(client)).median:.2f}"
        for client in costs.rounds[0]
        if client != OURS
    ]
    what = f"{title}, {smallest:,} → {smallest * _TIMES[-1]:,}"
    return Row(what, costs.figure(growth_of(OURS)), _FLAT, detail=f"{told} µs{''.join(floors)}")


def _in_turns(
    bench: Bench, clients: Sequence[str], turn: Callable[[Worker, str], list[float]]
) -> Costs:
    sets, rounds = bench.pick((2, 4), (1, 2), (1, 1))
    return take_turns(clients, turn, sum, sets=sets, rounds=rounds, warm_up=turn)


def _of_events(bench: Bench) -> tuple[str, int, Costs]:
    smallest = bench.pick(2000, 1000, 50)

    def turn(worker: Worker, client: str) -> list[float]:
        counts = [smallest * times for times in _TIMES]
        return [
            worker.call(read, client, bench.server.url(events=count, per_write=32), count)[0]
            for count in counts
        ]

    return "events of an answer", smallest, _in_turns(bench, [OURS, FLOOR], turn)


def _of_lengths(bench: Bench) -> tuple[str, int, Costs]:
    smallest, events = 16, bench.pick(4000, 2000, 50)

    def turn(worker: Worker, client: str) -> list[float]:
        return [
            worker.call(
                read,
                client,
                bench.server.url(events=events, per_write=32, length=smallest * times),
                events,
                smallest * times,
            )[0]
            for times in _TIMES
        ]

    return "characters of text", smallest, _in_turns(bench, [OURS, FLOOR], turn)


def _of_handlers(bench: Bench) -> tuple[str, int, Costs]:
    events = bench.pick(4000, 2000, 50)
    url = bench.server.url(events=events, per_write=32)

    def turn(worker: Worker, client: str) -> list[float]:
        return [worker.call(read_with_handlers, url, events, times) for times in _TIMES]

    return "for `chunk`; cost for each call", 1, _in_turns(bench, [OURS], turn)


def _of_sources(bench: Bench) -> tuple[str, int, Costs]:
    smallest, seconds = bench.pick((16, 2.0), (4, 1.0), (1, 0.5))
    rounds = bench.pick(3, 1, 1)
    steps = [
        measure(bench, [OURS, EPOLL], smallest * times, 20, seconds, rounds).rounds
        for times in _TIMES
    ]
    return (
        "at 20 events a second",
        smallest,
        Rounds(
            [
                {client: [step[client]["cpu"] for step in same_round] for client in same_round[0]}
                for same_round in zip(*steps, strict=True)
            ],
            cost=sum,
        ),
    )


_TEXT = f"""\
CPU for each event while events, characters in a message, handlers and sources are doubled four
times; the figure is the cost at the end over that at the beginning, and flat is at most {_FLAT}.
For handlers it is the cost of each call. More characters are more bytes to read and to parse, for
the raw socket as well, whose growth stands beside ours."""
