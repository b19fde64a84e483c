"""The bytes of a response's body as soon as they arrive, whatever its framing (RFC 9112)."""

from __future__ import annotations

import http.client
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import urllib3

from suggestions._wire.coding import can_undo, codings, undo
from suggestions.errors import IncompleteStreamError, MalformedStreamError

RECEIVE = 64 * 1024
"""Bytes to ask the socket for at a time."""
_LONGEST_LINE = 4096
# Text becomes 3 to 50 times as long; a stream whose events are sent one by one, less. A bomb of
# one layer of gzip, 1000 times.
_MOST_INFLATION = 100
_SMALL = 4 * 1024 * 1024
# Before 2.6, urllib3 unpacks at once all that it has received, whatever that becomes. It is asked
# for what `coding` does not know, where a package for that is installed.
_VERSION: str = urllib3.__version__  # type: ignore[attr-defined]
_UNPACKS_ALL = tuple(map(int, _VERSION.split(".")[:2])) < (2, 6)
# int() alone would take signs, underscores, blanks and "0x".
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r]*)?\r?")
_HEAD = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n").match
_CUT_OFF = "The connection ended within the answer."


def read_framed(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body of a response without content encoding, right from its connection.

    `http.client` would hand over one transfer chunk at a time, for four times the work, or wait
    for a buffer to fill. Raises `IncompleteStreamError`, `MalformedStreamError`, `OSError`.
    """
    if response.fp is None or response.length == 0:
        return iter(())  # a status or a length that says there is no body
    # What was read along with the headers comes first; after that, nothing is buffered.
    received = chain((response.fp.read1(RECEIVE),), iter(_receiver(response.fp), b""))
    if response.chunked:
        return dechunk(received)
    if response.length is None:
        return received
    return _counted(received, response.length)


def _receiver(file: io.BufferedReader) -> Callable[[], bytes]:
    """What reads further from a file whose buffer is empty, past the buffer where it can."""
    return getattr(file.raw, "receive", None) or partial(file.read1, RECEIVE)


def read_decoded(response: Any, direct: http.client.HTTPResponse | None = None) -> Iterator[bytes]:
    """The body of any `requests.Response`, its content encoding undone.

    It is read right from the connection where `direct` is what that has received. Raises
    `MalformedStreamError` at once for an encoding that nobody here can undo.
    """
    if response._content_consumed:
        return iter(response.iter_content(RECEIVE))  # a hook has read it, and may have kept it
    raw = response.raw
    known: list[str] | None = getattr(raw, "CONTENT_DECODERS", None)
    if known is None:
        return _as_it_comes(response)
    header = response.headers.get("Content-Encoding", "")
    names = codings(header)
    if can_undo(names):
        coded = _coded(raw) if direct is None else read_framed(direct)
        return _undone(names, coded) if names else coded
    if not set(names) <= set(known):
        raise MalformedStreamError(f"The answer's compression is not known: {header[:32]!r}.")
    decoded = _byte_by_byte(raw) if _UNPACKS_ALL else iter(lambda: raw.read1(RECEIVE, True), b"")
    return _unless_it_is_a_bomb(decoded, raw.tell)


def _as_it_comes(response: Any) -> Iterator[bytes]:
    """From what is no response of urllib3's, as adapters of tests and local services give."""
    raw = response.raw
    if isinstance(raw, io.BufferedIOBase):
        return iter(lambda: raw.read1(RECEIVE), b"")
    if hasattr(raw, "read1"):
        return iter(lambda: raw.read1(RECEIVE, decode_content=True), b"")
    return iter(response.iter_content(1))  # a file that has `read` alone


def _coded(raw: Any) -> Iterator[bytes]:
    if hasattr(raw, "read1"):
        return iter(lambda: raw.read1(RECEIVE, decode_content=False), b"")
    # An older urllib3 would wait for as many bytes as it is asked for.
    return iter(lambda: raw.read(1, decode_content=False), b"")


def _undone(names: list[str], coded: Iterable[bytes]) -> Iterator[bytes]:
    received = 0

    def counted() -> Iterator[bytes]:
        nonlocal received
        for data in coded:
            received += len(data)
            yield data

    return _unless_it_is_a_bomb(undo(names, counted()), lambda: received)


def _byte_by_byte(raw: Any) -> Iterator[bytes]:
    """What `read1` is for, of an older urllib3: slow, but more at a time might unpack to anything.

    Its `stream` would not count in `tell` what comes in transfer chunks.
    """
    # Since 2.0, it keeps what it has unpacked beyond what was asked for.
    unpacked = getattr(raw, "_decoded_buffer", b"")
    while (data := raw.read(len(unpacked) or 1, decode_content=True)) or not raw.closed:
        if data:
            yield data


def _unless_it_is_a_bomb(decoded: Iterable[bytes], received: Callable[[], int]) -> Iterator[bytes]:
    """Raises `MalformedStreamError` where little that is received becomes very much.

    Each bound on one event would let a stream through that is comments, or text, for ever.
    """
    size = 0
    for data in decoded:
        size += len(data)
        if size > max(_SMALL, _MOST_INFLATION * received()):
            raise MalformedStreamError(
                f"The answer's compression is a bomb: it becomes more than {_MOST_INFLATION} times "
                "as long."
            )
        yield data


def dechunk(received: Iterable[bytes]) -> Iterator[bytes]:
    """Undoes the chunked transfer coding (RFC 9112, section 7.1), however it is cut.

    What lies behind the last chunk is not read. Raises `MalformedStreamError` for a size that is
    none, `IncompleteStreamError` where the last chunk is missing, each after all that came before.
    """
    rest = b""
    left = 0  # bytes of the current chunk that are still to come
    after_chunk = False  # its line end is still to come
    last = False
    for data in received:
        data = rest + data if rest else data
        position = 0
        parts: list[bytes] = []
        wrong: bytes | None = None
        while True:
            # Nearly always a chunk lies whole in what has arrived.
            while (
                not (left or after_chunk)
                and (head := _HEAD(data, position))
                and data.startswith(b"\r\n", end := head.end() + int(head[1], 16))
                and end > head.end()
            ):
                parts.append(data[head.end() : end])
                position = end + 2
            if left:
                part = data[position : position + left]
                parts.append(part)
                position += len(part)
                left -= len(part)
                if left:
                    break
                after_chunk = True
            line_end = data.find(b"\n", position)
            if line_end < 0:
                wrong = data[position:] if len(data) - position > _LONGEST_LINE else None
                break
            line = data[position:line_end]
            position = line_end + 1
            if after_chunk:
                after_chunk = False
                if line not in (b"\r", b""):
                    wrong = line
                    break
            else:
                size = _SIZE_LINE.fullmatch(line)
                if size is None or len(line) > _LONGEST_LINE:
                    wrong = line
                    break
                left = int(size[1], 16)
                if not left:
                    last = True
                    break
        if parts:
            yield b"".join(parts)
        if wrong is not None:
            raise MalformedStreamError(
                f"The answer's transfer chunks are malformed at {wrong[:32]!r}."
            )
        if last:
            return
        rest = data[position:]
    raise IncompleteStreamError(_CUT_OFF)


def _counted(received: Iterable[bytes], length: int) -> Iterator[bytes]:
    for data in received:
        yield data[:length]
        length -= len(data)
        if length <= 0:
            return
    if length > 0:
        raise IncompleteStreamError(_CUT_OFF)
