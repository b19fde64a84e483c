"""A proxy between a client and a port of this machine, which cuts, delays and stalls."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

SOON = 30.0  # seconds; a bound for what ends at once, never a measure


class Proxy:
    """Passes on what is sent.

    `on_reply(data)` returns what the client gets of a piece of a reply, and whether the connection
    is to be cut after it.
    """

    def __init__(
        self, port: int, on_reply: Callable[[bytes], tuple[bytes, bool]] | None = None
    ) -> None:
        self.is_away = False
        """New connections are closed at once."""
        self.target = port
        """Of connections that come from now on."""
        self.connections = 0
        self._passes_on = threading.Event()
        self._passes_on.set()
        self._on_reply = on_reply
        self._open: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._spawn(self._accept)

    def cut(self) -> None:
        """Ends all connections."""
        for each in list(self._open):
            _end(each)

    def stall(self) -> None:
        """Nothing is passed on, until `go_on()`."""
        self._passes_on.clear()

    def go_on(self) -> None:
        self._passes_on.set()

    def close(self) -> None:
        _end(self._server)
        self._server.close()
        self.go_on()
        self.cut()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self, run: Callable[..., object], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                if self.is_away:
                    client.close()
                    continue
                self.connections += 1
                self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", self.target)) as service,
        ):
            self._open |= {client, service}
            back = self._spawn(self._copy, service, client, self._on_reply)
            self._copy(client, service, None)
            back.join(SOON)
            self._open -= {client, service}

    def _copy(
        self,
        source: socket.socket,
        target: socket.socket,
        change: Callable[[bytes], tuple[bytes, bool]] | None,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passes_on.wait()
                is_over = False
                if change is not None:
                    data, is_over = change(data)
                target.sendall(data)
                if is_over:
                    break
        for each in (source, target):
            _end(each)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
