"""The stream of one answer in Redis, and what one process knows of it.

The ids of its entries are ours, so that what is sent twice, because a reply was lost, stays there
once:

- `0-1` begins it: the process that asks, and the two endings.
- `n-0` has frames, the last of which has the number n. After the end, one entry has all of them,
  compressed.
- The largest id there is ends it. Redis refuses every later entry (its documents, XADD: an id must
  be greater than all others in the stream), so that of several attempts to end the answer one
  succeeds, without a script.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any
from zlib import compress, decompress

from ..._util.elapsed import monotonic
from .stored_answer import Endings, Store, StoredAnswer, split

BEGIN = "0-1"
_TOP = 2**64 - 1
END = f"{_TOP}-{_TOP}"
_WORKER, _TOKEN, _STOPPED, _LOST = b"w", b"t", b"s", b"l"
_FRAMES, _COMPRESSED, _LAST = b"f", b"z", b"e"

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


class Stream:
    """`worker` is the id of the process that asks; `is_ours` if that is this one."""

    def __init__(self, answer: StoredAnswer, key: str, worker: str, *, is_ours: bool) -> None:
        self.answer = answer
        self.key = key
        self.worker = worker
        self.is_ours = is_ours
        self.token = secrets.token_hex(8).encode()
        self.size = 0  # bytes
        self.stored = 0
        """The number of the last of our frames that is known to be in Redis."""
        self.is_unsure = False
        """What is in Redis has to be read before more is written: a reply was lost."""
        self.is_missing = False
        """Redis has lost it: all of it has to be written again."""
        self.last: bytes | None = None
        """The frames to end it with."""
        self.is_over = False
        """An end is known to be in Redis, or the stream has expired."""
        self.readers: dict[str, float] = {}
        """The other processes that follow it, and until when they count as followers."""
        self.refreshed_at = monotonic()
        self.misses = 0
        """How often in a row the process that asks had no lease."""

    def live_readers(self) -> list[str]:
        now = monotonic()
        for worker, until in list(self.readers.items()):
            if until < now:
                del self.readers[worker]
        return list(self.readers)

    def beginning(self) -> Fields:
        endings = self.answer.endings
        return {
            _WORKER: self.worker.encode(),
            _TOKEN: self.token,
            _STOPPED: endings.stopped,
            _LOST: endings.lost,
        }

    def is_begun_by(self, entries: list[Entry]) -> bool:
        """Whether it is this process that has written the first of the entries."""
        return bool(entries) and entries[0][1].get(_TOKEN) == self.token

    def add(self, frames: bytes, number: int) -> bool:
        """Adds frames of the process that asks; False if some before them are missing."""
        return self.answer.add_from_elsewhere(split(frames), number)

    def finish(self, last: bytes) -> None:
        """These frames end it in Redis."""
        self.is_over = True
        self.answer.finish(last)

    def read(self, entries: list[Entry]) -> bytes | None:
        """Adds what is new to the answer. Returns the frames that end it, if they are there."""
        for id, fields in entries:
            if _LAST in fields:
                return fields[_LAST]
            if _FRAMES in fields:
                self.add(fields[_FRAMES], number_of(id))
            elif _COMPRESSED in fields:
                self.add(decompress(fields[_COMPRESSED]), number_of(id))
        return None


def begin(client: Any, pipe: Any, stream: Stream, keep: int) -> bool:
    """Writes the first entry, after the commands in `pipe`; `keep` is in milliseconds.

    Returns False if there is such a stream. Raises what the client does.
    """
    pipe.xadd(stream.key, stream.beginning(), id=BEGIN)
    reply = pipe.execute(raise_on_error=False)[-1]
    if is_refusal(reply):
        # It may be ours, from an attempt whose reply was lost.
        if not stream.is_begun_by(client.xrange(stream.key, count=1)):
            return False
    elif isinstance(reply, Exception):
        raise reply
    client.pexpire(stream.key, keep)
    return True


def opened(entries: list[Entry], id: str, key: str, store: Store) -> Stream | None:
    """The stream with these entries, all of it; None if there is no beginning."""
    if not entries or _WORKER not in entries[0][1]:
        return None
    fields = entries[0][1]
    answer = StoredAnswer(id, store, Endings(fields[_STOPPED], fields[_LOST]))
    stream = Stream(answer, key, fields[_WORKER].decode(), is_ours=False)
    if (last := stream.read(entries)) is not None:
        stream.finish(last)
    return stream


def compact(client: Any, stream: Stream, keep: int) -> None:
    """Puts one entry in place of all that have frames, which takes a tenth of the memory.

    `stream` is ours, and this process has ended it; `keep` is in milliseconds.

    A process that reads from a number on finds the same frames before and after. If the answer is
    gone, if its id belongs to another answer by now, or if Redis refuses it, this does nothing.
    """
    from redis.exceptions import ResponseError

    frames = stream.answer.frames_after(0)
    short = f"{stream.key}:short"
    with suppress(ResponseError), client.pipeline(transaction=True) as pipe:
        pipe.watch(stream.key)
        if not stream.is_begun_by(pipe.xrange(stream.key, count=1)):
            return
        pipe.multi()
        pipe.delete(short)
        pipe.xadd(short, stream.beginning(), id=BEGIN)
        if frames:
            pipe.xadd(short, {_COMPRESSED: compress(b"".join(frames))}, id=f"{len(frames)}-0")
        pipe.xadd(short, entry_of_end(stream.last or b""), id=END)
        pipe.pexpire(short, keep)
        # By its name, because redis-py has no such method in a round trip to a cluster.
        pipe.execute_command("RENAME", short, stream.key)
        pipe.execute()


def add_frames(pipe: Any, stream: Stream, frames: bytes, number: int) -> None:
    """Adds frames, the last of them with this number, if Redis has the stream."""
    # The method `xadd` would take as long as all the rest of it.
    pipe.execute_command("XADD", stream.key, "NOMKSTREAM", f"{number}-0", _FRAMES, frames)


def entry_of_end(last: bytes) -> dict[bytes, bytes]:
    return {_LAST: last}


def last_of(entries: list[Entry]) -> bytes | None:
    """The frames that end the answer, if these entries end it."""
    return entries[-1][1].get(_LAST) if entries else None


def number_of(id: bytes) -> int:
    """Of the last frame in the entry with this id; 0 for the beginning."""
    return int(id.split(b"-")[0])


def is_refusal(result: Any) -> bool:
    """Whether Redis refused an entry because one with its id or a larger one is there."""
    said = str(result) if isinstance(result, Exception) else ""
    return "equal or smaller" in said or "exhausted the last possible ID" in said
