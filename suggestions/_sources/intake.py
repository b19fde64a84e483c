"""Adds what was read of an answer to its log, and wakes the threads and tasks that wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from suggestions._delivery.delivery import Delivery
from suggestions._sources.answer import Answer
from suggestions._util.waiting import Waiters
from suggestions.dialects import Dialect
from suggestions.dialects.delta import Delta
from suggestions.errors import SAID, MalformedStreamError, SuggestionsError
from suggestions.events import Event, ServerSentEvent


class Intake:
    """What a reader of an answer calls, on its own thread.

    `text_waiters` wait for the next piece of text.
    """

    def __init__(self, answer: Answer, delivery: Delivery) -> None:
        self.text_waiters = Waiters()
        self.has_gone_on = False
        """The dialect understood a message of the last batch."""
        self._answer = answer
        self._delivery = delivery

    def name_request(self, request_id: str | None) -> None:
        """The id that the service gave the request."""
        with self._delivery.lock:
            self._answer.request_id = request_id

    def has_reason_to_stop(self) -> bool:
        """Whether the answer is complete if the stream ends cleanly here, without a terminator."""
        with self._delivery.lock:
            return self._answer.has_reason_to_stop()

    def add_messages(self, messages: Iterable[ServerSentEvent], dialect: Dialect) -> bool:
        """Adds messages that arrived together. Returns True if the answer is over.

        Raises `MalformedStreamError` for a message that the dialect cannot decode.
        """
        answer, delivery, decode = self._answer, self._delivery, dialect.decode
        gone_on = False
        try:
            with delivery.lock:
                log = delivery.log
                for message in messages:
                    if answer.ending is not None:
                        break
                    log.append(tuple(message))
                    delta = None
                    for delta in decode(message):
                        if type(delta) is str and delta and answer.is_writing:
                            answer.pieces.append(delta)  # as `feed` does, without a call
                            log.append(delta)
                        else:
                            answer.feed(delta)
                    if delta is not None:
                        gone_on = True
                    elif not answer.is_understood:
                        answer.note_unread(message)
        except Exception as error:
            raise MalformedStreamError(
                f"A message of the stream is not what {dialect.name} sends: {SAID}",
                said=f"{error}. The message: {message.data}",
                body=message.data,
            ) from error
        finally:
            # As `announce` does, without a call more than needed.
            if answer.ending is not None:
                self.announce()
            else:
                for wake in tuple(self.text_waiters.wakers):
                    wake()
                if delivery.reader is not None:
                    delivery.drain(live_only=True)
                elif not delivery.is_fed_by_loop:
                    delivery.wake()
        self.has_gone_on = gone_on
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
        if self.text_waiters.wakers:
            self.text_waiters.wake()
        if self._answer.ending is not None:
            self._delivery.end_waiters.wake()
        self._delivery.wake()
