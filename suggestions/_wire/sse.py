"""Server-sent events out of bytes (WHATWG HTML, sections 9.2.5 and 9.2.6). No I/O, no clock.

Framing, ids and reconnection times are decided here; the fields of a block are interpreted by
`sseclient`, which is right about one complete block with LF line ends, and is handed no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import sseclient

from suggestions.errors import EventTooLargeError
from suggestions.events import ServerSentEvent as ServerSentEvent

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINE = b"\n\n"
# sseclient copies the data so far once for each further line: it gets this many at a time.
_DATA_LINES_AT_ONCE = 64
_ID = r"(?m:^id(?:: ?([^\0\n]*))?$)"
_DATA = rb"(?m:^data(?::|$))"
# A line of something else than an event. One that was cut off, and is this short, may be the
# beginning of a field.
_STRANGE = r"(?m:^(?!(?:data|event|id|retry)?(?::|$))[^\n]+)"
_STRANGE_BEFORE_END = _STRANGE.replace("+", "{6,}")
_COMMENT = r"(?m:^: ?([^\n]*)$)"
_RETRY = rb"(?m:^retry: ?([0-9]+)$)"
# Thousands of digits are legal and mean "very late"; int() would refuse them.
_MOST_DIGITS = 18
_LATEST = 10**_MOST_DIGITS - 1  # milliseconds


class Comment(ServerSentEvent):
    """A line that is none of an event, as servers send to keep a connection: its text is `data`."""


class EventStream:
    """Iterates the `ServerSentEvent`s in an iterable of byte strings, cut anywhere.

    `last_event_id` (str, "" at first) and `reconnection_time` (milliseconds, None until the
    server sets it) are those of the stream so far. An event that is not ended by a blank line
    is dropped, as the standard says; `unfinished` tells at the end that there was one, and
    `unframed` is the first block that has a line without a field of an event, and no data: ""
    where there was none. With `with_comments`, there is a `Comment` for each comment line, before
    the event whose block it stands in.

    Raises `EventTooLargeError` when one event is longer than `max_event_size` bytes, comments
    and line ends included.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        *,
        max_event_size: int = 16 * 1024 * 1024,
        last_event_id: str = "",
        with_comments: bool = False,
    ) -> None:
        self.last_event_id = last_event_id
        self.reconnection_time: int | None = None
        self.unfinished = False
        self.unframed = ""
        self._chunks = chunks
        self._max_event_size = max_event_size
        self._with_comments = with_comments

    def __iter__(self) -> Iterator[ServerSentEvent]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[ServerSentEvent]]:
        """The same events, those together that have arrived together."""
        for text in self._whole_blocks():
            batch: list[ServerSentEvent] = []
            for block in text.split("\n\n"):
                # Nearly every block of an answer is one line of data.
                if block.startswith("data:") and "\n" not in block:
                    data = block[6:] if block.startswith(" ", 5) else block[5:]
                    batch.append(ServerSentEvent("message", data, self.last_event_id))
                elif block:
                    if self._with_comments:
                        batch += self._comments(block)
                    event = self._interpret(block.strip("\n"))
                    if event is not None:
                        batch.append(event)
            yield batch

    def _whole_blocks(self) -> Iterator[str]:
        """Text that ends where an event ends, LF the only line end."""
        held = bytearray()
        newline_held = True  # a blank line before the first event ends nothing
        try:
            for chunk in _with_lf(_without_mark(self._chunks)):
                end = chunk.rfind(_BLANK_LINE) + len(_BLANK_LINE)
                if end < len(_BLANK_LINE):
                    # None within; the cut may lie between the two.
                    end = 1 if newline_held and chunk.startswith(b"\n") else 0
                if end:
                    held += chunk[:end]
                    whole, held = held, bytearray()
                    if len(whole) <= self._max_event_size:
                        yield _decoded(whole)
                    else:
                        yield from map(_decoded, self._bounded(whole.split(_BLANK_LINE)))
                held += chunk[end:]
                newline_held = chunk.endswith(b"\n")
                if len(held) > self._max_event_size:
                    raise self._too_large()
            left = bytes(held).split(b"\n")
            self.unfinished = any(line and not line.startswith(b":") for line in left)
            if not re.search(_DATA, held):
                self._note_unframed(_STRANGE_BEFORE_END, _decoded(held))
        finally:
            # A reconnection time counts when its line ends; all else when the event ends.
            self._note_reconnection_time(held[: held.rfind(b"\n") + 1])

    def _bounded(self, blocks: Iterable[bytearray]) -> Iterator[bytearray]:
        for block in blocks:
            if len(block.strip(b"\n")) >= self._max_event_size:
                raise self._too_large()
            yield block

    def _too_large(self) -> EventTooLargeError:
        return EventTooLargeError(
            f"One event of the stream is longer than {self._max_event_size} bytes."
        )

    def _interpret(self, block: str) -> ServerSentEvent | None:
        for value in re.findall(_ID, block):
            self.last_event_id = value
        self._note_reconnection_time(block.encode())
        event = _event_and_data(block.split("\n"))
        if event is None:
            self._note_unframed(_STRANGE, block)
        return event and ServerSentEvent(*event, self.last_event_id)

    def _note_unframed(self, strange: str, block: str) -> None:
        if not self.unframed and re.search(strange, block):
            self.unframed = block.strip("\n")

    def _comments(self, block: str) -> Iterator[Comment]:
        for text in re.findall(_COMMENT, block):
            yield Comment("comment", text, self.last_event_id)

    def _note_reconnection_time(self, lines: bytes | bytearray) -> None:
        # As bytes, since these may be many: in a text, each takes up to four times the memory.
        for digits in re.findall(_RETRY, lines)[-1:]:
            beginning = int(digits.lstrip(b"0")[: _MOST_DIGITS + 1] or 0)
            self.reconnection_time = min(beginning, _LATEST)


def _decoded(data: bytearray) -> str:
    return data.decode(errors="replace")


def _without_mark(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Drops one byte order mark at the very start, which is read here."""
    chunks = iter(chunks)
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= len(_BYTE_ORDER_MARK):  # no event is as short, so none has to wait
            break
    return chain((start.removeprefix(_BYTE_ORDER_MARK),), chunks)


def _with_lf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Makes LF of each CRLF and CR; empty byte strings go."""
    after_cr = False
    for chunk in chunks:
        if after_cr and chunk:
            # The CR has ended the line already; an LF right behind it belongs to it.
            after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if chunk:
            yield chunk


def _event_and_data(lines: list[str]) -> tuple[str, str] | None:
    """The type and data of one block, or None where it has no data to dispatch."""
    data_lines = [line for line in lines if line == "data" or line.startswith("data:")]
    # The last one wins; handing over all of them each time would be quadratic.
    type_lines = [line for line in lines if line == "event" or line.startswith("event:")][-1:]
    events: list[sseclient.Event] = []
    for start in range(0, len(data_lines), _DATA_LINES_AT_ONCE):
        part = type_lines + data_lines[start : start + _DATA_LINES_AT_ONCE]
        block = ("\n".join(part) + "\n\n").encode()
        # An iterator, not a list: sseclient logs the repr of what it is given.
        events += sseclient.SSEClient(iter([block])).events()
    return (events[0].event, "\n".join(event.data for event in events)) if events else None
