"""From the question to the first piece of text, connection and all."""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter, process_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import CLIENTS, OURS, Client, installed
from benchmarks.meter import Meter
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, take_turns
from benchmarks.worker import Worker

_BARE = "bare requests"


class _First(Meter):
    """Looks at the clock when the first piece is here, and at no other time."""

    def __init__(self) -> None:
        super().__init__(1, 1)
        self.at = 0.0

    def hear(self, text: str) -> None:
        self.at = self.at or perf_counter()

    def hear_event(self, source: Any, event: Any) -> None:
        self.at = self.at or perf_counter()


def bare_requests(url: str, meter: Meter) -> str:
    """Only `requests`: what the first chunk cannot come sooner than."""
    import requests

    url += "/chat/completions"
    with requests.post(url, json={"messages": []}, stream=True) as response:
        for line in response.iter_lines():
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                if content:
                    meter.hear(content)
    return ""


def open_streams(client: str, url: str, streams: int) -> tuple[float, float]:
    """Wall milliseconds to the first piece (median), CPU milliseconds for a whole stream."""
    read = ({_BARE: Client(bare_requests)} | CLIENTS)[client].read
    walls = []
    cpu = process_time()
    for _ in range(streams):
        first = _First()
        begun = perf_counter()
        read(url, first)
        walls.append((first.at - begun) * 1000)
    return median(walls), (process_time() - cpu) / streams * 1000


def first_chunk(bench: Bench) -> Section:
    url = bench.server.url(events=1)
    streams = bench.pick(15, 10, 2)
    sets, rounds = bench.pick((3, 10), (1, 6), (1, 1))
    clients = [_BARE, *installed()]

    def turn(worker: Worker, client: str) -> tuple[float, float]:
        figures: tuple[float, float] = worker.call(open_streams, client, url, streams)
        return figures

    measured = take_turns(
        clients, turn, lambda figures: figures[0], sets=sets, rounds=rounds, warm_up=turn
    )

    def detail(client: str) -> str:
        wall = measured.figure(lambda one: one[client][0]).median
        cpu = measured.figure(lambda one: one[client][1]).median
        return f"{wall:.2f} ms, and {cpu:.2f} ms of CPU for the whole stream"

    rows = [
        Row(
            f"{OURS} to {client}",
            measured.figure(lambda one, client=client: one[OURS][0] / one[client][0]),  # type: ignore[misc]
            1.25 if client == _BARE else None,
            detail=detail(client),
        )
        for client in clients
        if client != OURS
    ]
    ours = Pair(measured.figure(lambda one: one[OURS][0]).median)
    rows.append(Row(OURS, ours, unit=" ms", detail=detail(OURS)))
    return Section("First chunk", _TEXT, rows)


_TEXT = """\
Wall time from the question to the first piece of text in the handler, each stream with a new
connection and no model that thinks; the median of each turn. What a client does once, before its
first stream, is in "Startup"."""
