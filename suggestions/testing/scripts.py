"""Scripts: what the server does with one connection. It answers, refuses, or sends given bytes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from reprlib import repr as brief

from .._util.arguments import check_seconds
from .answer_bytes import (
    CHUNKED,
    DONE,
    LAST_CHUNK,
    chunk,
    completion,
    head,
    said,
    seconds,
    whole,
)
from .peer import Peer, Request

Script = Callable[[Peer], object]
_FINITE = sys.float_info.max


# The server's methods call these. They raise `TypeError` and `ValueError` that name the argument.


def answering(text: str | Sequence[str], delay: float = 0.0) -> Script:
    """The text, a piece at a time, `delay` seconds before each.

    It is one JSON object if the question has `"stream": false`.
    """
    pieces = _check_pieces(text)
    check_seconds("delay", delay, longest=_FINITE, may_be_0=True)

    def script(peer: Peer) -> None:
        if _wants_stream(peer.request()):
            _stream(peer, pieces, delay)
            peer.send(chunk(DONE), LAST_CHUNK)
        else:
            peer.pause(delay)
            peer.send(whole(200, _json(completion("".join(pieces)))))

    return script


def cut(text: str | Sequence[str], chunks: int, delay: float = 0.0) -> Script:
    """The first `chunks` pieces of the text; then the connection ends, with no last chunk."""
    _check_count("chunks", chunks)
    check_seconds("delay", delay, longest=_FINITE, may_be_0=True)
    pieces = _check_pieces(text)[:chunks]

    def script(peer: Peer) -> None:
        peer.request()
        _stream(peer, pieces, delay)

    return script


def failing(status: int, message: str, retry_after: float | None = None) -> Script:
    """A status with an error in JSON; `retry_after` in seconds."""
    _check_status(status, 400)
    _check_text("message", message)
    if retry_after is not None:
        check_seconds("retry_after", retry_after, longest=_FINITE, may_be_0=True)
    headers = {} if retry_after is None else {"Retry-After": seconds(retry_after)}
    body = _json({"error": {"message": message}})
    return sending(whole(status, body, headers))


def sending_body(
    parts: Sequence[bytes], status: int, content_type: str, delay: float = 0.0
) -> Script:
    """A response whose body is these bytes, a part at a time."""
    _check_parts(parts)
    _check_status(status, 200)
    _check_content_type(content_type)
    check_seconds("delay", delay, longest=_FINITE, may_be_0=True)
    begin = head(status, {"Transfer-Encoding": "chunked"}, content_type=content_type)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begin)
        for part in filter(None, parts):
            peer.pause(delay)
            peer.send(chunk(part))
        peer.send(LAST_CHUNK)

    return script


def sending(*parts: bytes, then: Callable[[Peer], object] | None = None) -> Script:
    """Reads the request, sends these bytes as they are, and then calls `then`."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        if then is not None:
            then(peer)

    return script


def _stream(peer: Peer, pieces: Sequence[str], delay: float) -> None:
    peer.send(CHUNKED)
    for piece in pieces:
        peer.pause(delay)
        peer.send(chunk(said(piece)))


def _wants_stream(request: Request) -> bool:
    try:
        asked = request.json
    except ValueError:
        return True
    return not isinstance(asked, dict) or asked.get("stream") is not False


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# Each check names the argument, what is expected and what was given.


def _check_pieces(text: object) -> list[str]:
    """The words of a text, each with the blank before it, or the items of another sequence."""
    if isinstance(text, str):
        return re.findall(r"\s*\S+|\s+$", _check_text("text", text))
    if not isinstance(text, Iterable) or isinstance(text, (bytes, bytearray)):
        raise TypeError(f"text must be a str or a sequence of str, not {brief(text)}")
    return [_check_text(f"text[{number}]", piece) for number, piece in enumerate(text)]


def _check_text(name: str, text: object) -> str:
    """A text that UTF-8 can write."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {brief(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be what UTF-8 can write, not {brief(text)}") from None
    return text


def _check_parts(parts: Iterable[object]) -> None:
    """The bytes of a body."""
    for number, part in enumerate(parts):
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise TypeError(f"parts[{number}] must be bytes, not {brief(part)}")


def _check_status(status: object, lowest: int) -> None:
    """A status from `lowest` on (RFC 9110, section 15)."""
    if not _is_int(status):
        raise TypeError(f"status must be an int, not {brief(status)}")
    if status not in range(lowest, 600):
        raise ValueError(f"status must be from {lowest} to 599, not {status}")


def _check_content_type(content_type: object) -> None:
    """The value of a header."""
    if not isinstance(content_type, str):
        raise TypeError(f"content_type must be a str, not {brief(content_type)}")
    if not (content_type.isascii() and content_type.isprintable()):
        raise ValueError(f"content_type must be printable ASCII, not {brief(content_type)}")


def _check_count(name: str, count: int) -> None:
    """A count from 0 on."""
    if not _is_int(count):
        raise TypeError(f"{name} must be an int, not {brief(count)}")
    if count < 0:
        raise ValueError(f"{name} must be 0 or more, not {count}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
