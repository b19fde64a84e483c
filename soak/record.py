"""What the handlers of one source got, and whether that keeps the contract of events."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from soak.service import Service
from suggestions import SuggestionsEventSource

SOON = 30.0
"""Seconds; a bound for what ends by itself, never a measure."""
TERMINAL = {"done": "done", "abort": "aborted", "error": "error"}
"""The state after each terminal event."""
_RECEIVED = ("chunk", "suggestion", *TERMINAL, "end")
_numbers = itertools.count(1)


class Violation(Exception):
    """What must hold did not; the words say what was seen."""


def check(holds: object, *seen: object) -> None:
    """Raises `Violation`."""
    if not holds:
        raise Violation(" ".join(map(str, seen)))


def ask(service: Service, port: str, question: str | None = None, **options: Any) -> Any:
    """A source; without a question of its own, it asks one that no other source has asked.

    Without `dispatch`, a thread reads every other one, and a loop the rest.
    """
    number = next(_numbers)
    question = f"Question {number}" if question is None else question
    dispatch = service.dispatch if number % 2 else None
    options = {"session": service.session, "retries": 0, "dispatch": dispatch, **options}
    return SuggestionsEventSource(question, url=service.url(port), **options)


class Record:
    """Holds no source, so that one can be dropped while it is still told of."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.ended = threading.Event()

    def connect_to(self, source: SuggestionsEventSource) -> Record:
        for name in _RECEIVED:
            source.connect(name, self.hear)
        return self

    def handlers(self) -> dict[str, Any]:
        """For the argument `on`."""
        return dict.fromkeys(_RECEIVED, self.hear)

    def hear(self, source: SuggestionsEventSource, event: Any) -> None:
        self.told.append((event.type, event.detail))
        if event.type == "end":
            self.ended.set()

    def of(self, name: str) -> list[Any]:
        return [detail for told, detail in self.told if told == name]

    @property
    def terminal(self) -> str:
        """The one terminal event. Raises `Violation` where there is none, or another."""
        names = [name for name, _ in self.told]
        terminal = [name for name in names if name in TERMINAL]
        check(len(terminal) == names.count("end") == 1, "terminal events:", names)
        return terminal[0]

    def check(self, text: str, expected: str | None = None) -> None:
        """`text` is the source's; `expected`, where it was to be whole, the server's."""
        terminal = self.terminal
        chunks = "".join(self.of("chunk"))
        newest = (self.of("suggestion") or [""])[-1]
        if terminal == "done":
            check(chunks == newest == text == self.of("done")[0], "texts:", self.told)
        elif terminal == "error":
            check(text.startswith(chunks) and newest == chunks, "texts:", text, self.told)
        else:
            check(text.startswith(chunks) and chunks.startswith(newest), text, self.told)
        if expected is not None:
            check((terminal, text) == ("done", expected), "no answer:", terminal, text, self.told)


def check_ended(source: SuggestionsEventSource, record: Record, expected: str | None = None) -> Any:
    """Waits for the end, checks what was delivered then, and returns the source's error."""
    check(source.wait(SOON), "no end:", source, [name for name, _ in record.told])
    check(source.state == TERMINAL[record.terminal], source, record.terminal)
    record.check(source.full_message, expected)
    return source.error
