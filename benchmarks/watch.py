"""Many streams at a time, watched from the side while a thread reads them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from time import perf_counter, sleep
from typing import Any

import psutil

from benchmarks.meter import Meter
from benchmarks.rounds import percentile

Figures = dict[str, float]
_SETTLE = 0.5  # seconds from everybody's first event to the clock's start
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

    Raises `RuntimeError` if the reader ends before the clock starts.
    """
    reader = threading.Thread(target=read)
    reader.start()
    while len(lags.lags) < streams and reader.is_alive():
        sleep(0.05)
    gc.collect()  # what opening leaves would stop everybody once, and is no part of the voyage
    sleep(_SETTLE)
    if not reader.is_alive():
        raise RuntimeError(f"all streams have ended with {len(lags.lags)} events: too early")
    opened = watched.process.memory_info().rss
    first, cpu, shares, begun = len(lags.lags), watched.cpu(), watched.shares(), perf_counter()
    sleep(seconds / 2)
    threads = watched.process.num_threads()
    sleep(seconds / 2)
    last, cpu, wall = len(lags.lags), watched.cpu() - cpu, perf_counter() - begun
    shares = {name: (so_far - shares[name]) / wall for name, so_far in watched.shares().items()}
    kept = watched.process.memory_info().rss - opened
    reader.join()
    heard = lags.lags[first:last]
    if not heard:
        raise RuntimeError(f"no event has arrived in {seconds} s")
    return {
        "cpu": cpu / len(heard) * 1e6,
        "p50": percentile(heard, 50) * 1000,
        "p99": percentile(heard, 99) * 1000,
        "memory": (opened - watched.memory) / streams / 1024,
        "kept": kept / len(heard),
        "threads": threads,
        "rate": len(heard) / wall,
        "cores": cpu / wall,
        **shares,
    }


def voyage(seconds: float) -> float:
    """How long the server has to send for `watch` to have its `seconds`."""
    return seconds + _SETTLE + 1.5


def behind(name: str, rate: float, due: float) -> str:
    """What a row says of one that does not keep up; nothing for one that does."""
    if rate >= _KEPT_UP * due:
        return ""
    return f"; {name} cannot keep up: {rate:,.0f} of {due:,.0f} events a second"
