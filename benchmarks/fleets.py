"""In a worker: many streams at a time in one process, read by one client each."""

from __future__ import annotations

import gc
import json
import selectors
import threading
from collections.abc import Callable
from time import perf_counter, process_time, sleep
from typing import Any

import psutil

from benchmarks.clients import CLIENTS, OURS, connected
from benchmarks.meter import Meter
from benchmarks.rounds import percentile
from benchmarks.serve import allow_many_files

EPOLL = "epoll + json"
REQUESTS = "requests + sseclient-py"
AIOHTTP = "aiohttp"
_SETTLE = 0.5  # seconds from everybody's first event to the clock's start


class _Lags(Meter):
    """How late each event is, by the time that the server has written into it."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.lags: list[float] = []

    def hear(self, text: str) -> None:
        self.lags.append(perf_counter() - float(text))

    def hear_event(self, source: Any, event: Any) -> None:
        self.lags.append(perf_counter() - float(event.detail))


def sail(client: str, url: str, warm_up: str, streams: int, seconds: float) -> dict[str, float]:
    """CPU (µs an event) and lag (ms) of `seconds` in the middle; memory (KiB a stream) when they
    begin, and what is kept of the events in them (bytes an event)."""
    allow_many_files()
    CLIENTS.get(client, CLIENTS[OURS]).read(warm_up, Meter(0, 0))
    process = psutil.Process()
    memory = process.memory_info().rss
    lags = _Lags()
    fleet = threading.Thread(target=_FLEETS[client], args=(url, streams, lags))
    fleet.start()
    while len(lags.lags) < streams:
        sleep(0.05)
    gc.collect()  # what opening leaves would stop everybody once, and is no part of the voyage
    sleep(_SETTLE)
    opened = process.memory_info().rss
    first, cpu = len(lags.lags), process_time()
    sleep(seconds)
    last, cpu = len(lags.lags), process_time() - cpu
    kept = process.memory_info().rss - opened
    fleet.join()
    heard = lags.lags[first:last]
    return {
        "cpu": cpu / len(heard) * 1e6,
        "p50": percentile(heard, 50) * 1000,
        "p99": percentile(heard, 99) * 1000,
        "memory": (opened - memory) / streams / 1024,
        "kept": kept / len(heard),
    }


def voyage(seconds: float) -> float:
    """How long the server has to send for `sail` to have its `seconds`."""
    return seconds + _SETTLE + 1.5


def _epoll(url: str, streams: int, meter: Meter) -> None:
    """The floor: one thread, one selector, lines straight into `json.loads`."""
    hear = meter.hear
    selector = selectors.DefaultSelector()
    rests: dict[Any, bytes] = {}
    for _ in range(streams):
        opened = connected(url)
        opened.setblocking(False)
        rests[opened] = b""
        selector.register(opened, selectors.EVENT_READ)
    while rests:
        for key, _ in selector.select():
            sock: Any = key.fileobj
            *lines, rests[sock] = (rests[sock] + sock.recv(65536)).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if content:
                        hear(content)
                elif line == b"data: [DONE]":
                    selector.unregister(sock)
                    del rests[sock]
                    sock.close()
                    break


def _threads(url: str, streams: int, meter: Meter) -> None:
    read = CLIENTS[REQUESTS].read
    threads = [threading.Thread(target=read, args=(url, meter)) for _ in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _aiohttp(url: str, streams: int, meter: Meter) -> None:
    import asyncio

    import aiohttp

    async def read(session: aiohttp.ClientSession) -> None:
        async with session.post(url + "/chat/completions", json={"messages": []}) as response:
            async for line in response.content:
                if line.startswith(b"data: {"):
                    content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if content:
                        meter.hear(content)

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(read(session) for _ in range(streams)))

    asyncio.run(run())


def _ours(url: str, streams: int, meter: Meter) -> None:
    from suggestions import SuggestionsEventSource

    sources = [
        SuggestionsEventSource(
            "Who?", url=url + "/chat/completions", dialect="openai", on={"chunk": meter.hear_event}
        )
        for _ in range(streams)
    ]
    for source in sources:
        source.wait()


_FLEETS: dict[str, Callable[[str, int, Meter], None]] = {
    EPOLL: _epoll,
    REQUESTS: _threads,
    AIOHTTP: _aiohttp,
    OURS: _ours,
}
