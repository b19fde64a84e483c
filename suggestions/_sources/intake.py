"""Adds what was read of an answer to its log, and wakes the threads and tasks that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from time import sleep
from typing import Any

from .._delivery.delivery import Delivery
from .._util.elapsed import monotonic
from .._util.waiting import Waiters
from ..dialects import Dialect
from ..dialects.delta import Delta
from ..errors import SAID, MalformedStreamError, SuggestionsError
from ..events import Event, ServerSentEvent
from .answer import MESSAGE_SIZE, Answer

_LARGE = 256 * 1024
"""Characters of a message that is decoded while others wait for the lock, at most."""
_PART = 500
"""Deltas of a large message that are added while others wait for the lock."""
_MOMENT = 1e-4
"""Seconds in which a thread that waits for the lock gets it."""


class Intake:
    """What a reader of an answer calls, on its own thread.

    `text_waiters` wait for the next piece of text.
    """

    def __init__(self, answer: Answer, delivery: Delivery) -> None:
        self.text_waiters = Waiters()
        self.has_gone_on = False
        """The dialect understood a message of the last batch."""
        self.wait_for_room: Callable[[], object] | None = None
        """Blocks a thread that reads while too much of the answer has not been taken."""
        self.first_at: float | None = None
        """When the first message came that the dialect understood, by monotonic(), unless the same
        read brought the end as well."""
        self.ended_at: float | None = None
        """When the answer ended."""
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

    def add_messages(self, messages: Sequence[ServerSentEvent], dialect: Dialect) -> bool:
        """Adds messages that arrived together. Returns True if the answer is over.

        Raises `MalformedStreamError` for a message that the dialect cannot decode.
        """
        answer, delivery, decode = self._answer, self._delivery, dialect.decode
        # Only the first can be longer than what is read at a time: it had been held.
        if messages and len(messages[0].data) > _LARGE:
            return self._add_large(messages, dialect)
        gone_on = False
        size = len(messages) * MESSAGE_SIZE
        try:
            with delivery.lock:
                log = delivery.log
                for message in messages:
                    if answer.is_over:
                        break
                    log.append(tuple(message))
                    size += len(message.data)
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
                answer.size += size
                if answer.size > answer.LARGEST:
                    answer.check_size()
        except Exception as error:
            raise _malformed(message, dialect, error) from error
        finally:
            # As `announce` does, without a call more than needed.
            if answer.is_over:
                self.announce()
            else:
                for wake in tuple(self.text_waiters.wakers):
                    wake()
                if delivery.reader is not None:
                    delivery.drain(live_only=True)
                elif not delivery.is_fed_by_loop:
                    delivery.wake()
        self.has_gone_on = gone_on
        return answer.is_over

    def _add_large(self, messages: Sequence[ServerSentEvent], dialect: Dialect) -> bool:
        """As `add_messages`, but no thread waits for the lock for long."""
        gone_on = False
        try:
            for message in messages:
                gone_on |= self._add_in_parts(message, dialect)
        finally:
            self.announce()
        self.has_gone_on = gone_on
        return self._answer.is_over

    def _add_in_parts(self, message: ServerSentEvent, dialect: Dialect) -> bool:
        """Decodes a message outside of the lock, and adds some of what it says at a time. Returns
        whether it says something."""
        answer, lock = self._answer, self._delivery.lock
        with lock:
            if answer.is_over:
                return False
            self._delivery.log.append(tuple(message))
            answer.size += len(message.data) + MESSAGE_SIZE
            answer.check_size()
        try:
            says_something = self._feed(dialect.decode(message))
        except Exception as error:
            raise _malformed(message, dialect, error) from error
        with lock:
            if not (says_something or answer.is_understood):
                answer.note_unread(message)
        return says_something

    def _feed(self, deltas: Iterable[Delta]) -> bool:
        """Feeds some at a time: meanwhile no other thread gets the lock. Returns whether there was
        one."""
        answer, left, has_any = self._answer, iter(deltas), False
        while not answer.is_over and (part := list(islice(left, _PART))):
            has_any = True
            with self._delivery.lock:
                for delta in part:
                    answer.feed(delta)
            if len(part) == _PART:
                sleep(_MOMENT)
        return has_any

    def add_deltas(self, *deltas: Delta) -> None:
        """Adds what did not come as a message."""
        self._feed(deltas)
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

    def has_unchecked_object(self) -> bool:
        """Whether the answer only ends when its object is checked."""
        return self._answer.is_over and self._answer.ending is None

    def check_object(self) -> None:
        """Ends the answer. The user's own code may run here, and may block."""
        # Not under the lock: that code may wait for a thread that wants the lock.
        answer, so_far = self._answer, self._answer.object_so_far
        assert so_far is not None
        found = so_far.check(answer.full_message, answer.finish_reason, has_calls=answer.has_calls)
        with self._delivery.lock:
            answer.conclude(found)
        self.announce()

    def announce(self) -> None:
        """Wakes all that may have something new to do."""
        if self.text_waiters.wakers:
            self.text_waiters.wake()
        if self._answer.ending is not None:
            self.ended_at = self.ended_at or monotonic()
            self._delivery.end_waiters.wake()
        self._delivery.wake()


def _malformed(
    message: ServerSentEvent, dialect: Dialect, error: Exception
) -> MalformedStreamError:
    return MalformedStreamError(
        f"A message of the stream is not what {dialect.name} sends: {SAID}",
        said=f"{error}. The message: {message.data}",
        body=message.data,
    )
