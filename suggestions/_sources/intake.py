"""Adds what was read of an answer to its log, and wakes the threads and tasks that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from suggestions._delivery.delivery import Delivery
from suggestions._sources.answer import Answer
from suggestions._util.waiting import Waiters
from suggestions.dialects.delta import Delta
from suggestions.errors import SuggestionsError
from suggestions.events import Event, ServerSentEvent

Decode = Callable[[ServerSentEvent], Iterable[Delta]]


class Intake:
    """What a reader of an answer calls, on its own thread.

    `text_waiters` wait for the next piece of text.
    """

    def __init__(self, answer: Answer, delivery: Delivery) -> None:
        self.text_waiters = Waiters()
        self._answer = answer
        self._delivery = delivery

    def add_messages(self, messages: Iterable[ServerSentEvent], decode: Decode) -> bool:
        """Adds messages that arrived together. Returns True if the answer is over."""
        answer, log = self._answer, self._delivery.log
        try:
            with self._delivery.lock:
                for message in messages:
                    if answer.ending is not None:
                        break
                    log.append(tuple(message))
                    for delta in decode(message):
                        answer.feed(delta)
        finally:
            self.announce()
        return answer.ending is not None

    def add_deltas(self, *deltas: Delta) -> None:
        """Adds what did not come as a message."""
        with self._delivery.lock:
            for delta in deltas:
                self._answer.feed(delta)
        self.announce()

    def add_event(self, event: Event[Any]) -> None:
        with self._delivery.lock:
            if self._answer.ending is None:
                self._delivery.log.append(event)
        self.announce()

    def fail(self, error: SuggestionsError) -> None:
        with self._delivery.lock:
            self._answer.fail(error)
        self.announce()

    def announce(self) -> None:
        """Wakes all that may have something new to do."""
        if self.text_waiters:
            self.text_waiters.wake()
        if self._answer.ending is not None:
            self._delivery.end_waiters.wake()
        self._delivery.wake()
