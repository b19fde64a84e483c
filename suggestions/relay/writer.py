"""Asks the service for an answer that a store keeps. It belongs to no connection."""

from __future__ import annotations

import contextvars
import logging
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util import threads
from .._util.elapsed import monotonic
from ..events import Event
from .answer_stream import make_task, run_beside
from .callbacks import Callbacks
from .frames import ENDINGS, Frames
from .server_stop import closes_at_stop, is_stopping
from .stores.stored_answer import StoredAnswer, split

if TYPE_CHECKING:
    from .rounds import Rounds

logger = logging.getLogger("suggestions")

_LONGEST_WAIT = 3600.0  # seconds
_SHORTEST_WAIT = 0.05


class Writer:
    """Asks once it is started, and appends each frame to the answer.

    If nothing has followed the answer for `abandon_after` seconds, it stops; with None it never
    does.
    """

    def __init__(
        self,
        source: SuggestionsEventSource | Rounds,
        frames: Frames,
        callbacks: Callbacks,
        abandon_after: float | None,
    ) -> None:
        self.source = source
        self._encode = frames.encode
        self._callbacks = callbacks
        self._abandon_after = abandon_after
        self._follower = source._follow(frames.event_names)
        self._follower.forgets = True
        self._context = contextvars.copy_context()

    def keep_log(self) -> None:
        """So that handlers that are connected to the source later get what had come before."""
        self._follower.forgets = False

    def start(self, answer: StoredAnswer) -> None:
        """On a thread of its own, with the context variables of the view. Raises
        `RuntimeError` if none can be started."""
        write = partial(self._write, answer)
        try:
            threads.start(lambda: self._context.run(write), "answer", self.source._delivery)
        except RuntimeError:
            self._leave(answer)  # others may follow it already
            raise

    def start_task(self, answer: StoredAnswer) -> None:
        """In a task of the loop that runs here, of asyncio or trio."""
        run_beside(partial(self._write_in_task, answer))

    def _write(self, answer: StoredAnswer) -> None:
        follower = self._follower
        closes_at_stop(self.source)
        try:
            self.source.start()
            is_over = False
            while not is_over:
                follower.waiters.block_until(follower.has_more, self._patience(answer))
                events = follower.take()
                for event in events:
                    self._callbacks.call(event)
                is_over = self._append(answer, events)
        except Exception:
            logger.exception("answer %s cannot go on", answer.id)
        finally:
            self._leave(answer)

    async def _write_in_task(self, answer: StoredAnswer) -> None:
        source, follower, callbacks = self.source, self._follower, self._callbacks
        closes_at_stop(source)
        try:
            with closing(make_task(follower.waiters)) as task:
                source._run_on(task.dispatcher)
                self._context.run(source.start)
                is_over = False
                while not is_over:
                    deadline = monotonic() + self._patience(answer)
                    while not (events := follower.take()) and monotonic() < deadline:
                        await task.wait(deadline)
                    if follower.has_stopped_reading:
                        source._resume()
                    for event in events:
                        if event.type in callbacks.wanted:
                            await callbacks.acall(event)
                    is_over = self._append(answer, events)
        except Exception:
            logger.exception("answer %s cannot go on", answer.id)
        finally:
            self._leave(answer)

    def _patience(self, answer: StoredAnswer) -> float:
        """Seconds for which the answer may go on without a follower, from now on."""
        if self._abandon_after is None:
            return _LONGEST_WAIT
        left = self._abandon_after - answer.idle_for()
        return min(_LONGEST_WAIT, max(_SHORTEST_WAIT, left))

    def _append(self, answer: StoredAnswer, events: list[Event[Any]]) -> bool:
        """Whether one of them ended the answer."""
        encode = self._encode
        frames = [encode(event) for event in events]
        is_over = bool(events) and events[-1].type in ENDINGS
        last = frames.pop() if is_over else b""
        answer.append(split(b"".join(frames)))
        if is_over:
            was_stopped = events[-1].type == "abort" and not is_stopping()
            answer.end(answer.endings.stopped if was_stopped else last)
        elif self._abandon_after is not None and answer.idle_for() >= self._abandon_after:
            self.source.close()  # so that `abort` is the last event
        return is_over

    def _leave(self, answer: StoredAnswer) -> None:
        self.source.close()
        if not answer.has_ended:
            answer.end(answer.endings.lost)
