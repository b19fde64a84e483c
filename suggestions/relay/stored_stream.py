"""The bytes of an answer that a store keeps, for one reader, after any event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.elapsed import monotonic
from .._util.waiting import Waiters
from . import on_trio
from .answer_stream import HEARTBEAT, OPENING, ROUND_TRIP, make_task
from .server_stop import closes_at_stop
from .stores.stored_answer import Endings, Store, StoredAnswer, StoreError, cursor_of
from .writer import Writer

if TYPE_CHECKING:
    from .rounds import Rounds

logger = logging.getLogger("suggestions")

_UNKNOWN = b"There is no such answer, or it has expired.\n"
_UNAVAILABLE = b"The answer cannot be read now. Please try again in a moment.\n"


class StoredStream:
    """Follows the answer with this id. `close()` only leaves it.

    If the store has no such answer, the `writer` asks for it; without a writer, the status is
    `unknown`. If all was sent already, it is 204, after which an `EventSource` does not come back
    (WHATWG HTML, section 9.2.3); without `sends_ended`, also if the answer has ended.
    """

    def __init__(
        self,
        store: Store,
        id: str,
        endings: Endings,
        heartbeat: float,
        last_event_id: str | None,
        writer: Writer | None = None,
        *,
        unknown: int = 404,
        sends_ended: bool = True,
    ) -> None:
        self.id = id
        self.status: int | None = None  # before the answer was looked up
        self.is_told_by_status = False
        """Whether the browser gets the status. (Otherwise it gets 200, and then an error.)"""
        self._store = store
        self._endings = endings
        self._silences = (heartbeat, ROUND_TRIP, ROUND_TRIP)  # seconds, before each write
        self._cursor = cursor_of(last_event_id)
        self._writer = writer
        self._unknown = unknown
        self._sends_ended = sends_ended
        self._answer: StoredAnswer | None = None
        self._waiters = Waiters()  # woken by `close()`
        self._is_closed = False

    @property
    def source(self) -> SuggestionsEventSource | Rounds | None:
        return None if self._writer is None else self._writer.source

    def keep_log(self) -> None:
        if self._writer is not None:
            self._writer.keep_log()

    def begin(self, last_event_id: str | None = None) -> int:
        """Looks the answer up, or asks for it, once. Returns the response's status."""
        if self.status is None and self._find(last_event_id):
            assert self._answer is not None
            assert self._writer is not None
            self._writer.start(self._answer)
        return self.status or 200

    async def begin_task(self, last_event_id: str | None = None) -> int:
        """As `begin`, in a task. If it is cancelled, no answer stays for which nothing asks."""
        if self.status is None:
            if not self._store.blocks or on_trio.is_here():
                await self._find_in_task(last_event_id)
            else:
                await asyncio.shield(self._find_in_task(last_event_id))
        return self.status or 200

    async def _find_in_task(self, last_event_id: str | None) -> None:
        if not self._store.blocks:
            is_new = self._find(last_event_id)
        elif on_trio.is_here():
            is_new = await on_trio.call_on_thread(lambda: self._find(last_event_id))
        else:
            is_new = await asyncio.to_thread(self._find, last_event_id)
        if is_new:
            assert self._answer is not None
            assert self._writer is not None
            self._writer.start_task(self._answer)

    def _find(self, last_event_id: str | None) -> bool:
        """Whether the answer is new."""
        is_new = False
        self._cursor = self._cursor or cursor_of(last_event_id)
        try:
            if self._writer is not None:
                on_end = self._writer.source.close
                self._answer = StoredAnswer(self.id, self._store, self._endings, on_end)
                is_new = self._store.create(self._answer)
            if not is_new:
                self._answer = self._store.open(self.id)
        except StoreError as error:
            logger.error("the store cannot serve answer %s: %s", self.id, error)
            self.status = 503
            return False
        answer = self._answer
        if not is_new:
            closes_at_stop(self)  # a new one ends by itself, as its answer does
        if answer is None:
            self.status = self._unknown
        elif answer.has_ended and not (self._sends_ended and answer.read(self._cursor).data):
            self.status = 204
        else:
            self.status = 200
        return is_new

    def close(self) -> None:
        """Leaves the answer, from any thread."""
        self._is_closed = True
        self._waiters.wake()

    def disconnect(self) -> None:
        """The browser has left; it comes back for the rest, if the server stops."""
        self.close()

    def chunks(self) -> Iterator[bytes]:
        """For a thread that may block."""
        if self.begin() != 200:
            if body := self.instead():
                yield body
            return
        answer = self._answer
        assert answer is not None
        self._waiters.wakers = answer.waiters.wakers
        answer.follow()
        try:
            yield OPENING
            beats = 0  # the writes of heartbeats since the last frame
            while not self._is_closed:
                beat = beats % len(HEARTBEAT)
                self._waiters.block_until(self._has_news, self._silences[beat])
                data, self._cursor, is_over = answer.read(self._cursor)
                beats = 0 if data else beats + 1
                if not self._is_closed and not (is_over and not data):
                    yield data or HEARTBEAT[beat]
                if is_over:
                    return
        finally:
            answer.leave()

    async def achunks(self) -> AsyncGenerator[bytes, None]:
        """As `chunks`, in a task of trio or of asyncio."""
        if await self.begin_task() != 200:
            if body := self.instead():
                yield body
            return
        answer = self._answer
        assert answer is not None
        self._waiters.wakers = answer.waiters.wakers
        answer.follow()
        try:
            with closing(make_task(answer.waiters)) as task:
                yield OPENING
                beats = 0
                while not self._is_closed:
                    beat = beats % len(HEARTBEAT)
                    deadline = monotonic() + self._silences[beat]
                    while not self._has_news() and monotonic() < deadline:
                        await task.wait(deadline)
                    data, self._cursor, is_over = answer.read(self._cursor)
                    beats = 0 if data else beats + 1
                    if not self._is_closed and not (is_over and not data):
                        yield data or HEARTBEAT[beat]
                    if is_over:
                        return
        finally:
            answer.leave()

    def _has_news(self) -> bool:
        return self._is_closed or (self._answer is not None and self._answer.has_more(self._cursor))

    def instead(self) -> bytes:
        """The body of another status than 200: a sentence, since front ends show it."""
        if self.status == 503 and not self.is_told_by_status and self._writer is not None:
            return OPENING + self._endings.lost
        return {404: _UNKNOWN, 503: _UNAVAILABLE}.get(self.status or 200, b"")
