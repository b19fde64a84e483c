"""Messages out of bytes that are no server-sent events: lines, or text as it arrives."""

from __future__ import annotations

import contextlib
import json
from codecs import IncrementalDecoder, getincrementaldecoder, lookup
from collections.abc import Iterable, Iterator

from suggestions._wire.sse import ServerSentEvent
from suggestions.errors import EventTooLargeError, IncompleteStreamError

_BYTE_ORDER_MARK = "\ufeff"
_WITHIN_UTF_8 = ("utf-8", "ascii")
_LONGEST_LINE = 16 * 1024 * 1024


def lines(
    chunks: Iterable[bytes], *, max_line_size: int = _LONGEST_LINE
) -> Iterator[list[ServerSentEvent]]:
    """A message for each line that is not blank, those together that have arrived together.

    Lines end in LF or CRLF, as those of newline-delimited JSON do; the last needs no end. Raises
    `EventTooLargeError` where one is longer than `max_line_size` bytes, `IncompleteStreamError`
    where the last is a JSON object without its end.
    """
    held = bytearray()
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            whole = (bytes(held) + chunk[:end]).split(b"\n")
            held.clear()
            yield _told(whole, max_line_size)
        held += chunk[end:]
        if len(held) > max_line_size:
            raise _too_large(max_line_size)
    last = _told([bytes(held)], max_line_size)
    if last and _is_cut(last[0].data):
        raise IncompleteStreamError("The answer stopped before it was complete.")
    yield last


def text(chunks: Iterable[bytes], charset: str = "utf-8") -> Iterator[list[ServerSentEvent]]:
    """A message for each piece of text that has arrived; bad bytes become U+FFFD.

    `charset` is a name of the IANA's; one that is not known is taken for UTF-8.
    """
    mark = _BYTE_ORDER_MARK
    for piece in _decoded(chunks, _decoder(charset)):
        if told := piece.removeprefix(mark):
            yield [ServerSentEvent("message", told, "")]
        if piece:
            mark = ""  # it is one at the very start alone


def _decoded(chunks: Iterable[bytes], decoder: IncrementalDecoder) -> Iterator[str]:
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _decoder(charset: str) -> IncrementalDecoder:
    with contextlib.suppress(LookupError, ValueError):
        " ".encode(charset)  # raises where it is none of text, such as "base64"
        if lookup(charset).name not in _WITHIN_UTF_8:
            decoder = getincrementaldecoder(charset)("replace")
            decoder.decode(b"")  # raises where it cannot replace, such as "idna"
            return decoder
    # Not "utf-8-sig", which drops a half of the mark where nothing follows it.
    return getincrementaldecoder("utf-8")("replace")


def _told(whole: list[bytes], max_line_size: int) -> list[ServerSentEvent]:
    batch: list[ServerSentEvent] = []
    for line in whole:
        if len(line) > max_line_size:
            raise _too_large(max_line_size)
        data = line.decode("utf-8", "replace").removeprefix(_BYTE_ORDER_MARK).strip()
        if data:
            batch.append(ServerSentEvent("message", data, ""))
    return batch


def _is_cut(line: str) -> bool:
    try:
        return line.startswith("{") and json.loads(line) is None
    except json.JSONDecodeError as error:
        return error.msg != "Extra data"
    except RecursionError:
        return False


def _too_large(max_line_size: int) -> EventTooLargeError:
    return EventTooLargeError(f"One line of the stream is longer than {max_line_size} bytes.")
