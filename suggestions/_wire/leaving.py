"""Keeps the process alive, at its exit, for as long as a thread is deep inside OpenSSL.

Loading the certificates to trust takes tens of milliseconds, outside of the interpreter. If the
process exits meanwhile, OpenSSL is cleaned up under that thread, which ends in a segmentation
fault. Everything else that OpenSSL does here is over long before.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
from collections.abc import Iterator
from time import monotonic, sleep

_LONGEST = 1.0
_STEP = 0.001
_connected: dict[int, socket.socket] = {}


def going_to_wrap(connection: object, sock: socket.socket) -> None:
    """Within `wrapping`: the connection is there; next come the certificates, then TLS."""
    _connected[id(connection)] = sock


@contextlib.contextmanager
def wrapping(connection: object) -> Iterator[None]:
    try:
        yield
    finally:
        _connected.pop(id(connection), None)


@atexit.register
def _let_them_load() -> None:
    deadline = monotonic() + _LONGEST
    # TLS takes the descriptor out of the socket that it wraps.
    while any(sock.fileno() >= 0 for sock in list(_connected.values())):
        if monotonic() > deadline:
            return
        sleep(_STEP)
