"""The relay with many browsers at a time, on one worker of uvicorn, beside relays by hand."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from itertools import count
from typing import NamedTuple

from benchmarks.bench import Bench
from benchmarks.browsers import browse, visit
from benchmarks.clients import OURS
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, Rounds, ratio, take_turns
from benchmarks.watch import Figures, behind, voyage
from benchmarks.web_server import UVICORN, serving
from benchmarks.worker import Worker

_RATE = 10  # events a second for each browser
_AIOHTTP = "aiohttp"


class _Relay(NamedTuple):
    """An ASGI application, the packages that it needs, and the multiple of its CPU for an event
    that ours is to take at most."""

    application: str
    packages: tuple[str, ...]
    target: float | None = None


_RELAYS = {
    OURS: _Relay("benchmarks.relay_app:asgi", ("uvicorn",)),
    _AIOHTTP: _Relay("benchmarks.relays_by_hand:with_aiohttp", ("uvicorn", "aiohttp"), 0.9),
    "httpx": _Relay("benchmarks.relays_by_hand:with_httpx", ("uvicorn", "httpx"), 0.55),
    "AsyncOpenAI": _Relay(
        "benchmarks.relays_by_hand:with_openai", ("uvicorn", "openai", "httpx2"), 0.3
    ),
}
_names = count()


def relay_load(bench: Bench) -> Section:
    relays = [name for name, relay in _RELAYS.items() if all(map(find_spec, relay.packages))]
    for name in _RELAYS.keys() - set(relays):
        print(f"left out, since it is not installed: {name}", file=sys.stderr)
    rows = []
    if OURS in relays:
        for browsers in bench.pick((200, 500, 1000), (200, 500, 1000), (5,)):
            rows += _Load(browsers, _measure(bench, relays, browsers)).rows()
    return Section("Relay under load", _TEXT, rows)


def _measure(bench: Bench, relays: list[str], browsers: int) -> Rounds[Figures]:
    """A fresh server for each turn: a load leaves memory allocated."""
    seconds, rounds = bench.pick((4.0, 3), (1.0, 1), (0.5, 1))
    pieces = round(voyage(seconds) * _RATE)

    def path(browsers: int, seconds: float) -> str:
        name = f"relay{next(_names)}"
        return bench.server.path(fleet=browsers, rate=_RATE, seconds=seconds, name=name)

    def turn(worker: Worker, name: str) -> Figures:
        with serving(UVICORN + _RELAYS[name].application, bench.server.address()) as relay:
            worker.call(visit, relay.port, path(10, 0.5), 10)
            figures: Figures = worker.call(
                browse,
                relay.port,
                path(browsers, voyage(seconds)),
                pieces,
                browsers,
                seconds,
                relay.pid,
                bench.server.pid,
            )
        return figures

    return take_turns(relays, turn, lambda figures: figures["cpu"], sets=rounds, rounds=1)


class _Load:
    """What so many browsers have measured of each relay."""

    def __init__(self, browsers: int, measured: Rounds[Figures]) -> None:
        self._measured = measured
        self._relays = list(measured.rounds[0])
        self._title = f"relay, {browsers:,} browsers at {_RATE}/s"
        self._due = browsers * _RATE  # events a second

    def rows(self) -> list[Row]:
        rows = [
            self._compared(", CPU:", "cpu", peer, _RELAYS[peer].target, "µs an event")
            for peer in self._relays
            if peer != OURS
        ]
        if _AIOHTTP in self._relays:
            rows.append(self._compared(": lag p99,", "p99", _AIOHTTP, 1, "ms"))
            rows.append(self._compared(": memory of a stream,", "memory", _AIOHTTP, 1, "KiB"))
        rows += map(self._alone, self._relays)
        torn = Pair(self._torn(OURS))
        return [*rows, Row(f"{self._title}: answers that are not whole", torn, 0)]

    def _compared(self, what: str, name: str, peer: str, limit: float | None, unit: str) -> Row:
        times = self._measured.figure(lambda one: ratio(one[OURS][name], one[peer][name]))
        detail = f"{self._median(OURS, name):.1f} to {self._median(peer, name):.1f} {unit}"
        notes = self._notes(OURS) + self._notes(peer)
        return Row(f"{self._title}{what} {OURS} to {peer}", times, limit, detail=detail + notes)

    def _alone(self, relay: str) -> Row:
        detail = (
            f"p50 {self._median(relay, 'p50'):.1f} ms; "
            f"{self._median(relay, 'memory'):.0f} KiB a stream; "
            f"of a core: {self._median(relay, 'cores'):.2f}, "
            f"the service {self._median(relay, 'cores of the service'):.2f}, "
            f"the browsers {self._median(relay, 'cores of the browsers'):.2f}"
        )
        p99 = Pair(self._median(relay, "p99"))
        return Row(
            f"{self._title}: lag p99, {relay}", p99, unit=" ms", detail=detail + self._notes(relay)
        )

    def _notes(self, relay: str) -> str:
        """What has to be known of a relay to read a figure of it."""
        note = behind(relay, self._median(relay, "rate"), self._due)
        torn = self._torn(relay)
        return f"{note}; {relay}: NOT WHOLE: {torn} answers" if torn else note

    def _median(self, relay: str, name: str) -> float:
        return self._measured.figure(lambda one: one[relay][name]).median

    def _torn(self, relay: str) -> int:
        """In the worst round."""
        return int(max(one[relay]["torn"] for one in self._measured.rounds))


_TEXT = """\
Browsers read answers through one worker of uvicorn, each at ten events a second: one process is
the service, one the relay, one the browsers. Beside `suggestions.relay`, three relays by hand send
the same frames and stop asking when a browser leaves. CPU and memory are the relay's, for each
event that a browser has read, and for each stream when all are open; the lag is from the service's
write to the browser's read. An answer is whole if it has all of its events in order, and `done`.
A relay that takes all of a core cannot keep up, and then its lag is as long as the voyage lets it
grow; on two cores, the other two processes are in its way as well."""
