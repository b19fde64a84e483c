"""The connection to one client, as far as a response that takes its time must know it."""

from __future__ import annotations

import selectors
import socket
import threading
import time


def pause(connection: socket.socket | None, seconds: float | None) -> None:
    """Wait for `seconds` (None: for ever), and end as soon as the client has left.

    Raises `ConnectionError` when it has, or when the server hangs up on it. Without a `connection`
    (another server than the playground's own) nobody can tell, and the whole time is waited.
    """
    if connection is None:
        threading.Event().wait(seconds)
        return
    deadline = None if seconds is None else time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not selector.select(left):
                return
            # Bytes after the request mean nothing here; the end of them is the client leaving.
            if not connection.recv(65536):
                raise ConnectionAbortedError("the client has left")
