"""What a client's one handler does: count, and look at the clocks at some of the counts."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any


class Meter:
    """CPU (user and system, all threads) and wall seconds from event `first` to event `last`.

    The server pauses after event `first`, so that opening, importing and the first allocations
    are over and nothing has been read ahead when the CPU clock starts. The wall clock starts one
    event later, after the pause.
    """

    def __init__(self, first: int, last: int) -> None:
        self._marks = {first, first + 1, last}
        self.count = 0
        self._times: list[tuple[float, float]] = []

    def hear(self, text: str) -> None:
        self.count += 1
        if self.count in self._marks:
            self._times.append((process_time(), perf_counter()))

    def hear_event(self, source: Any, event: Any) -> None:
        """The same as a blinker handler: one call, no more and no less than the others get."""
        self.count += 1
        if self.count in self._marks:
            self._times.append((process_time(), perf_counter()))

    @property
    def seconds(self) -> tuple[float, float]:
        (cpu, _), (_, wall), (last_cpu, last_wall) = self._times
        return last_cpu - cpu, last_wall - wall
