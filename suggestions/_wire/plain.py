"""Messages from bytes that are no server-sent events: lines, or text as it arrives."""

from __future__ import annotations

import contextlib
import json
from codecs import IncrementalDecoder, getincrementaldecoder, lookup

from ..errors import EventTooLargeError, MalformedStreamError, stopped_early
from ..events import ServerSentEvent
from . import Decoder

_BYTE_ORDER_MARK = "\ufeff"
_WITHIN_UTF_8 = ("utf-8", "ascii")
_LONGEST_LINE = 16 * 1024 * 1024


class LineDecoder(Decoder[list[ServerSentEvent]]):
    """A message for each line that is not blank.

    Lines end in LF or CRLF, as those of newline-delimited JSON do; the last needs no end. Its
    fault is an `EventTooLargeError` if a line is longer than `max_line_size` bytes, and an
    `IncompleteStreamError` if the last is a JSON object without its end.
    """

    def __init__(self, *, max_line_size: int = _LONGEST_LINE) -> None:
        self._max_line_size = max_line_size
        self._held = bytearray()

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        end = data.rfind(b"\n") + 1
        batch: list[ServerSentEvent] = []
        if end:
            lines = (self._held + data[:end]).split(b"\n")
            self._held = bytearray()
            batch = self._messages(lines)
        self._held += data[end:]
        if len(self._held) > self._max_line_size:
            self._fail_too_large()
        return batch

    def finish(self) -> list[ServerSentEvent]:
        last = super().finish() or self._messages([self._held])
        if last and _is_cut(last[0].data):
            raise stopped_early()
        return last

    def _fail_too_large(self) -> None:
        size = self._max_line_size
        self._fail(EventTooLargeError(f"One line of the stream is longer than {size} bytes."))

    def _messages(self, lines: list[bytearray]) -> list[ServerSentEvent]:
        batch: list[ServerSentEvent] = []
        for line in lines:
            if len(line) > self._max_line_size:
                self._fail_too_large()
                break
            data = line.decode("utf-8", "replace").removeprefix(_BYTE_ORDER_MARK).strip()
            if data:
                batch.append(ServerSentEvent("message", data, ""))
        return batch


class TextDecoder(Decoder[list[ServerSentEvent]]):
    """A message for each piece of text that arrives.

    Bad bytes become U+FFFD. `charset` is a name of the IANA's; one that is not known is taken for
    UTF-8. Its fault is a `MalformedStreamError` if there is no text in that charset.
    """

    def __init__(self, charset: str = "utf-8") -> None:
        self._decode = _decoder(charset).decode
        self._mark = _BYTE_ORDER_MARK

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        return self._read(data)

    def finish(self) -> list[ServerSentEvent]:
        last = [] if self.ended else self._read(b"", final=True)
        return super().finish() or last

    def _read(self, data: bytes, *, final: bool = False) -> list[ServerSentEvent]:
        try:
            piece = self._decode(data, final)
        except ValueError as error:  # UTF-16 without the mark that says which of the two it is
            self._fail(MalformedStreamError(f"The answer's text cannot be read: {error}."))
            return []
        text = piece.removeprefix(self._mark)
        if piece:
            self._mark = ""  # elsewhere than at the start it is text
        return [ServerSentEvent("message", text, "")] if text else []


def _decoder(charset: str) -> IncrementalDecoder:
    with contextlib.suppress(LookupError, ValueError):
        " ".encode(charset)  # raises if it is not one of text, such as "base64"
        if lookup(charset).name not in _WITHIN_UTF_8:
            decoder = getincrementaldecoder(charset)("replace")
            decoder.decode(b"")  # raises if it cannot replace, such as "idna"
            return decoder
    # Not "utf-8-sig", which drops a half of the mark if nothing follows it.
    return getincrementaldecoder("utf-8")("replace")


def _is_cut(line: str) -> bool:
    try:
        return line.startswith("{") and json.loads(line) is None
    except json.JSONDecodeError as error:
        return error.msg != "Extra data"
    except RecursionError:
        return False
