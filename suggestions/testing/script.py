"""What the server does with one connection: answers, refuses, or sends what it is given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

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


def pieces_of(text: str | Sequence[str]) -> list[str]:
    """A text's words, each with the blank before it; the items of any other sequence."""
    return re.findall(r"\s*\S+|\s+$", text) if isinstance(text, str) else list(text)


def answering(text: str | Sequence[str], delay: float = 0.0) -> Script:
    """The text, a piece at a time, `delay` seconds before each.

    In one JSON where the question has `"stream": false`.
    """
    pieces = pieces_of(text)

    def script(peer: Peer) -> None:
        if _wants_stream(peer.request()):
            _stream(peer, pieces, delay)
            peer.send(chunk(DONE), LAST_CHUNK)
        else:
            peer.pause(delay)
            peer.send(whole(200, _json(completion("".join(pieces)))))

    return script


def cut(text: str | Sequence[str], after: int, delay: float = 0.0) -> Script:
    """The first `after` pieces of the text; then the connection ends, with no last chunk."""
    pieces = pieces_of(text)[:after]

    def script(peer: Peer) -> None:
        peer.request()
        _stream(peer, pieces, delay)

    return script


def failing(status: int, message: str, retry_after: float | None = None) -> Script:
    """A status with an error in JSON; `retry_after` in seconds."""
    headers = {} if retry_after is None else {"Retry-After": seconds(retry_after)}
    body = _json({"error": {"message": message}})
    return sending(whole(status, body, headers))


def sending_body(
    parts: Sequence[bytes], status: int, content_type: str, delay: float = 0.0
) -> Script:
    """A response whose body is these bytes, a part at a time."""
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
