"""Redirects that lead astray (RFC 9110, section 15.4). With 307 the question goes along."""

from __future__ import annotations

from suggestions.testing.frames import LAST_CHUNK, whole
from suggestions.testing.peer import Peer
from suggestions.testing.script import Script

_ELSEWHERE = "/elsewhere"


def for_ever(peer: Peer) -> None:
    """To where it came from."""
    peer.send(_redirect(peer.request().path))


def to_another_host(answer: bytes) -> Script:
    """To `localhost`, which to a client is another host than 127.0.0.1; `answer` is there."""

    def script(peer: Peer) -> None:
        request = peer.request()
        if request.path == _ELSEWHERE:
            peer.send(answer, LAST_CHUNK)
        else:
            port = request.headers.get("Host", "").rpartition(":")[2]
            peer.send(_redirect(f"{peer.scheme}://localhost:{port}{_ELSEWHERE}"))

    return script


def _redirect(place: str) -> bytes:
    return whole(307, b"", {"Location": place})
