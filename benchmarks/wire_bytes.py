"""The bytes that the server sends: OpenAI chunks of about 230 bytes, rendered once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

HEADERS = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream\r\n"
    b"Cache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"\r\n"
)
TOKEN = 6
"""Characters of text in a chunk, as long as a model's usual token with its blank."""
HEAD = 10
"""Events before the ones that are measured; a pause follows them, in which all are idle."""
_DIFFERENT = 97  # a stream of one and the same chunk would flatter every cache


def text(number: int, length: int = TOKEN) -> str:
    """The text that chunk `number` of a stream carries."""
    return f" w{number % _DIFFERENT:02}".ljust(length, "x")


def answer_length(events: int, length: int = TOKEN) -> int:
    return sum(len(text(number, length)) for number in range(events))


def event(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One server-sent event with a `chat.completion.chunk`."""
    chunk = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "gpt-4.1-2025-04-14",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def framed(body: bytes) -> bytes:
    """One HTTP chunk (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(body), body)


OPENING = framed(event({"role": "assistant", "content": ""}))
CLOSING = framed(event({}, "stop")) + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


@cache
def _rendered(number: int, length: int) -> bytes:
    return framed(event({"content": text(number, length)}))


def chunk(number: int, length: int = TOKEN) -> bytes:
    """Event `number` of a stream, as an HTTP chunk of its own, as services send it."""
    return _rendered(number % _DIFFERENT, length)


def writes(first: int, last: int, per_write: int, length: int) -> Iterator[bytes]:
    """Events `first` to `last` (exclusive), so many in each write."""
    for start in range(first, last, per_write):
        stop = min(start + per_write, last)
        yield b"".join(chunk(number, length) for number in range(start, stop))


_STAMP = b"STAMP"
_BEFORE, _, _AFTER = event({"content": f" {_STAMP.decode()}"}).partition(_STAMP)


def stamped(seconds: float) -> bytes:
    """An event whose text is a time, as an HTTP chunk: quickly, so that the server keeps up."""
    return framed(b"%b%.6f%b" % (_BEFORE, seconds, _AFTER))
