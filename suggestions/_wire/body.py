"""A response's body: what receives it, and what undoes its transfer and content codings."""

from __future__ import annotations

import http.client
import io
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import urllib3

from ..errors import SAID, IncompleteStreamError, MalformedStreamError
from . import Decoder
from .coding import UNDONE_HERE, bomb_of, codings, decompressors
from .socket_reader import RECEIVE, SocketReader

Receive = Callable[[], bytes | None]
"""Returns the body's next bytes, b"" at its end, None if a loop watches and none are here."""

_LONGEST_LINE = 4096
# urllib3 undoes the codings that `coding` does not know, if a package for one is installed. Before
# 2.6 it unpacks all that it has received at once, however long that becomes.
_VERSION: str = urllib3.__version__  # type: ignore[attr-defined]
_UNPACKS_ALL = tuple(map(int, _VERSION.split(".")[:2])) < (2, 6)
# int() alone would take signs, underscores, blanks and "0x".
_SIZE_LINE = rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r]*)?\r?"
_HEAD = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n").match
_CUT_OFF = "The connection ended within the answer."


class OpenBody(NamedTuple):
    receive: Receive
    decoder: Decoder[bytes]
    reader: SocketReader | None = None
    """What receives the bytes, if they come right from our own connection."""


def open_body(response: Any, direct: http.client.HTTPResponse | None) -> OpenBody:
    """`direct` is the response of our own connection, None if another adapter has made it.

    Raises `MalformedStreamError` for a content coding that nothing here can undo.
    """
    if response._content_consumed:  # a hook has read it, and may have kept it
        return OpenBody(_from(response.iter_content(RECEIVE)), Sized())
    raw = response.raw
    known: list[str] | None = getattr(raw, "CONTENT_DECODERS", None)
    if known is None:
        return OpenBody(_receive_of_any(response), Sized())
    header = response.headers.get("Content-Encoding", "")
    names = codings(header)
    if UNDONE_HERE.issuperset(names):
        layers = decompressors(names)
        if direct is None:
            return OpenBody(_receive_coded(raw), joined(*layers))
        return _open_directly(direct, layers)
    if not set(names) <= set(known):
        raise MalformedStreamError(f"The answer's compression is not known: {SAID}.", said=header)
    receive = partial(_read_byte, raw) if _UNPACKS_ALL else lambda: raw.read1(RECEIVE, True)
    return OpenBody(receive, _Unpacked(raw.tell))


def _open_directly(
    response: http.client.HTTPResponse, layers: Sequence[Decoder[bytes]]
) -> OpenBody:
    """Right from the connection.

    `http.client` would return one transfer chunk at a time, which takes four times as long, or wait
    for a buffer to fill. The bytes that were read along with the headers come first; after them,
    nothing is buffered.
    """
    decoder = joined(_framing(response), *layers)
    file: Any = response.fp
    if file is None:
        return OpenBody(bytes, decoder)
    reader: SocketReader = file.raw
    reader.take_over(file)
    response.fp = file.detach()  # without its buffer
    return OpenBody(reader.receive, decoder, reader)


def _receive_of_any(response: Any) -> Receive:
    """From a response that is not urllib3's, as adapters of tests and local services make."""
    raw = response.raw
    if isinstance(raw, io.BufferedIOBase):
        return lambda: raw.read1(RECEIVE)
    if hasattr(raw, "read1"):
        return lambda: raw.read1(RECEIVE, decode_content=True)
    return _from(response.iter_content(1))  # a file that has `read` alone


def _receive_coded(raw: Any) -> Receive:
    if hasattr(raw, "read1"):
        return lambda: raw.read1(RECEIVE, decode_content=False)
    # An older urllib3 would wait for as many bytes as it is asked for.
    return lambda: raw.read(1, decode_content=False)


def _read_byte(raw: Any) -> bytes:
    """In place of `read1`, for an older urllib3: slow, but more at a time might unpack to anything.

    Its `stream` would not count in `tell` what comes in transfer chunks.
    """
    while True:
        # Since 2.0, it keeps what it has unpacked beyond what was asked for.
        unpacked = getattr(raw, "_decoded_buffer", b"")
        data: bytes = raw.read(len(unpacked) or 1, decode_content=True)
        if data or raw.closed:
            return data


