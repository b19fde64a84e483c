"""Following an answer from outside of handlers: its pieces as they come, and its outcome."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from suggestions._delivery.delivery import Delivery
from suggestions._sources.answer import Answer
from suggestions._util.waiting import Bell, Waiters
from suggestions.errors import AbortedError
from suggestions.events import Event, Later

if TYPE_CHECKING:
    from suggestions._sources.awaiting_loop import AwaitingLoop


class Following:
    """What iteration, `result()` and `await` have in common."""

    def __init__(
        self,
        answer: Answer,
        delivery: Delivery,
        text_waiters: Waiters,
        leave_loop: Callable[[], object],
    ) -> None:
        self.loop: AwaitingLoop | None = None
        """The loop of a task that awaits the answer, if it may read."""
        self._answer = answer
        self._delivery = delivery
        self._text_waiters = text_waiters
        self._leave_loop = leave_loop
        self._tasks = 0

    def chunks(self) -> Iterator[str]:
        """Each piece of text as it arrives. Raises the error of a failed answer after the last."""
        place = 0
        while (piece := self._piece(place)) is not None:
            if piece:
                yield piece
                place += 1
            else:
                self._text_waiters.block_until(self._has_come(place))

    async def achunks(self) -> AsyncIterator[str]:
        """As `chunks`, under asyncio."""
        place = 0
        with self._awaited(self._text_waiters) as bell:
            while (piece := self._piece(place)) is not None:
                if piece:
                    yield piece
                    place += 1
                else:
                    await bell.wait()

    def events(self, names: Iterable[str]) -> EventFollower:
        """The events of these names, from the first on."""
        return EventFollower(self._answer, self._delivery, self._text_waiters, frozenset(names))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for a condition that comes true with the end."""
        with self._awaited(self._delivery.end_waiters) as bell:
            while not condition():
                await bell.wait()

    @contextlib.contextmanager
    def _awaited(self, waiters: Waiters) -> Iterator[Bell]:
        """A task awaits the answer. Meanwhile its loop may read, if nothing else listens.

        Without `dispatch`, handlers run on a thread that reads: a slow one must not stop a loop.
        """
        delivery = self._delivery
        self._tasks += 1
        if self.loop is None and delivery.host is None and not delivery.has_listeners():
            from suggestions._sources.awaiting_loop import AwaitingLoop

            self.loop = AwaitingLoop(delivery, self._leave_loop)
        try:
            with waiters.bell() as bell:
                yield bell
        finally:
            self._tasks -= 1
            if not self._tasks and self.loop is not None:
                self.loop = None
                self._leave_loop()

    def outcome(self) -> str:
        """The text of an answer that has ended. Raises its error, or `AbortedError`."""
        answer = self._answer
        self._raise_error()
        if answer.state == "aborted":
            aborted = AbortedError("The answer was closed before it was complete.")
            aborted.partial_text = answer.full_message
            raise aborted
        return answer.full_message

    def _has_come(self, place: int) -> Callable[[], bool]:
        return lambda: self._piece(place) != ""

    def _piece(self, place: int) -> str | None:
        """The piece of text at that place, "" before it has come, None after the last one."""
        answer = self._answer
        ended = answer.ended  # read before the pieces: after the end, none is added
        if answer.state == "aborted":
            return None
        if place < len(answer.pieces):
            return answer.pieces[place]
        if not ended:
            return ""
        self._raise_error()
        return None

    def _raise_error(self) -> None:
        with self._delivery.lock:
            self._answer.make_final()
            error = self._answer.error
        if error is not None:
            raise error


_LONGEST_BACKLOG = 1000
"""Entries of a log that were not taken."""
_LARGEST_BACKLOG = 1024 * 1024
"""The same in bytes, about."""
_STATE_AFTER = {"done": "done", "error": "error", "abort": "aborted"}


class EventFollower:
    """Takes events out of the log of an answer, without a handler.

    `waiters` are woken if there may be more, and those of `room` if some was taken.
    """

    def __init__(
        self, answer: Answer, delivery: Delivery, waiters: Waiters, names: frozenset[str]
    ) -> None:
        self.waiters = waiters
        self.room = Waiters()
        self.forgets = False
        """What was taken is dropped from the log: no handler can be connected that would get it."""
        self._answer = answer
        self._delivery = delivery
        self._names = names
        self._position = 0
        self._size = 0  # of the answer, when all was taken
        self._forgotten = 0
        self._size_forgotten = 0

    def is_behind(self) -> bool:
        """Whether so much has not been taken that no more is to be read now."""
        backlog = len(self._delivery.log) - self._position
        is_large = self._answer.size - self._size > _LARGEST_BACKLOG
        return backlog > _LONGEST_BACKLOG or (backlog > 0 and is_large)

    def has_more(self) -> bool:
        return self._position < len(self._delivery.log)

    def take(self) -> list[Event[Any]]:
        """The events that have come since the last call."""
        log, names, size = self._delivery.log, self._names, self._answer.size
        events: list[Event[Any]] = []
        while self._position < len(log):
            entry = log[self._position]
            self._position += 1
            if type(entry) is str:
                if "chunk" in names:
                    events.append(Event("chunk", entry))
            elif type(entry) is Event:
                if entry.type in names and self._counts(entry):
                    events.append(entry)
            elif type(entry) is Later and entry.type in names:
                events.append(Event(entry.type, entry.make_detail()))
        self._size = size
        if self.forgets:
            self._forget()
        if self.room.wakers:
            self.room.wake()
        return events

    def _forget(self) -> None:
        """Drops what was taken, now and then. Those who watch all sources get it before."""
        is_small = self._size - self._size_forgotten < _LARGEST_BACKLOG
        if is_small and self._position - self._forgotten < _LONGEST_BACKLOG:
            return
        delivery = self._delivery
        if delivery.host is not None:
            delivery.drain(live_only=True)  # a loop does not do so for each step
        with delivery.lock:
            end = min(self._position, delivery.live.position)
            delivery.log[self._forgotten : end] = [None] * (end - self._forgotten)
        self._forgotten, self._size_forgotten = end, self._size

    def _counts(self, event: Event[Any]) -> bool:
        """Whether it is not an end that `close()` has replaced by another. Once it is taken,
        nothing replaces it."""
        state = _STATE_AFTER.get(event.type)
        if state is None:
            return True
        with self._delivery.lock:
            self._answer.make_final()
            return self._answer.state == state
