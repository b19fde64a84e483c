"""Undoes the content codings gzip and deflate (RFC 9110, section 8.4.1), and checks their end.

urllib3 would accept half of a compressed body as the whole of it.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import IncompleteStreamError, MalformedStreamError
from . import Decoder

_AT_ONCE = 64 * 1024
_MOST_CODINGS = 5
# Unpacked, text is 3 to 50 times as long, and a stream whose events are sent one by one less; a
# bomb of one layer of gzip is 1000 times as long.
_MOST_INFLATION = 100
_SMALL = 4 * 1024 * 1024
UNDONE_HERE = frozenset(("gzip", "x-gzip", "deflate"))
# The registered ones (RFC 9110, section 18.6). If there is none, many services write "none" or a
# charset.
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

    A word that names no coding is ignored, as in browsers (Fetch, "handle content codings").
    Raises `MalformedStreamError` for more codings than any service applies.
    """
    names = [name for part in header.lower().split(",") if (name := part.strip())]
    if len(names) > _MOST_CODINGS:
        raise MalformedStreamError("The answer is compressed over and over again.")
    return [name for name in names if name in _KNOWN]


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
        self._held = b""  # not yet unpacked; too little, perhaps, to see what begins there
        self._is_full = False  # the last part was as long as may be: there may be more
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        self.received += len(data)
        self._held += data
        part = b""
        while not part and not self.ended and self._can_go_on():
            part = self._inflate(self._held)
        self.pending = bool(part) and not self.ended and (self._is_full or bool(self._held))
        return part

    def finish(self) -> bytes:
        # A body without a single byte is not a broken one.
        if not self.ended and (self._inflater or (self._held and not self._has_begun)):
            raise IncompleteStreamError("The connection ended within the answer.")
        return super().finish()

    def _can_go_on(self) -> bool:
        if self._inflater is not None:
            return self._is_full or bool(self._held)
        if len(self._held) < len(_GZIP):
            return False
        if self._has_begun and not self._held.startswith(_GZIP):
            self.ended = True
            return False
        kind = _GZIPPED if self._is_gzip else _ZLIB if _has_zlib_head(self._held) else _RAW
        self._inflater, self._has_begun = zlib.decompressobj(kind), True
        return True

    def _inflate(self, data: bytes) -> bytes:
        """At most `_AT_ONCE` bytes of what the data become; the rest of the data is held."""
        inflater = self._inflater
        before = inflater.copy()
        self._held = b""
        try:
            part: bytes = inflater.decompress(data, _AT_ONCE)
        except zlib.error:
            self._fail(MalformedStreamError("The answer's compression is broken."))
            return b"".join(_up_to_the_break(before, data))
        self._is_full = len(part) == _AT_ONCE
        self._size += len(part)
        if bomb := bomb_of(self._size, self._first.received):
            self._fail(bomb)
            return b""
        if inflater.eof:
            self._inflater, self._is_full = None, False
            self._held = inflater.unused_data
            self.ended = not self._is_gzip
        else:
            self._held = inflater.unconsumed_tail
        return part


def bomb_of(size: int, received: int) -> MalformedStreamError | None:
    """The error if `received` bytes have become far too many, `size`; else None.

    The bound on one event is not enough: a stream of comments, or of text, could go on for ever.
    """
    if size <= max(_SMALL, _MOST_INFLATION * received):
        return None
    return MalformedStreamError(
        f"The answer's compression is a bomb: unpacked, it is over {_MOST_INFLATION} times as long."
    )


def _has_zlib_head(start: bytes) -> bool:
    """Whether zlib's header is there (RFC 1950, section 2.2), which many services leave out."""
    return start[0] & 0x8F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _up_to_the_break(inflater: Any, data: bytes) -> Iterator[bytes]:
    """What zlib unpacks before the byte at which it raises. Fed at once, it would return none."""
    with contextlib.suppress(zlib.error):
        for position in range(len(data)):
            yield inflater.decompress(data[position : position + 1])
