"""`EventStream`: any bytes, cut anywhere, against the standard's own algorithm.

Input: the stream.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator
from itertools import chain

from standard import BOM, byte_by_byte, cut_at, read, standard

from suggestions._wire.sse import Comment, EventStream
from suggestions.errors import EventTooLargeError

Event = tuple[str, str, str]
_LONGEST_BOUND = 40  # bytes
_SINGLE = 100
"""So many bytes come one by one; more would be slow and find nothing more."""
_EVENT = re.compile(rb"(?:[^\n]+(?:\n|\Z))+")
"""Lines with no blank one between; comments count as well."""


def check(data: bytes) -> None:
    chance = random.Random(zlib.crc32(data))  # an input always does the same
    cut = cut_at(data, [chance.randrange(len(data) + 1) for _ in range(chance.randint(1, 6))])
    single = [*next(byte_by_byte(data[:_SINGLE])), data[_SINGLE:]]
    expected = standard(data)
    for chunks in ([data], cut, single, [b"", *cut, b""]):
        assert read(chunks) == expected, chunks
    _check_comments_and_end(data, cut, expected.events)
    _check_bound(data, cut, chance.randint(1, _LONGEST_BOUND))


def _check_comments_and_end(data: bytes, chunks: list[bytes], events: list[Event]) -> None:
    stream = EventStream(chunks, with_comments=True)
    found = list(stream)
    assert [tuple(event) for event in found if type(event) is not Comment] == events
    last = _with_lf(data).rpartition(b"\n\n")[2].split(b"\n")
    assert stream.unfinished == any(line and line[:1] != b":" for line in last)


def _check_bound(data: bytes, chunks: list[bytes], bound: int) -> None:
    """An event that is too long ends it, after those before it, and no more of it is held."""
    lines = _with_lf(data)
    begins = next((e.start() for e in _EVENT.finditer(lines) if len(e[0]) > bound), None)
    before = standard(BOM + lines[:begins])
    failure = None if begins is None else EventTooLargeError
    for cut in ([data], chunks):
        outcome = read(cut, max_event_size=bound)
        assert (outcome.events, outcome.last_event_id) == (before.events, before.last_event_id)
        assert outcome.failure is failure
    pulled = 0

    def counted() -> Iterator[bytes]:
        nonlocal pulled
        for byte in lines:
            pulled += 1
            yield bytes([byte])

    if begins is not None:
        assert read(chain([BOM], counted()), max_event_size=bound).failure is failure
        assert pulled == begins + bound + 1


def _with_lf(data: bytes) -> bytes:
    return re.sub(rb"\r\n?", b"\n", data.removeprefix(BOM))
