"""Server-sent events from bytes (WHATWG HTML, sections 9.2.5 and 9.2.6). No I/O, no clock.

This finds the blocks, the ids and the reconnection times. `sseclient` reads the fields of a block.
It does so as the standard says if it gets one complete block with LF line ends, and gets no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import sseclient

from ..errors import SAID, EventTooLargeError, MalformedStreamError, stopped_early
from ..events import ServerSentEvent as ServerSentEvent
from . import Decoder, decode
from .stray import is_whole, may_have_strays, strays_in

_new = tuple.__new__
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINE = b"\n\n"
# sseclient copies all data of a block at each further line, so it gets this many lines at a time.
_DATA_LINES_AT_ONCE = 64
_ID = r"(?m:^id(?:: ?([^\0\n]*))?$)"
_DATA = rb"(?m:^data(?::|$))"
# A line that is no field of an event. If the stream was cut off in the line, it needs 6 characters:
# a shorter one may be the beginning of a field's name.
_STRANGE = r"(?m:^(?!(?:data|event|id|retry)?(?::|$))[^\n]+)"
_STRANGE_BEFORE_END = _STRANGE.replace("+", "{6,}")
_COMMENT = r"(?m:^:([^\n]*)$)"
_COMMENT_LINES = r"(?m:(?:^:[^\n]*(?:\n|\Z))+)"
_RETRY = rb"(?m:^retry: ?([0-9]+)$)"
# Thousands of digits are legal and mean "very late"; int() would refuse them.
_MOST_DIGITS = 18
_LATEST = 10**_MOST_DIGITS - 1  # milliseconds


class Comment(ServerSentEvent):
    """A comment line, which servers send to keep a connection open.

    `data` is all that follows the colon, a blank there too.
    """


class EventDecoder(Decoder[list[ServerSentEvent]]):
    """The `ServerSentEvent`s in bytes.

    `last_event_id` (str, "" at first) and `reconnection_time` (milliseconds, None until the
    server sets it) are those of the stream so far. An event that is not ended by a blank line is
    dropped, as the standard says; after `finish`, `unfinished` is True if there was one.
    `unframed` is the first block without data that has a line which is no field of an event; "" if
    there was none. With `with_comments`, there is a `Comment` for each comment line, as soon as the
    line ends, and so before the event in which it is.

    Its fault is an `EventTooLargeError` if one event is longer than `max_event_size` bytes, line
    ends included, and comments that were not returned before.

    Answers are read with `strict`: then nothing is dropped in silence. What `stray` finds is a
    message too. Any other event that is unfinished is an `IncompleteStreamError`, and a stream with
    text but without any event is a `MalformedStreamError`.
    """

    def __init__(
        self,
        *,
        max_event_size: int = 16 * 1024 * 1024,
        last_event_id: str = "",
        with_comments: bool = False,
        strict: bool = False,
    ) -> None:
        self.last_event_id = last_event_id
        self.reconnection_time: int | None = None
        self.unfinished = False
        self.unframed = ""
        self._max_event_size = max_event_size
        self._with_comments = with_comments
        self._strict = strict
        self._is_empty = True
        self._start: bytes | None = b""  # until a byte order mark would be whole
        self._after_cr = False
        self._held = bytearray()  # the beginning of an event, LF the only line end
        self._after_newline = True  # a blank line before the first event ends nothing
        self._early: list[str] = []  # comments in the beginning of an event
        self._last_line = 0  # where, in what is held, the line begins that has not ended

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        if (
            self._held
            or b"\r" in data
            or not data.endswith(_BLANK_LINE)
            or len(data) > self._max_event_size
            or self._after_cr
            or self._start is not None
        ):
            data = self._whole_blocks(data)
        else:  # nearly always: whole events have arrived
            self._after_newline = True
        batch: list[ServerSentEvent] = []
        for block in data.decode(errors="replace").split("\n\n"):
            # Nearly every block of an answer is one line of data.
            if block.startswith("data:") and "\n" not in block:
                text = block[6:] if block.startswith(" ", 5) else block[5:]
                # ServerSentEvent(...) would call a Python function for each.
                batch.append(_new(ServerSentEvent, ("message", text, self.last_event_id)))
            elif block.startswith(":") and "\n" not in block and not self._with_comments:
                pass  # a ping
            elif block:
                if self._with_comments:
                    batch += self._comments(re.findall(_COMMENT, block))
                # There may be thousands, and interpreting each takes time.
                if block := re.sub(_COMMENT_LINES, "", block).strip("\n"):
                    batch += self._interpret(block)
        if self._early:
            batch += self._comments(self._early)
            self._early = []
        if batch:
            self._is_empty = False
        return batch

    def break_off(self) -> None:
        """Takes the reconnection time from an event that does not end, as `finish` does.

        Everything else in an event counts only if the event ends.
        """
        self._note_reconnection_time(self._held[: self._held.rfind(b"\n") + 1])

    def finish(self) -> list[ServerSentEvent]:
        start, self._start = self._start, None
        self.feed(start or b"")
        self.break_off()
        super().finish()
        left = bytes(self._held).split(b"\n")
        self.unfinished = any(line and not line.startswith(b":") for line in left)
        held = self._held.decode(errors="replace")
        if not re.search(_DATA, self._held):
            self._note_unframed(_STRANGE_BEFORE_END, held)
        return self._last_of_answer(held.strip("\n")) if self._strict else []

    def _last_of_answer(self, held: str) -> list[ServerSentEvent]:
        """The unfinished event, if nothing of it is missing. Raises if something is."""
        unframed = self.unframed  # before the held part: that may be the beginning of a field
        last = self._whole_of(held)
        if self._is_empty and unframed and not last:
            raise MalformedStreamError(
                f"The service announces server-sent events, but sends something else: {SAID}",
                said=unframed,
                body=unframed,
            )
        if self.unfinished and not last:
            raise stopped_early(unframed)
        return last

    def rest(self) -> list[ServerSentEvent]:
        """The unfinished event, if nothing of it is missing, after the connection is lost."""
        return self._whole_of(self._held.decode(errors="replace").strip("\n"))

    def _whole_of(self, held: str) -> list[ServerSentEvent]:
        return [event for event in self._interpret(held) if is_whole(event.data)] if held else []

    def _whole_blocks(self, data: bytes) -> bytes:
        """All up to the end of the last whole event, with LF line ends; the rest is held."""
        if self._start is not None:
            data = self._start + data
            if len(data) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(data):
                self._start = data
                return b""
            self._start = None
            data = data.removeprefix(_BYTE_ORDER_MARK)
        data = self._with_lf(data)
        if not data:
            return b""
        end = data.rfind(_BLANK_LINE) + len(_BLANK_LINE)
        if end < len(_BLANK_LINE):
            # The data has none; but it may begin with the second half of one.
            end = 1 if self._after_newline and data.startswith(b"\n") else 0
        whole = b""
        if end:
            whole = bytes(self._held) + data[:end]
            self._held = bytearray()
            self._last_line = 0
        self._hold(data[end:])
        self._after_newline = data.endswith(b"\n")
        if len(self._held) > self._max_event_size:
            self._fail_too_large()
        return whole if len(whole) <= self._max_event_size else self._bounded(whole)

    def _hold(self, data: bytes) -> None:
        """Adds to the beginning of an event. Comments are taken out: a server sends them when it
        has nothing else to send, so the end of the event may be far away."""
        end = data.rfind(b"\n") + 1 if self._with_comments else 0
        if end:
            lines = bytes(self._held[self._last_line :]) + data[:end]
            others = self._take_comments(lines, self._last_line)
            if others is None:
                self._fail_too_large()
                return
            self._held[self._last_line :] = others
            self._last_line = len(self._held)
        self._held += data[end:]

    def _take_comments(self, lines: bytes, size: int) -> bytes | None:
        """The other lines of an event, of which so many bytes came before; None if they are too
        large.

        A comment counts only while its line has not ended. So a long one makes the event too large
        even if it has come at once.
        """
        others: list[bytes] = []
        for line in lines.split(b"\n")[:-1]:
            is_comment = line.startswith(b":")
            if size + len(line) + (not is_comment) > self._max_event_size:
                return None
            if is_comment:
                self._early.append(line[1:].decode(errors="replace"))
            else:
                size += len(line) + 1
                others.append(line + b"\n")
        return b"".join(others)

    def _with_lf(self, data: bytes) -> bytes:
        """Makes LF of each CRLF and CR."""
        if self._after_cr and data:
            # The CR has ended the line already; an LF right after it belongs to it.
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _bounded(self, whole: bytes) -> bytes:
        """What comes before the first event that is too large."""
        length, later = 0, self._early
        for part in whole.split(_BLANK_LINE):
            block = part.strip(b"\n")
            if len(block) >= self._max_event_size:
                self._early = []
                if not self._with_comments or self._take_comments(block + b"\n", 0) is None:
                    self._fail_too_large()
                    self._held.clear()
                    return whole[:length]
            length += len(part) + len(_BLANK_LINE)
        self._early = later
        return whole

    def _fail_too_large(self) -> None:
        size = self._max_event_size
        self._fail(EventTooLargeError(f"One event of the stream is longer than {size} bytes."))

    def _interpret(self, block: str) -> list[ServerSentEvent]:
        for value in re.findall(_ID, block):
            self.last_event_id = value
        self._note_reconnection_time(block.encode())
        event = _event_and_data(block.split("\n"))
        found = [ServerSentEvent(*event, self.last_event_id)] if event else []
        if self._strict and may_have_strays(block):
            found += strays_in(block, self.last_event_id)
        if not found:
            self._note_unframed(_STRANGE, block)
        return found

    def _note_unframed(self, strange: str, block: str) -> None:
        if not self.unframed and re.search(strange, block):
            self.unframed = block.strip("\n")

    def _comments(self, texts: list[str]) -> Iterator[Comment]:
        return (Comment("comment", text, self.last_event_id) for text in texts)

    def _note_reconnection_time(self, lines: bytes | bytearray) -> None:
        # As bytes: there may be many lines, and a text takes up to four times the memory.
        for digits in re.findall(_RETRY, lines)[-1:]:
            beginning = int(digits.lstrip(b"0")[: _MOST_DIGITS + 1] or 0)
            self.reconnection_time = min(beginning, _LATEST)


class EventStream(EventDecoder):
    """Iterates the events of an iterable of byte strings; options and attributes are the same.

    Raises the decoder's fault, after all that came before it.
    """

    def __init__(self, chunks: Iterable[bytes], **options: Any) -> None:
        super().__init__(**options)
        self._chunks = chunks

    def __iter__(self) -> Iterator[ServerSentEvent]:
        return chain.from_iterable(self.batches())

    def batches(self) -> Iterator[list[ServerSentEvent]]:
        """The same events, those together that have arrived together."""
        try:
            yield from decode(self, self._chunks)
        finally:
            self.break_off()


def _event_and_data(lines: list[str]) -> tuple[str, str] | None:
    """The type and data of one block, or None if it has no data to dispatch."""
    data_lines = [line for line in lines if line == "data" or line.startswith("data:")]
    # sseclient does not get the type: it would log it, and a service may quote the token there.
    types = [line for line in lines if line == "event" or line.startswith("event:")]
    kind = types[-1][6:].removeprefix(" ") if types else ""
    events: list[sseclient.Event] = []
    for start in range(0, len(data_lines), _DATA_LINES_AT_ONCE):
        part = data_lines[start : start + _DATA_LINES_AT_ONCE]
        block = ("\n".join(part) + "\n\n").encode()
        # An iterator, not a list: sseclient logs the repr of what it is given.
        events += sseclient.SSEClient(iter([block])).events()
    return (kind or "message", "\n".join(event.data for event in events)) if events else None
