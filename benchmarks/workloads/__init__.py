"""The workloads by name, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.report import Section
from benchmarks.workloads.abort import abort
from benchmarks.workloads.chat_panel import chat_panel
from benchmarks.workloads.first_chunk import first_chunk
from benchmarks.workloads.growth import growth
from benchmarks.workloads.loop import loop
from benchmarks.workloads.per_event import flood, paced
from benchmarks.workloads.relay import relay
from benchmarks.workloads.relay_load import relay_load
from benchmarks.workloads.scale import scale
from benchmarks.workloads.stages import stages
from benchmarks.workloads.startup import startup
from benchmarks.workloads.stores import stores
from benchmarks.workloads.stores_lost import stores_lost
from benchmarks.workloads.telemetry import telemetry
from benchmarks.workloads.text import text
from benchmarks.workloads.views import views
from benchmarks.workloads.views_textual import views_textual
from benchmarks.workloads.views_tk import views_tk

WORKLOADS: dict[str, Callable[[Bench], Section]] = {
    "flood": flood,
    "paced": paced,
    "first-chunk": first_chunk,
    "abort": abort,
    "startup": startup,
    "text": text,
    "scale": scale,
    "loop": loop,
    "growth": growth,
    "stages": stages,
    "telemetry": telemetry,
    "relay": relay,
    "relay-load": relay_load,
    "stores": stores,
    "stores-lost": stores_lost,
    "views": views,
    "views-tk": views_tk,
    "views-textual": views_textual,
    "chat-panel": chat_panel,
}
