"""What the server does with one connection: answers, refuses, or sends what it is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from suggestions.testing.arguments import (
    check_content_type,
    check_count,
    check_parts,
    check_pieces,
    check_seconds,
    check_status,
    check_text,
)
from suggestions.testing.frames import (
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
from suggestions.testing.peer import Peer, Request

Script = Callable[[Peer], object]


# These raise, for the server's methods, `TypeError` and `ValueError` that name its arguments.


def answering(text: str | Sequence[str], delay: float = 0.0) -> Script:
    """The text, a piece at a time, `delay` seconds before each.

    In one JSON where the question has `"stream": false`.
    """
    pieces = check_pieces(text)
    check_seconds("delay", delay)

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
    check_count("chunks", chunks)
    check_seconds("delay", delay)
    pieces = check_pieces(text)[:chunks]

    def script(peer: Peer) -> None:
        peer.request()
        _stream(peer, pieces, delay)

    return script


def failing(status: int, message: str, retry_after: float | None = None) -> Script:
    """A status with an error in JSON; `retry_after` in seconds."""
    check_status(status, 400)
    check_text("message", message)
    if retry_after is not None:
        check_seconds("retry_after", retry_after)
    headers = {} if retry_after is None else {"Retry-After": seconds(retry_after)}
    body = _json({"error": {"message": message}})
    return sending(whole(status, body, headers))


def sending_body(
    parts: Sequence[bytes], status: int, content_type: str, delay: float = 0.0
) -> Script:
    """A response whose body is these bytes, a part at a time."""
    check_parts(parts)
    check_status(status, 200)
    check_content_type(content_type)
    check_seconds("delay", delay)
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
    """Reads the request, sends these bytes as they are, does what is to be done `then`."""

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
