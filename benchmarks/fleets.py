"""In a worker: many streams at a time in one process, read by one client each."""

from __future__ import annotations

import asyncio
import json
import selectors
import threading
from collections.abc import Callable
from time import process_time
from typing import Any

import psutil

from benchmarks.clients import CLIENTS, OURS, connected
from benchmarks.meter import Meter
from benchmarks.serve import allow_many_files
from benchmarks.watch import Figures, Lags, Watched, watch

EPOLL = "epoll + json"
REQUESTS = "requests + sseclient-py"
AIOHTTP = "aiohttp"
ON_A_LOOP = f"{OURS} on a loop"


def sail(client: str, url: str, warm_up: str, streams: int, seconds: float) -> Figures:
    """What `watch` says of this process, while `client` reads all streams in it."""
    allow_many_files()
    CLIENTS.get(client, CLIENTS[OURS]).read(warm_up, Meter(0, 0))
    lags = Lags()
    return watch(
        lambda: _FLEETS[client](url, streams, lags),
        lags,
        Watched(psutil.Process(), process_time),
        streams=streams,
        seconds=seconds,
    )


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


def _ours_on_a_loop(url: str, streams: int, meter: Meter) -> None:
    from suggestions import SuggestionsEventSource
    from suggestions.toolkits import aio

    async def run() -> None:
        sources = [
            SuggestionsEventSource(
                "Who?",
                url=url + "/chat/completions",
                dialect="openai",
                dispatch=aio(),
                on={"chunk": meter.hear_event},
            )
            for _ in range(streams)
        ]
        for source in sources:
            await source

    asyncio.run(run())


_FLEETS: dict[str, Callable[[str, int, Meter], None]] = {
    EPOLL: _epoll,
    REQUESTS: _threads,
    AIOHTTP: _aiohttp,
    OURS: _ours,
    ON_A_LOOP: _ours_on_a_loop,
}
