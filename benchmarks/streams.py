"""In a worker: one client reads one stream and says what an event took."""

from __future__ import annotations

from benchmarks.clients import CLIENTS
from benchmarks.meter import Meter
from benchmarks.wire_bytes import HEAD, TOKEN, answer_length


def read(client: str, url: str, events: int, length: int = TOKEN) -> tuple[float, float]:
    """CPU and wall, in microseconds an event."""
    meter = Meter(HEAD, events)
    text = CLIENTS[client].read(url, meter)
    if len(text) != answer_length(events, length):
        raise RuntimeError(f"{client} read {len(text)} characters of another answer")
    cpu, wall = meter.seconds
    return cpu / (events - HEAD) * 1e6, wall / (events - HEAD) * 1e6