def _from(chunks: Iterable[bytes]) -> Receive:
    return partial(next, filter(None, chunks), b"")


def _framing(response: http.client.HTTPResponse) -> Decoder[bytes]:
    if response.chunked and response.fp is not None:
        return Chunked()
    return Sized(0 if response.fp is None else response.length)  # some statuses have no body


class Sized(Decoder[bytes]):
    """A body of a known length (RFC 9112, section 6.3), in bytes.

    With None, it ends with its connection, or its framing is undone already.
    """

    def __init__(self, length: int | None = None) -> None:
        self._left = length
        self.ended = length == 0

    def feed(self, data: bytes) -> bytes:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
            self.ended = not self._left
        return data

    def finish(self) -> bytes:
        if self._left:
            raise IncompleteStreamError(_CUT_OFF)
        return b""


class Chunked(Decoder[bytes]):
    """Undoes the chunked transfer coding (RFC 9112, section 7.1).

    What follows the last chunk is not read.
    """

    def __init__(self) -> None:
        self._held = b""  # the beginning of a line
        self._left = 0  # bytes of the current chunk that are still to come
        self._after_chunk = False  # its line end is still to come

    def feed(self, data: bytes) -> bytes:
        data = self._held + data if self._held else data
        position = 0
        parts: list[bytes] = []
        while not self.ended:
            # Nearly always a chunk lies whole in what has arrived.
            while (
                not (self._left or self._after_chunk)
                and (head := _HEAD(data, position))
                and data.startswith(b"\r\n", end := head.end() + int(head[1], 16))
                and end > head.end()
            ):
                parts.append(data[head.end() : end])
                position = end + 2
            if self._left:
                part = data[position : position + self._left]
                parts.append(part)
                position += len(part)
                self._left -= len(part)
                self._after_chunk = not self._left
            if position == len(data):
                break
            line_end = data.find(b"\n", position)
            if line_end < 0:
                if len(data) - position > _LONGEST_LINE:
                    self._malformed(data[position:])
                break
            self._take_line(data[position:line_end])
            position = line_end + 1
        self._held = data[position:]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> bytes:
        if not self.ended:
            raise IncompleteStreamError(_CUT_OFF)
        return super().finish()

    def _take_line(self, line: bytes) -> None:
        if self._after_chunk:
            self._after_chunk = False
            if line not in (b"\r", b""):
                self._malformed(line)
        elif (size := re.fullmatch(_SIZE_LINE, line)) and len(line) <= _LONGEST_LINE:
            self._left = int(size[1], 16)
            self.ended = not self._left
        else:
            self._malformed(line)

    def _malformed(self, line: bytes) -> None:
        self._fail(
            MalformedStreamError(
                f"The answer's transfer chunks are malformed at '{SAID}'.",
                said=line.decode("latin-1"),
            )
        )


class _Unpacked(Decoder[bytes]):
    """A body that urllib3 decompresses; `received` returns how many bytes of it have come."""

    def __init__(self, received: Callable[[], int]) -> None:
        self._received = received
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        self._size += len(data)
        if bomb := bomb_of(self._size, self._received()):
            self._fail(bomb)
            return b""
        return data


def joined(*steps: Decoder[bytes]) -> Decoder[bytes]:
    """The steps as one, each fed with what the one before it returns."""
    return _Joined(steps) if len(steps) > 1 else next(iter(steps), Sized())


class _Joined(Decoder[bytes]):
    def __init__(self, steps: tuple[Decoder[bytes], ...]) -> None:
        self._steps = steps
        self.ended = any(step.ended for step in steps)

    def feed(self, data: bytes) -> bytes:
        first = max((n for n, step in enumerate(self._steps) if step.pending), default=0)
        for step in self._steps[first:]:
            data = step.feed(data)
        self.ended = any(step.ended for step in self._steps)
        self.pending = any(step.pending for step in self._steps[self._last_ended() :])
        return data

    def finish(self) -> bytes:
        for step in self._steps[self._last_ended() :]:
            step.finish()
        return b""

    def _last_ended(self) -> int:
        """The last step that has ended: faults of the steps before it do not matter any more."""
        return max((n for n, step in enumerate(self._steps) if step.ended), default=0)
