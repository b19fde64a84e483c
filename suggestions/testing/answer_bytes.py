"""The bytes of an answer: server-sent events, transfer chunks (RFC 9112) and response heads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

DONE = b"data: [DONE]\n\n"
LAST_CHUNK = b"0\r\n\r\n"


def said(text: str) -> bytes:
    """The event with one piece of an answer, as OpenAI and Jetpack AI send it."""
    delta = json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False)
    return f"data: {delta}\n\n".encode()


def completion(text: str) -> object:
    """A whole answer, for a question with `"stream": false`."""
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def seconds(amount: float) -> str:
    """As `Retry-After` has them (RFC 9110, section 10.2.3): in digits, without an exponent."""
    return f"{amount:f}".rstrip("0").rstrip(".")


def chunk(data: bytes) -> bytes:
    """One chunk of the transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunks(parts: Iterable[bytes]) -> bytes:
    """A transfer chunk for each part, but not the last chunk."""
    return b"".join(map(chunk, parts))


def head(
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "text/event-stream",
    version: str = "1.1",
) -> bytes:
    """Status line and headers, with the blank line at their end."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/{version} {status} {phrase}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def whole(
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "application/json",
) -> bytes:
    """A response with its body and its `Content-Length`."""
    return (
        head(
            status, {**(headers or {}), "Content-Length": str(len(body))}, content_type=content_type
        )
        + body
    )


CHUNKED = head(headers={"Transfer-Encoding": "chunked"})
"""The head of a stream in transfer chunks."""
UNTIL_CLOSE = head()
"""The head of a stream that ends when the connection ends."""
