"""`python -m soak.server CERTIFICATE`: the other process. A port for each thing that it does.

Prints the ports as JSON, and ends with its standard input.
"""

from __future__ import annotations

import contextlib
import json
import random
import ssl
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from soak.words import pieces_of_answer
from suggestions.testing import FAULTS, Peer, SuggestionsServer
from suggestions.testing.answer_bytes import CHUNKED, DONE, LAST_CHUNK, chunk, said, whole
from suggestions.testing.faults import find
from suggestions.testing.scripts import Script, failing

STATUSES = (402, 413, 422, 429, 500, 503)
LAST_ID = 40
"""How many events a stream has; after the last, it is over (204)."""


def main() -> None:
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.load_cert_chain(sys.argv[1])
    servers = {name: _serving(script) for name, script in _scripts(certificate).items()}
    ports = {name: urlsplit(server.url).port for name, server in servers.items()}
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


def _serving(script: Script) -> SuggestionsServer:
    server = SuggestionsServer()

    def play(peer: Peer) -> None:
        try:
            # The client may have gone in the middle of its question.
            with contextlib.suppress(TypeError, ValueError):
                script(peer)
        finally:
            server.requests.clear()  # there are too many to keep

    server.plays(play)
    return server


def _scripts(certificate: ssl.SSLContext) -> dict[str, Script]:
    return {
        "answer": _answering(0.0),
        "slow answer": _answering(0.005),
        "answer over TLS": _over_tls(_answering(0.0), certificate),
        "slow answer over TLS": _over_tls(_answering(0.005), certificate),
        "unclear": _saying("__JETPACK_AI", "_ERROR__"),
        "stream": _stream,
        "stream over TLS": _over_tls(_stream, certificate),
        **{str(status): failing(status, "No.") for status in STATUSES},
        **{name: find(name).script for name in FAULTS},
    }


def _answering(pause: float) -> Script:
    """The answer to the question; `pause` is the mean of the seconds before each piece."""

    def script(peer: Peer) -> None:
        pieces = pieces_of_answer(peer.request().json["question"])
        peer.send(CHUNKED)
        for piece in pieces:
            if pause:
                peer.pause(random.uniform(0, 2 * pause))
            peer.send(chunk(said(piece)))
        peer.send(chunk(DONE), LAST_CHUNK)

    return script


def _saying(*pieces: str) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, *(chunk(said(piece)) for piece in pieces), chunk(DONE), LAST_CHUNK)

    return script


def _over_tls(script: Script, certificate: ssl.SSLContext) -> Script:
    def secured(peer: Peer) -> None:
        peer.secure(certificate)
        script(peer)

    return secured


def _stream(peer: Peer) -> None:
    """Goes on after the last id, for a few events, and is lost in one way or the other."""
    begin = int(peer.request().headers.get("Last-Event-ID", "0"))
    if begin >= LAST_ID:
        peer.send(whole(204, b""))
        return
    peer.send(CHUNKED, chunk(b"retry: 1\n\n"))
    for number in range(begin + 1, min(begin + random.randint(0, 20), LAST_ID) + 1):
        peer.send(chunk(b"id: %d\ndata: %d\n\n" % (number, number)))
        peer.pause(random.choice((0.0, 0.002)))
    random.choice(_LOSSES)(peer)


_LOSSES: tuple[Callable[[Peer], object], ...] = (
    lambda peer: None,
    lambda peer: peer.send(LAST_CHUNK),
    lambda peer: peer.send(chunk(b"id: 99\ndata: hal")),
    lambda peer: peer.send(b"xyz\r\n"),
    Peer.reset,
)


if __name__ == "__main__":
    main()
