"""The body of a request, of a bounded size, from a WSGI and from an ASGI server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .openai_request import Refused
from .servers import Receive


class ClientLeft(Exception):
    """The client has left before its request was whole."""


def read_by_wsgi(environ: Mapping[str, Any], longest: int) -> bytes:
    """Raises `Refused` for what is longer than `longest` bytes."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        _check(int(length), longest)
        body: bytes = stream.read(int(length))
    elif environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"):
        body = stream.read(longest + 1)
    else:
        return b""  # to read would wait for ever
    _check(len(body), longest)
    return body


async def read_by_asgi(headers: Mapping[bytes, str], receive: Receive, longest: int) -> bytes:
    """Raises `Refused` for what is longer than `longest` bytes, and `ClientLeft`."""
    length = headers.get(b"content-length", "")
    if length.isascii() and length.isdigit():
        _check(int(length), longest)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        _check(len(body), longest)
        if not message.get("more_body"):
            return bytes(body)


def _check(length: int, longest: int) -> None:
    if length > longest:
        words = f"The request is too large: expected at most {longest} bytes."
        raise Refused(413, words, "request_too_large")
