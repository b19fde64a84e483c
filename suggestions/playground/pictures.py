"""The picture that the model draws: a small PNG, and a coarse preview of it.

Source: the W3C's "Portable Network Graphics (PNG) Specification", sections 5 and 11.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass

MEDIA_TYPE = "image/png"
SIZE = 64  # pixels, each way
_PREVIEW_SIZE = 8


@dataclass(frozen=True)
class Picture:
    """The bytes of two PNGs: what is seen first, and the whole."""

    preview: bytes
    whole: bytes


def picture_for(question: str) -> Picture:
    """A picture in two colours that come of the question."""
    colours = hashlib.sha256(question.encode("utf-8", "replace")).digest()[:6]
    return Picture(_png(_PREVIEW_SIZE, colours), _png(SIZE, colours))


def as_base64(image: bytes) -> str:
    return base64.b64encode(image).decode()


def _png(size: int, colours: bytes) -> bytes:
    """A square that goes from one colour, at the top left, to another."""
    first, second = colours[:3], colours[3:]
    rows = bytearray()
    for y in range(size):
        rows.append(0)  # the filter of the row: none
        for x in range(size):
            share = (x + y) / (2 * size - 2)
            rows += bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)  # 8 bits of red, green and blue
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
