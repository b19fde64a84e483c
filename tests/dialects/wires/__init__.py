"""What services, gateways and proxies are known to send: a table a kind of difference."""

from __future__ import annotations

from wires import (
    beside_the_text,
    calls,
    calls_in_named_events,
    calls_repeated,
    complete_or_cut,
    counts,
    errors_in_streams,
    goes_back,
    heartbeats,
    media_types,
    nothing_read,
    reasons_to_stop,
    statuses,
    text_once,
    too_long,
)
from wires.wire import Wire

TABLES = {
    module.__name__.rpartition(".")[2]: module.TABLE
    for module in (
        calls,
        calls_in_named_events,
        calls_repeated,
        text_once,
        complete_or_cut,
        reasons_to_stop,
        errors_in_streams,
        statuses,
        too_long,
        media_types,
        heartbeats,
        counts,
        nothing_read,
        beside_the_text,
        goes_back,
    )
}
"""By the name of the kind."""

WIRES: dict[str, Wire] = {
    f"{kind}: {wire.name}": wire for kind, table in TABLES.items() for wire in table
}
