"""Scripts for the faults that need more than fixed bytes: floods, drips, compression, redirects,
TLS."""

from __future__ import annotations

import ssl
import zlib
from pathlib import Path

from .answer_bytes import LAST_CHUNK, head, whole
from .peer import Peer
from .scripts import Script, sending

BLOCK = b"x" * 65536
ZIPPED = head(headers={"Content-Encoding": "gzip"})
_GZIP = 31  # zlib's wbits for it
_CERTIFICATE = Path(__file__).with_name("untrusted.pem")
# A handshake record as long as one may be, and in it the beginning of a ServerHello.
_SERVER_HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
_PAUSE = 0.02  # seconds
_ELSEWHERE = "/elsewhere"


def flooding(*parts: bytes, block: bytes = BLOCK) -> Script:
    """Sends `parts`, then `block` for ever."""
    return sending(*parts, then=lambda peer: peer.flood(block))


def dripping(*parts: bytes, drops: bytes, pause: float) -> Script:
    """Sends `parts`, then `drops` for ever, byte by byte, with `pause` seconds after each."""

    def drip(peer: Peer) -> None:
        while True:
            peer.drip(drops, pause)

    return sending(*parts, then=drip)


def zipped(*parts: bytes) -> bytes:
    """Gzip, flushed after each part, as a server compresses that sends each part at once."""
    compressor = zlib.compressobj(wbits=_GZIP)
    flushed = [compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH) for part in parts]
    return b"".join(flushed) + compressor.flush()


def bomb(peer: Peer) -> None:
    """One event without an end, a thousand times as long as the bytes that are sent."""
    peer.request()
    peer.send(ZIPPED)
    compressor = zlib.compressobj(9, wbits=_GZIP)
    peer.send(compressor.compress(b"data: ") + compressor.flush(zlib.Z_FULL_FLUSH))
    # Between two full flushes the bytes are the same each time.
    peer.flood(compressor.compress(BLOCK * 64) + compressor.flush(zlib.Z_FULL_FLUSH))


# Redirects (RFC 9110, section 15.4). With 307 the question is sent again.


def redirect_to_itself(peer: Peer) -> None:
    """Redirects to the same address."""
    peer.send(_redirect(peer.request().path))


def redirect_to_another_host(answer: bytes) -> Script:
    """Redirects to `localhost`, for a client another host than 127.0.0.1; `answer` is there."""

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


# TLS (RFC 8446), before there is a request.


def tls_reset(peer: Peer) -> None:
    peer.read_some()
    peer.reset()


def tls_silent(peer: Peer) -> None:
    peer.hold()


def tls_slow(peer: Peer) -> None:
    peer.read_some()
    peer.drip(_SERVER_HELLO + bytes(16 * 1024), _PAUSE)


def tls_untrusted(peer: Peer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_CERTIFICATE)
    peer.secure(context)
    peer.hold()


def tls_plain(peer: Peer) -> None:
    peer.read_some()
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    peer.hold()
