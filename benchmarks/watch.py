"""Many streams at a time, watched from the side while a thread reads them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from math import inf
from time import perf_counter, sleep
from typing import Any

import psutil

from benchmarks.meter import Meter
from benchmarks.rounds import percentile, ratio

Figures = dict[str, float]
_SETTLE = 1.0  # seconds from the server's first event to the clock's start: all streams have begun
_KEPT_UP = 0.95  # of the events that are due in the window; the rest is the window's own edges


class Lags(Meter):
    """How late each event is, by the time that the server has written into it."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.lags: list[float] = []  # seconds, in the order of arrival

    def hear(self, text: str) -> None:
        self.lags.append(perf_counter() - float(text))

    def hear_event(self, source: Any, event: Any) -> None:
        self.lags.append(perf_counter() - float(event.detail))


class Watched:
    """The process that is measured: `cpu` returns the seconds that it has taken so far.

    `beside` are other processes, of which only the share of a core is wanted.
    """

    def __init__(
        self,
        process: psutil.Process,
        cpu: Callable[[], float],
        beside: Mapping[str, psutil.Process] | None = None,
    ) -> None:
        self.process, self.cpu, self._beside = process, cpu, beside or {}
        self.memory: int = process.memory_info().rss

    def shares(self) -> dict[str, float]:
        """CPU seconds of the processes beside it, so far."""
        return {f"cores of {name}": cpu_seconds(one) for name, one in self._beside.items()}


def cpu_seconds(process: psutil.Process) -> float:
    """User and system, all threads."""
    times = process.cpu_times()
    return float(times.user + times.system)


def watch(
    read: Callable[[], object], lags: Lags, watched: Watched, *, streams: int, seconds: float
) -> Figures:
    """CPU (µs an event), lag (ms), events a second and threads of `seconds` in the middle; memory
    (KiB a stream) when they begin, and what is kept of the events in them (bytes an event).

    The clock starts by the server's first event. CPU and lag are infinite if nothing has come by
    then, as when not all streams could be opened.
    """
    reader = threading.Thread(target=read)
    reader.start()
    while not lags.lags and reader.is_alive():
        sleep(0.01)
    late = lags.lags[0] if lags.lags else inf
    begins = perf_counter() + _SETTLE - late
    gc.collect()  # what opening leaves would stop all of them once, and is no part of the voyage
    sleep(max(0, begins - perf_counter()))
    opened = watched.process.memory_info().rss
    first, cpu, shares, begun = len(lags.lags), watched.cpu(), watched.shares(), perf_counter()
    sleep(seconds / 2)
    threads = watched.process.num_threads()
    sleep(seconds / 2)
    last, cpu, wall = len(lags.lags), watched.cpu() - cpu, perf_counter() - begun
    shares = {name: (so_far - shares[name]) / wall for name, so_far in watched.shares().items()}
    kept = watched.process.memory_info().rss - opened
    reader.join()
    received = lags.lags[first:last] if late < _SETTLE else []
    return {
        "cpu": ratio(cpu, len(received)) * 1e6,
        "p50": percentile(received or [inf], 50) * 1000,
        "p99": percentile(received or [inf], 99) * 1000,
        "memory": (opened - watched.memory) / streams / 1024,
        "kept": ratio(kept, len(received)),
        "threads": threads,
        "rate": len(received) / wall,
        "cores": cpu / wall,
        **shares,
    }


def voyage(seconds: float) -> float:
    """How long the server has to send for `watch` to have its `seconds`."""
    return seconds + _SETTLE + 0.5


def behind(name: str, rate: float, due: float) -> str:
    """What a row says of one that does not keep up; nothing for one that does."""
    if rate >= _KEPT_UP * due:
        return ""
    return f"; {name} cannot keep up: {rate:,.0f} of {due:,.0f} events a second"
