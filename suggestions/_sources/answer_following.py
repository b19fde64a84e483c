"""Following an answer from outside of handlers: its pieces as they come, and its outcome."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .._delivery.delivery import Delivery
from .._util.waiting import Bell, Waiters
from ..errors import AbortedError
from ..events import Event, Later
from .answer import Answer

if TYPE_CHECKING:
    from .awaiting_loop import AwaitingLoop


_WAIT_BLOCKS = "wait() would block the thread that has to run the handlers: connect one to 'end'"


class Following:
    """What iteration, `result()` and `await` have in common."""

    def __init__(
        self,
        answer: Answer,
        delivery: Delivery,
        text_waiters: Waiters,
        close: Callable[[], object],
        leave_loop: Callable[[], object],
    ) -> None:
        self.loop: AwaitingLoop | None = None
        """The loop of a task that awaits the answer, if it may read."""
        self._answer = answer
        self._delivery = delivery
        self._text_waiters = text_waiters
        self._close = close
        self._leave_loop = leave_loop
        self._tasks = 0
        self._callers = 0

    # On a thread that blocks

    def wait(self, timeout: float | None) -> bool:
        """Blocks until every handler has run. Raises `RuntimeError` on the thread that has to run
        the handlers."""
        delivery, host = self._delivery, self._delivery.host
        if not self._is_over():
            runs_here = host is not None and host.runs_here()
            runs_here |= delivery.reader == threading.get_ident()
            if runs_here or delivery.is_delivering_here() or delivery.async_calls.runs_here():
                raise RuntimeError(_WAIT_BLOCKS)
            delivery.end_waiters.block_until(self._is_over, timeout, often=host is not None)
        return delivery.is_settled()

    def _is_over(self) -> bool:
        if self._delivery.host is not None:
            self._delivery.host.check()  # a host may end without calling back
        return self._delivery.is_settled() or self._delivery.is_host_gone

    def result(self, timeout: float | None) -> str:
        """As `outcome`, after the end. Raises `TimeoutError` as well."""
        with self._wanted():
            ended = self._delivery.end_waiters.block_until(lambda: self._answer.ended, timeout)
        if not ended:
            raise TimeoutError(f"no whole answer within {timeout} seconds")
        return self.outcome()

    def chunks(self) -> Iterator[str]:
        """Each piece of text as it arrives. Raises the error of a failed answer after the last."""
        place = 0
        with self._wanted():
            while (piece := self._piece(place)) is not None:
                if piece:
                    yield piece
                    place += 1
                else:
                    self._text_waiters.block_until(self._has_come(place))

    # Under asyncio

    async def whole(self) -> str:
        """As `outcome`, after the end; on the loop that runs the handlers, after all of them."""
        delivery = self._delivery
        runs_here = delivery.host is not None and delivery.host.runs_here()
        waits_for_handlers = runs_here and not delivery.async_calls.runs_here()

        def is_done() -> bool:
            is_delivered = delivery.is_settled() or delivery.is_host_gone
            return self._answer.ended and (is_delivered or not waits_for_handlers)

        with self._awaited(delivery.end_waiters) as bell:
            while not is_done():
                await bell.wait()
        return self.outcome()

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

    # For a relay

    def events(self, names: Iterable[str]) -> EventFollower:
        """The events of these names, from the first on."""
        self._callers += 1  # it closes the source itself
        return EventFollower(self._answer, self._delivery, self._text_waiters, frozenset(names))

    # What they have in common

    @contextlib.contextmanager
    def _wanted(self) -> Iterator[None]:
        """A caller follows the answer. If it is left before the end, by `break`, an exception or a
        cancelled task, and nothing else listens, the source is closed: the rest is not wanted."""
        with self._delivery.lock:
            self._callers += 1
        try:
            yield
        except BaseException:
            with self._delivery.lock:
                self._callers -= 1
            if not self._answer.ended and not self._has_listeners():
                self._close()
            raise
        with self._delivery.lock:
            self._callers -= 1

    def _has_listeners(self) -> bool:
        """Whether handlers are connected, or callers wait. What watches all sources does not count:
        logging an answer is not a reason to pay for it."""
        delivery = self._delivery
        has_handlers = bool(delivery.live.receivers or delivery.late)
        return has_handlers or self._callers > 0 or bool(delivery.end_waiters.wakers)

    @contextlib.contextmanager
    def _awaited(self, waiters: Waiters) -> Iterator[Bell]:
        """A task awaits the answer. Meanwhile its loop may read, if nothing else listens.

        Without `dispatch`, handlers run on a thread that reads: a slow one must not stop a loop.
        """
        delivery = self._delivery
        self._tasks += 1
        if self.loop is None and delivery.host is None and not delivery.has_listeners():
            from .awaiting_loop import AwaitingLoop

            self.loop = AwaitingLoop(delivery, self._leave_loop)
        try:
            with self._wanted(), waiters.bell() as bell:
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


TOOL_CALL_PIECE = "tool_call_piece"
"""The name under which a follower gets each `tool_call_chunk` as a `ToolCallSoFar`."""
_new: Callable[[type[Event[Any]]], Event[Any]] = object.__new__
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
        self.has_stopped_reading = False
        """The loop has stopped because this is behind: it goes on if it is resumed."""
        self._answer = answer
        self._delivery = delivery
        self._names = names
        self._position = 0
        self._size = 0  # of the answer, when all was taken
        self._forgotten = 0

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
                    event = _new(Event)  # without a call of its `__init__`, because it is frequent
                    event.type, event.detail = "chunk", entry
                    events.append(event)
            elif type(entry) is Event:
                if entry.type in names and self._counts(entry):
                    events.append(entry)
            elif type(entry) is Later:
                if entry.type in names:
                    events.append(Event(entry.type, entry.make_detail()))
                elif entry.type == "tool_call_chunk" and TOOL_CALL_PIECE in names:
                    events.append(Event(TOOL_CALL_PIECE, entry.make_detail))
        self._size = size
        # At once, and not several together: many streams would do that in one moment.
        if self.forgets and self._position > self._forgotten:
            self._forget()
        if self.room.wakers:
            self.room.wake()
        return events

    def _forget(self) -> None:
        """Drops what was taken. The watchers of all sources get it before."""
        delivery, live = self._delivery, self._delivery.live
        if delivery.host is not None:  # this is its thread
            if delivery.has_listeners() or self._answer.ending is not None:
                delivery.drain(live_only=True)  # a loop does not do so for each step
            else:
                live.position = max(live.position, self._position)
        with delivery.lock:
            end = min(self._position, live.position)
            delivery.log[self._forgotten : end] = [None] * (end - self._forgotten)
        self._forgotten = end

    def _counts(self, event: Event[Any]) -> bool:
        """Whether it is not an end that `close()` has replaced by another. Once it is taken,
        nothing replaces it."""
        state = _STATE_AFTER.get(event.type)
        if state is None:
            return True
        with self._delivery.lock:
            self._answer.make_final()
            return self._answer.state == state
