"""A source followed from the main thread: its events in order, and Ctrl-C as `close()`."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.events import Event

TICK = 0.1  # seconds


def events_of(source: SuggestionsEventSource, names: Iterable[str]) -> Iterator[Event[Any] | None]:
    """Starts the source and yields its events of those names, and `end`, the last of all.

    Yields None whenever nothing has come for a `TICK`.
    """
    arrived: SimpleQueue[Event[Any]] = SimpleQueue()

    def put(source: SuggestionsEventSource, event: Event[Any]) -> None:
        arrived.put(event)

    # A source warns of an error that nobody hears; whoever follows it looks at `source.error`.
    for name in {*names, "error", "end"}:
        source.connect(name, put)
    source.start()
    while True:
        try:
            event = arrived.get(timeout=TICK)
        except Empty:
            yield None
            continue
        yield event
        if event.type == "end":
            return


@contextmanager
def closed_by_interrupt(source: SuggestionsEventSource) -> Iterator[None]:
    """The first Ctrl-C closes the source, which then ends in `abort`; a second one is as ever.

    No exception then tears what is just being written. Closes the source in any case.
    """

    before = signal.getsignal(signal.SIGINT)

    def close(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        source.close()

    if before is not signal.SIG_IGN:  # as a shell sets it for a job in the background
        signal.signal(signal.SIGINT, close)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        source.close()
