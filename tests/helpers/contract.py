"""The event contract, as a check of one source and of the events that a handler got of it."""

from __future__ import annotations

import threading
from typing import Any

from suggestions import Event, SuggestionsEventSource
from suggestions.events import ERROR_NAMES, NAMES

TERMINALS = {"done", "abort", "error"}
NAMES_RECEIVED = sorted(NAMES)


class Record:
    """A handler for every name, and the events that it got, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.by_name: dict[str, list[Any]] = {name: [] for name in NAMES}
        self.threads: set[int] = set()
        self._running = threading.Lock()
        self.overlaps = 0

    def handlers(self) -> dict[str, Any]:
        """For `on=`."""
        return dict.fromkeys(NAMES_RECEIVED, self.hear)

    def connect_to(self, source: SuggestionsEventSource) -> None:
        for name in NAMES_RECEIVED:
            source.connect(name, self.hear)

    def hear(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        if not self._running.acquire(blocking=False):
            self.overlaps += 1
            return
        try:
            assert event.target is source
            self.told.append((event.type, event.detail))
            self.by_name[event.type].append(event.detail)
        finally:
            self._running.release()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]


def check_contract(source: SuggestionsEventSource, record: Record) -> None:
    """Properties 1, 2, 3 and 8 for a handler of everything, from the first event on."""
    names = record.names
    assert record.overlaps == 0
    assert sum(name in TERMINALS for name in names) == 1, names
    assert names[-1] == "end"
    assert names.count("end") == 1
    chunks, suggestions = record.by_name["chunk"], record.by_name["suggestion"]
    told = "".join(chunks)
    assert suggestions == ["".join(chunks[: n + 1]) for n in range(len(chunks))]
    if record.by_name["done"]:
        assert record.by_name["done"] == [told]
        assert source.full_message == told
        assert source.state == "done"
        assert source.result(1) == told
    elif record.by_name["abort"]:
        assert source.state == "aborted"
        assert source.full_message.startswith(told)
        assert record.by_name["abort"] == [source.full_message]
    else:
        [error] = record.by_name["error"]
        assert record.by_name["error_response"] == [error]
        assert record.by_name[error.code] == [error]
        assert sum(len(record.by_name[name]) for name in ERROR_NAMES) == 1
        assert names[-4:] == [error.code, "error_response", "error", "end"]
        assert source.error is error
        assert source.full_message.startswith(told)
        assert error.partial_text == source.full_message
        assert "secret-token" not in repr(error) + str(error.body)


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(whole) + 1) for place in places} | {len(whole)})
    return [whole[a:b] for a, b in zip([0, *ends], ends, strict=False)]
