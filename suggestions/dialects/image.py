"""An image for a question, from a file, from its bytes, or by its address."""

from __future__ import annotations

import base64
from os import PathLike, fspath
from pathlib import Path

from .question import ImagePart, ImageURL

LARGEST = 20 * 1024 * 1024
"""Bytes. Services take less: Anthropic 5 MB, OpenAI 50 MB for all images of a request."""
_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_DETAILS = ("auto", "low", "high")


def image(source: str | bytes | PathLike[str], *, detail: str | None = None) -> ImagePart:
    """A part of a message's `content` that shows the model an image.

        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, image("cat.png")]}

    `source` is a path, the bytes of a PNG, JPEG, GIF or WebP file, or an address that begins with
    "https://", "http://" or "data:". `detail` is "low", "high" or "auto", for OpenAI.

    Raises `OSError` if the file cannot be read; `TypeError`, `ValueError` if it is no such image,
    or larger than 20 MiB.
    """
    if detail is not None and detail not in _DETAILS:
        raise ValueError(f"detail is {detail!r}: expected one of {', '.join(_DETAILS)}")
    shown: ImageURL = {"url": _url_of(source)}
    if detail is not None:
        shown["detail"] = detail
    return {"type": "image_url", "image_url": shown}


def _url_of(source: object) -> str:
    if isinstance(source, str) and source.lower().startswith(("https://", "http://", "data:")):
        return source
    if isinstance(source, str) and "://" in source:
        raise ValueError('image: expected an address that begins with "https://" or "http://"')
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, PathLike)):
        path = Path(fspath(source))
        _check_size(path.stat().st_size)
        data = path.read_bytes()
    else:
        raise TypeError(f"image is a path, bytes or an address, not {type(source).__name__}")
    _check_size(len(data))
    return f"data:{_media_type_of(data)};base64,{base64.b64encode(data).decode()}"


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"image has {size} bytes: expected at most {LARGEST}")


def _media_type_of(data: bytes) -> str:
    if not data:
        raise ValueError("image is empty: it has no bytes")
    for beginning, media_type in _KINDS.items():
        if data.startswith(beginning):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise ValueError("image is no PNG, JPEG, GIF or WebP file")
