"""The body of a request, of a bounded size, from a WSGI and from an ASGI server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .openai_request import Refused
from .servers import Receive


class ClientLeft(Exception):
    """The client has left before its request was whole."""


def read_by_wsgi(environ: Mapping[str, Any], longest: int) -> bytes:
    """Raises `Refused` for what is longer than `longest` bytes."""
    stream, length = environ["wsgi.input"], _length_of(environ.get("CONTENT_LENGTH"))
    if length is not None:
        _check(length, longest)
        body: bytes = stream.read(length)
    elif environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"):
        body = stream.read(longest + 1)
    else:
        return b""  # reading would wait for ever
    _check(len(body), longest)
    return body


async def read_by_asgi(headers: Mapping[bytes, str], receive: Receive, longest: int) -> bytes:
    """Raises `Refused` for what is longer than `longest` bytes, and `ClientLeft`."""
    _check(_length_of(headers.get(b"content-length")) or 0, longest)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        _check(len(body), longest)
        if not message.get("more_body"):
            return bytes(body)


def _length_of(header: str | None) -> float | None:
    """Bytes; None if it is not a number. Python makes no int of some thousand digits."""
    if not header or not (header.isascii() and header.isdigit()):
        return None
    return int(header) if len(header) < 20 else math.inf


def _check(length: float, longest: int) -> None:
    if length > longest:
        words = f"The request is too large: expected at most {longest} bytes."
        raise Refused(413, words, "request_too_large")
