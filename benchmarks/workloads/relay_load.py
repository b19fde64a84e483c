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
    """An ASGI application, the package it needs, and what its CPU an event is to be at most, as a
    multiple by which ours is compared with it."""

    application: str
    package: str
    target: float | None = None


_RELAYS = {
    OURS: _Relay("benchmarks.relay_app:asgi", "suggestions"),
    _AIOHTTP: _Relay("benchmarks.relays_by_hand:with_aiohttp", "aiohttp", 0.9),
    "httpx": _Relay("benchmarks.relays_by_hand:with_httpx", "httpx", 0.55),
    "AsyncOpenAI": _Relay("benchmarks.relays_by_hand:with_openai", "openai", 0.3),
}
_names = count()


def relay_load(bench: Bench) -> Section:
    rows = []
    if find_spec("uvicorn") is None:
        print("left out, since it is not installed: uvicorn", file=sys.stderr)
    else:
        for browsers in bench.pick((200, 500, 1000), (200, 500, 1000), (5,)):
            rows += _rows(bench, browsers)
    return Section("Relay under load", _TEXT, rows)


def _measure(bench: Bench, browsers: int) -> Rounds[Figures]:
    """A fresh server for each turn: a load leaves its memory behind."""
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

    relays = [name for name, relay in _RELAYS.items() if find_spec(relay.package)]
    return take_turns(relays, turn, lambda figures: figures["cpu"], sets=rounds, rounds=1)


def _rows(bench: Bench, browsers: int) -> list[Row]:
    measured = _measure(bench, browsers)
    relays = list(measured.rounds[0])
    title = f"relay, {browsers:,} browsers at {_RATE}/s"

    def median(relay: str, name: str) -> float:
        return measured.figure(lambda one: one[relay][name]).median

    def torn(relay: str) -> int:
        return int(max(one[relay]["torn"] for one in measured.rounds))

    def caveats(*relays: str) -> str:
        """What has to be known of them to read a figure: said in each row."""
        notes = [behind(relay, median(relay, "rate"), browsers * _RATE) for relay in relays]
        notes += [f"; {relay}: NOT WHOLE: {torn(relay)}" for relay in relays if torn(relay)]
        return "".join(notes)

    def compared(what: str, name: str, peer: str, limit: float | None, unit: str) -> Row:
        figures = f"{median(OURS, name):.1f} to {median(peer, name):.1f} {unit}"
        times = measured.figure(lambda one: ratio(one[OURS][name], one[peer][name]))
        what = f"{title}{what} {OURS} to {peer}"
        return Row(what, times, limit, detail=figures + caveats(OURS, peer))

    rows = [
        compared(", CPU:", "cpu", peer, _RELAYS[peer].target, "µs an event")
        for peer in relays
        if peer != OURS
    ]
    if _AIOHTTP in relays:
        rows.append(compared(": lag p99,", "p99", _AIOHTTP, 1, "ms"))
        rows.append(compared(": memory of a stream,", "memory", _AIOHTTP, 1, "KiB"))
    for relay in relays:
        shares = {"it": "cores", "the service": "cores of the service"}
        shares["the browsers"] = "cores of the browsers"
        busy = ", ".join(f"{who} {median(relay, name):.2f}" for who, name in shares.items())
        detail = (
            f"p50 {median(relay, 'p50'):.1f} ms; {median(relay, 'memory'):.0f} KiB a stream; "
            f"of a core: {busy}{caveats(relay)}"
        )
        p99 = Pair(median(relay, "p99"))
        rows.append(Row(f"{title}: lag p99, {relay}", p99, unit=" ms", detail=detail))
    return [*rows, Row(f"{title}: answers that are not whole", Pair(torn(OURS)), 0)]


_TEXT = """\
Browsers read answers through one worker of uvicorn, each at ten events a second: one process is
the service, one the relay, one the browsers. Beside `suggestions.relay`, three relays by hand send
the same frames and stop asking when a browser leaves. CPU and memory are the relay's, for each
event that a browser has read, and for each stream when all are open; the lag is from the service's
write to the browser's read. An answer is whole if it has all of its events in order, and `done`.
A relay that takes all of a core cannot keep up, and then its lag is as long as the voyage lets it
grow; on two cores, the other two processes are in its way as well."""
