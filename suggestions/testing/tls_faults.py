"""What can go wrong with TLS (RFC 8446) before there is a request."""

from __future__ import annotations

import ssl
from pathlib import Path

from suggestions.testing.peer import Peer

_CERTIFICATE = Path(__file__).with_name("untrusted.pem")
# A handshake record as long as one may be, and in it the beginning of a ServerHello.
_SERVER_HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
_PAUSE = 0.02  # seconds


def reset(peer: Peer) -> None:
    peer.read_some()
    peer.reset()


def silent(peer: Peer) -> None:
    peer.hold()


def slow(peer: Peer) -> None:
    peer.read_some()
    peer.drip(_SERVER_HELLO + bytes(16 * 1024), _PAUSE)


def untrusted(peer: Peer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_CERTIFICATE)
    peer.secure(context)
    peer.hold()


def plain(peer: Peer) -> None:
    peer.read_some()
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    peer.hold()
