"""Following an answer from outside of handlers: its pieces as they come, and its outcome."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from suggestions._delivery.delivery import Delivery
from suggestions._sources.answer import Answer
from suggestions._util.waiting import Bell, Waiters
from suggestions.errors import AbortedError

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
