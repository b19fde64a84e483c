"""Undoes the content codings gzip and deflate (RFC 9110, section 8.4.1), and sees their end.

urllib3 would take half of a compressed body for all of it.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from suggestions.errors import IncompleteStreamError, MalformedStreamError

_AT_ONCE = 64 * 1024
_MOST_CODINGS = 5
# Those that are registered (RFC 9110, section 18.6). Many write "none" or a charset where they
# mean that there is none.
_KNOWN = frozenset(
    (
        *("aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip"),
        *("pack200-gzip", "x-compress", "x-gzip", "zstd"),
    )
)
_GZIP = b"\x1f\x8b"
_GZIPPED, _ZLIB, _RAW = 31, 15, -15  # what zlib calls them


def codings(header: str) -> list[str]:
    """Those that `Content-Encoding` names, in the order in which they were applied.

    What names no coding stands for none, as in browsers (Fetch, "handle content codings").
    Raises `MalformedStreamError` for more than anybody applies.
    """
    names = [name for part in header.lower().split(",") if (name := part.strip())]
    if len(names) > _MOST_CODINGS:
        raise MalformedStreamError("The answer is compressed over and over again.")
    return [name for name in names if name in _KNOWN]


def can_undo(names: Iterable[str]) -> bool:
    return all(name in _UNDO for name in names)


def undo(names: Iterable[str], received: Iterable[bytes]) -> Iterator[bytes]:
    """What `received` stands for, each byte as soon as it can be known.

    Raises `IncompleteStreamError` where it ends too early, after all that came before, and
    `MalformedStreamError` where it is broken.
    """
    decoded: Iterator[bytes] = filter(None, received)
    for name in reversed(list(names)):
        decoded = _UNDO[name](decoded)
    return decoded


def _gunzip(received: Iterator[bytes]) -> Iterator[bytes]:
    """One member after the other (RFC 1952, section 2.2); what follows that is none is ignored."""
    rest = yield from _inflate(_GZIPPED, b"", received)
    while True:
        while len(rest) < len(_GZIP) and (data := next(received, b"")):
            rest += data
        if not rest.startswith(_GZIP):
            return
        rest = yield from _inflate(_GZIPPED, rest, received)


def _undeflate(received: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    while len(start) < 2 and (data := next(received, b"")):
        start += data
    yield from _inflate(_ZLIB if _has_zlib_head(start) else _RAW, start, received)


def _has_zlib_head(start: bytes) -> bool:
    """Whether it is as it should be (RFC 1950, section 2.2); many send what belongs behind it."""
    return len(start) >= 2 and start[0] & 0x8F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _inflate(kind: int, data: bytes, received: Iterator[bytes]) -> Generator[bytes, None, bytes]:
    """Returns what follows behind the end. A body without a single byte is no broken one."""
    inflater = zlib.decompressobj(kind)
    empty = True
    part = b""
    while not inflater.eof:
        # A part as long as may be can have a little behind it that is in the inflater.
        if not data and len(part) < _AT_ONCE and not (data := next(received, b"")):
            if empty:
                return b""
            raise IncompleteStreamError("The connection ended within the answer.")
        empty = False
        before = inflater.copy()
        try:
            part = inflater.decompress(data, _AT_ONCE)
        except zlib.error:
            yield from _up_to_the_break(before, data)
            raise MalformedStreamError("The answer's compression is broken.") from None
        if part:
            yield part
        data = inflater.unconsumed_tail
    return inflater.unused_data


def _up_to_the_break(inflater: Any, data: bytes) -> Iterator[bytes]:
    """What zlib has undone before the byte that it raises at, and keeps to itself then."""
    with contextlib.suppress(zlib.error):
        for position in range(len(data)):
            if part := inflater.decompress(data[position : position + 1]):
                yield part


_UNDO: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
}
