"""The threaded server of werkzeug, made silent, prompt, and able to hang up."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


def listen(host: str, port: int, app: Flask) -> WSGIServer:
    """A server that listens already, on a free port for port 0; `OSError` when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listener:
        return WSGIServer(listener, app)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Each chunk is sent in four small writes, which must not wait for each other's ACK.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """No request log; an error in the playground itself is still reported by the server."""


class WSGIServer(ThreadedWSGIServer):
    """Serves on a copy of `listener`, and knows its open connections, so that it can hang up."""

    def __init__(self, listener: socket.socket, app: Flask) -> None:
        # Given an address that is taken, werkzeug would print that and end the program.
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listener.fileno())
        self._open: dict[threading.Thread, socket.socket] = {}

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Handle a request on a thread of its own. Only the accepting thread calls this."""
        assert isinstance(request, socket.socket)
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="playground-request",
            daemon=True,
        )
        self._open = {t: connection for t, connection in self._open.items() if t.is_alive()}
        self._open[thread] = request
        thread.start()

    def hang_up(self, patience: float) -> None:
        """Shut every open connection, which wakes its thread; wait `patience` seconds for them."""
        for connection in self._open.values():
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + patience
        for thread in self._open:
            thread.join(max(0.0, deadline - time.monotonic()))
