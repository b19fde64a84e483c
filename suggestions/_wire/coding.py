"""Undoes the content codings gzip and deflate (RFC 9110, section 8.4.1), and sees their end.

urllib3 would take half of a compressed body for the whole of it.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from suggestions._wire import Decoder
from suggestions.errors import IncompleteStreamError, MalformedStreamError

_AT_ONCE = 64 * 1024
_MOST_CODINGS = 5
# Text becomes 3 to 50 times as long; a stream whose events are sent one by one, less. A bomb of
# one layer of gzip, 1000 times.
_MOST_INFLATION = 100
_SMALL = 4 * 1024 * 1024
_UNDONE_HERE = ("gzip", "x-gzip", "deflate")
# Those that are registered (RFC 9110, section 18.6). Many services write "none" or a charset
# if they mean that there is none.
_KNOWN = frozenset(
    (
        *("aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip"),
        *("pack200-gzip", "x-compress", "x-gzip", "zstd"),
    )
)
_GZIP = b"\x1f\x8b"
_GZIPPED, _ZLIB, _RAW = 31, 15, -15  # what zlib calls them


def codings(header: str) -> list[str]:
    """The codings that `Content-Encoding` names, in the order in which they were applied.

    A word that names no coding stands for none, as in browsers (Fetch, "handle content codings").
    Raises `MalformedStreamError` for more codings than any service applies.
    """
    names = [name for part in header.lower().split(",") if (name := part.strip())]
    if len(names) > _MOST_CODINGS:
        raise MalformedStreamError("The answer is compressed over and over again.")
    return [name for name in names if name in _KNOWN]


def can_undo(names: Iterable[str]) -> bool:
    return all(name in _UNDONE_HERE for name in names)


def decompressors(names: Iterable[str]) -> list[Decompressor]:
    """One for each coding, the one that was applied last first."""
    layers: list[Decompressor] = []
    for name in reversed(list(names)):
        layers.append(Decompressor(name, layers[0] if layers else None))
    return layers


class Decompressor(Decoder[bytes]):
    """Undoes one coding.

    Of gzip, one member after the other (RFC 1952, section 2.2); what follows and is none is
    ignored. `first` is the layer that gets what was received, if that is another one.
    """

    def __init__(self, name: str, first: Decompressor | None = None) -> None:
        self.received = 0
        self._first = first or self
        self._is_gzip = name != "deflate"
        self._inflater: Any = None
        self._has_begun = False
        self._held = b""  # too little to see what begins there
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        self.received += len(data)
        data, self._held = self._held + data, b""
        parts: list[bytes] = []
        while data and not self.ended:
            if self._inflater is None:
                if len(data) < len(_GZIP):
                    self._held = data
                    break
                if self._has_begun and not data.startswith(_GZIP):
                    self.ended = True
                    break
                kind = _GZIPPED if self._is_gzip else _ZLIB if _has_zlib_head(data) else _RAW
                self._inflater, self._has_begun = zlib.decompressobj(kind), True
            data = self._inflate(data, parts)
        return b"".join(parts)

    def finish(self) -> bytes:
        # A body without a single byte is not a broken one.
        if not self.ended and (self._inflater or (self._held and not self._has_begun)):
            raise IncompleteStreamError("The connection ended within the answer.")
        return super().finish()

    def _inflate(self, data: bytes, parts: list[bytes]) -> bytes:
        """Adds to `parts` what the data become; returns what follows the end of the member."""
        inflater = self._inflater
        part = b""
        # If a part is as long as may be, the inflater can hold a little more.
        while not inflater.eof and (data or len(part) == _AT_ONCE):
            before = inflater.copy()
            try:
                part = inflater.decompress(data, _AT_ONCE)
            except zlib.error:
                parts += _up_to_the_break(before, data)
                self._fail(MalformedStreamError("The answer's compression is broken."))
                return b""
            self._size += len(part)
            if bomb := bomb_of(self._size, self._first.received):
                self._fail(bomb)
                return b""
            parts.append(part)
            data = inflater.unconsumed_tail
        if not inflater.eof:
            return b""
        self._inflater = None
        self.ended = not self._is_gzip
        rest: bytes = inflater.unused_data
        return rest


def bomb_of(size: int, received: int) -> MalformedStreamError | None:
    """The error of a body of which little is received and very much becomes, else None.

    The bound on one event alone would let a stream of comments, or of text, go on for ever.
    """
    if size <= max(_SMALL, _MOST_INFLATION * received):
        return None
    return MalformedStreamError(
        f"The answer's compression is a bomb: it becomes more than {_MOST_INFLATION} times as long."
    )


def _has_zlib_head(start: bytes) -> bool:
    """Whether zlib's header is there (RFC 1950, section 2.2); many send what belongs after it."""
    return start[0] & 0x8F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _up_to_the_break(inflater: Any, data: bytes) -> Iterator[bytes]:
    """What zlib has undone before the byte at which it raises; it returns none of it then."""
    with contextlib.suppress(zlib.error):
        for position in range(len(data)):
            yield inflater.decompress(data[position : position + 1])
