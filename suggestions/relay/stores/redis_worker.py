"""The one thread of a process that writes to Redis, for all of its answers.

If each piece were sent when it comes, each would be a round trip. So the thread takes all that has
come since its last round trip, sends it at once, and then waits for so long that several pieces of
an answer are one command; or for a moment, if more than that has to be done. It outlives every
failure of Redis: what was not confirmed is looked up and sent again with the same ids.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from ..._util.elapsed import monotonic
from .redis_inbox import News, ended, followed, message_of
from .redis_round import Commands, Names, NewsByWorker, Work
from .redis_stream import (
    BEGIN,
    END,
    Entry,
    Stream,
    add_frames,
    begin,
    compact,
    entry_of_end,
    is_refusal,
    last_of,
    number_of,
)

logger = logging.getLogger("suggestions")

_GAP = 0.003  # seconds between two round trips
_LONGEST_GAP = 0.2
"""Seconds, if there is only text that this process alone reads. So much of it is lost to those who
come later, if the process is killed."""
_PAUSE = 0.1  # after a failure
_TICKS = 6  # in a lease
_PATIENCE = 3  # leases, for which a Redis that is away is waited for
_TICKS_TO_BE_DEAD = 2
"""Ticks in a row without a lease, after which its process counts as dead: one tick may fall between
a restart of Redis without its data and the next renewal."""


class RedisWorker:
    """`lease` and `keep` in seconds."""

    def __init__(self, client: Any, names: Names, id: str, lease: float, keep: float) -> None:
        self.id = id
        self.lease = lease
        self.is_closed = False
        self._client = client
        self._names = names
        self._keep = round(keep * 1000)  # milliseconds, as all times that Redis gets
        self._keep_live = round(max(keep, 60.0, 20 * lease) * 1000)
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._is_urgent = threading.Event()
        """If there is more to do than to store text that this process alone reads."""
        self._work = Work()
        self._is_sending = False
        self._streams: defaultdict[str, list[Stream]] = defaultdict(list)
        self._away_since: float | None = None
        self._trusts_at = 0.0
        """From then on, a missing lease means a dead process. Before, Redis may have lost it."""
        self._next_tick = 0.0

    # From any thread

    def find(self, id: str) -> Stream | None:
        with self._lock:
            streams = self._streams.get(id)
            return streams[0] if streams else None

    def attend(self, stream: Stream) -> None:
        """From now on the stream is kept up to date in this process."""
        with self._lock:
            if stream in self._streams[stream.answer.id]:
                return
            self._streams[stream.answer.id].append(stream)
        if not stream.is_ours and not stream.answer.has_ended:
            self._add(lambda work: (work.reads, work.greetings), stream)

    def write(self, stream: Stream) -> None:
        with self._lock:
            self._work.writes[stream] = None
        self.wake(is_urgent=bool(stream.readers) or stream.last is not None or stream.is_unsure)

    def end(self, stream: Stream, last: bytes) -> None:
        with self._lock:
            if stream.last is None:
                stream.last = last
        self.write(stream)

    def begin(self, stream: Stream) -> bool:
        """Writes the first entry. False if there is such a stream. Raises what the client does."""
        pipe = self._client.pipeline(transaction=False)
        pipe.set(self._names.lease(self.id), 1, px=round(self.lease * 1000))
        return begin(self._client, pipe, stream, self._keep_live)

    def _add(self, choose: Callable[[Work], tuple[dict[Stream, None], ...]], each: Stream) -> None:
        with self._lock:
            for work in choose(self._work):
                work[each] = None
        self.wake()

    def wake(self, *, is_urgent: bool = True) -> None:
        if is_urgent:
            self._is_urgent.set()
        if not self._news.is_set():
            self._news.set()

    # From the inbox

    def on_followed(self, worker: str, ids: list[str]) -> None:
        until = monotonic() + self.lease
        for id in ids:
            stream = self.find(id)
            if stream is None or not stream.is_ours:
                continue
            is_new = worker not in stream.readers
            stream.readers[worker] = until
            stream.answer.followed_until = max(stream.answer.followed_until, until)
            if is_new:  # more may have been stored in the meantime
                self._add_news(worker, News(id, 0, b""))

    def on_ended(self, id: str) -> None:
        stream = self.find(id)
        if stream is not None:
            self._look_up(stream)

    def on_news(self, news: News) -> None:
        with self._lock:
            streams = list(self._streams.get(news.id, ()))
        for stream in streams:
            if stream.is_ours:
                continue
            is_whole = news.number > 0 and stream.add(news.frames, news.number)
            if not is_whole:
                self._look_up(stream)

    def on_gap(self) -> None:
        for stream in self._all():
            self._look_up(stream)
            if not stream.is_ours:
                self._add(lambda work: (work.greetings,), stream)

    def _all(self) -> list[Stream]:
        with self._lock:
            return [each for streams in self._streams.values() for each in streams]

    def _look_up(self, stream: Stream) -> None:
        if stream.is_ours:
            stream.is_unsure = True
            self.write(stream)
        else:
            self._add(lambda work: (work.reads,), stream)

    # On its own thread

    def run(self) -> None:
        while not self.is_closed:
            self._news.wait(max(0.0, self._next_tick - monotonic()))
            self._news.clear()
            self._is_urgent.clear()
            try:
                self._round()
                self._away_since = None
            except Exception as error:  # of the client, or of a handler
                self._on_failure(error)
                time.sleep(_PAUSE)
                continue
            time.sleep(_GAP)
            self._is_urgent.wait(min(_LONGEST_GAP, self.lease / _TICKS))
        self.end_all()
        self._store_the_rest()

    def end_all(self) -> None:
        """Ends those that this process asks for, for all. It reads no more of the others."""
        for stream in self._all():
            if not stream.is_ours:
                stream.answer.finish(stream.answer.endings.lost)
            elif not stream.answer.has_ended:
                self.end(stream, stream.answer.endings.lost)

    def is_idle(self) -> bool:
        with self._lock:
            return not self._work and not self._is_sending

    def _store_the_rest(self) -> None:
        try:
            while not self.is_idle():
                self._round()
        except Exception as error:
            logger.warning("a store in Redis was closed before all was stored: %r", error)

    def _round(self) -> None:
        if monotonic() >= self._next_tick:
            self._tick()
            self._next_tick = monotonic() + self.lease / _TICKS
        with self._lock:
            work, self._work = self._work, Work()
            self._is_sending = True
        try:
            commands = Commands(self._client)
            for stream in work.writes:
                if stream.is_unsure:
                    self._find_top(stream)
                self._write(stream, commands, work.news)
            for worker, news in work.news.items():  # Redis does it after it has stored the frames
                commands.publish(self._names.inbox(worker), message_of(news))
            self._greet(work.greetings, commands)
            for stream in work.reads:
                self._read(stream, commands)
            commands.run()
            for stream in work.ended:
                compact(self._client, stream, self._keep)
        except BaseException:
            self._put_back(work)
            raise
        finally:
            self._is_sending = False

    def _put_back(self, work: Work) -> None:
        # It may be another Redis from now on, which lacks what the old one had confirmed.
        for stream in (*work.writes, *self._all()):
            stream.is_unsure = True
        with self._lock:
            self._work.writes.update(work.writes)
            self._work.reads.update(work.reads)
            self._work.greetings.update(work.greetings)
            self._work.ended.update(work.ended)
        self.wake()  # news are not sent again: a gap is found, and the stream is read

    def _on_failure(self, error: Exception) -> None:
        now = monotonic()
        if self._away_since is None:
            self._away_since = now
            logger.warning("a store waits for Redis: %r", error)
        self._trusts_at = now + self.lease
        if now - self._away_since < _PATIENCE * self.lease:
            return
        for stream in self._all():
            lost = stream.answer.endings.lost
            if not stream.answer.finish(lost):
                continue
            logger.error("answer %s is lost: Redis was away for too long", stream.answer.id)
            if stream.is_ours:
                stream.last = lost  # for those who come when Redis is back
                self._look_up(stream)

    # Writing

    def _find_top(self, stream: Stream) -> None:
        """Finds out what is stored."""
        top: list[Entry] = self._client.xrevrange(stream.key, count=1)
        last = last_of(top)
        if last is not None:
            self._finish(stream, last)
        elif stream.is_ours:
            stream.is_missing = not top
            stream.stored = number_of(top[0][0]) if top else 0
        stream.is_unsure = False

    def _write(self, stream: Stream, commands: Commands, news: NewsByWorker) -> None:
        answer, pipe = stream.answer, commands.pipe
        if stream.is_over:
            return
        if stream.is_missing:
            pipe.xadd(stream.key, stream.beginning(), id=BEGIN)
            commands.then()
            pipe.pexpire(stream.key, self._keep_live)
            commands.then()
            stream.is_missing = False
        frames = answer.frames_after(stream.stored) if stream.is_ours else []
        if frames:
            added = News(answer.id, stream.stored + len(frames), b"".join(frames))
            add_frames(pipe, stream, added.frames, added.number)
            commands.then(lambda reply: self._on_written(stream, added, reply))
            for worker in stream.live_readers():
                news[worker].append(added)
        if stream.last is not None:
            entry = entry_of_end(stream.last)
            pipe.xadd(stream.key, entry, id=END, nomkstream=True)
            commands.then(lambda reply: self._on_end_written(stream, reply))
            pipe.pexpire(stream.key, self._keep)
            commands.then()

    def _on_written(self, stream: Stream, added: News, reply: Any) -> None:
        if reply is None or is_refusal(reply):
            self._look_up(stream)
        elif isinstance(reply, Exception):
            raise reply
        else:
            stream.stored = added.number

    def _on_end_written(self, stream: Stream, reply: Any) -> None:
        last = stream.last or b""
        if reply is None and not stream.is_ours:
            stream.finish(last)  # it has expired
        elif reply is None or is_refusal(reply):
            self._look_up(stream)
        elif isinstance(reply, Exception):
            raise reply
        elif stream.is_ours:
            self._finish(stream, last)
            self._add(lambda work: (work.ended,), stream)
        else:
            self._look_up(stream)
            self._client.publish(self._names.inbox(stream.worker), ended(stream.answer.id))

    def _finish(self, stream: Stream, last: bytes) -> None:
        stream.finish(last)
        for worker in stream.live_readers():
            self._add_news(worker, News(stream.answer.id, 0, b""))

    def _add_news(self, worker: str, news: News) -> None:
        with self._lock:
            self._work.news[worker].append(news)
        self.wake()

    # Reading

    def _greet(self, streams: dict[Stream, None], commands: Commands) -> None:
        by_worker: defaultdict[str, list[str]] = defaultdict(list)
        for stream in streams:
            by_worker[stream.worker].append(stream.answer.id)
        for worker, ids in by_worker.items():
            commands.publish(self._names.inbox(worker), followed(self.id, ids))

    def _read(self, stream: Stream, commands: Commands) -> None:
        if stream.answer.has_ended:
            return
        count = stream.answer.count
        commands.pipe.xrange(stream.key, min=f"({count}-0" if count else f"({BEGIN}")
        commands.then(lambda reply: self._on_read(stream, reply))

    def _on_read(self, stream: Stream, reply: Any) -> None:
        if isinstance(reply, Exception):
            raise reply
        if (last := stream.read(reply)) is not None:
            stream.finish(last)

    # Leases

    def _tick(self) -> None:
        now, live = monotonic(), round(self.lease * 1000)
        commands = Commands(self._client)
        commands.pipe.set(self._names.lease(self.id), 1, px=live)
        commands.then()
        asked: defaultdict[str, list[Stream]] = defaultdict(list)
        for stream in self._drop_old():
            if stream.is_ours:
                if now > stream.refreshed_at + self._keep_live / 3000:
                    stream.refreshed_at = now
                    commands.pipe.pexpire(stream.key, self._keep_live)
                    commands.then()
            else:
                asked[stream.worker].append(stream)
                self._add(lambda work: (work.reads, work.greetings), stream)
        for worker, streams in asked.items():
            commands.pipe.exists(self._names.lease(worker))
            commands.then(partial(self._on_lease, streams))
        commands.run()

    def _drop_old(self) -> list[Stream]:
        """Forgets what is not needed any more. Returns the streams that have not ended."""
        live: list[Stream] = []
        with self._lock:
            for id, streams in list(self._streams.items()):
                for stream in list(streams):
                    answer = stream.answer
                    is_needed = stream.is_ours or answer.idle_for() < self.lease
                    if answer.has_ended or not is_needed:
                        streams.remove(stream)
                    else:
                        live.append(stream)
                if not streams:
                    del self._streams[id]
        return live

    def _on_lease(self, streams: list[Stream], reply: Any) -> None:
        if isinstance(reply, Exception):
            raise reply
        for stream in streams:
            stream.misses = 0 if reply else stream.misses + 1
            if stream.misses >= _TICKS_TO_BE_DEAD and monotonic() > self._trusts_at:
                logger.error("answer %s is lost: the process that asked is gone", stream.answer.id)
                self.end(stream, stream.answer.endings.lost)
