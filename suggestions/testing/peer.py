"""The server's end of one connection, from which a script reads and to which it writes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.client import parse_headers
from typing import Any

# struct linger: on, for no time. Windows has 16 bits for each.
_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_AT_ONCE = 64 * 1024  # bytes
_TIME_TO_READ = 0.05  # seconds


@dataclass(frozen=True)
class Request:
    """One request as it came: `method`, `path` and `version` are `str`, `body` is `bytes`.

    `headers` is an `email.message.Message`, which compares names without regard to case.
    """

    __module__ = __name__.rpartition(".")[0]

    method: str
    path: str
    headers: Message = field(repr=False)  # there is a token in them
    body: bytes = field(repr=False)
    version: str = field(default="HTTP/1.1", repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON, None if it is empty. Raises `ValueError` if it is not JSON."""
        return json.loads(self.body) if self.body else None


class Peer:
    """The server's end of one connection, for a script of your own.

    Every call raises `OSError` if the client has gone or the server is closed, and so ends the
    script.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self, sock: socket.socket, note: Callable[[Request], object], closing: threading.Event
    ) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._note = note
        self._closing = closing

    def secure(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from now on, with a server's context. Raises `ssl.SSLError`, an `OSError`, if
        the handshake fails."""
        self._file.close()
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._file = self._sock.makefile("rb")

    @property
    def sock(self) -> socket.socket:
        """The socket itself, with which a script may do what it likes."""
        return self._sock

    @property
    def scheme(self) -> str:
        """ "http" or "https"."""
        return "https" if isinstance(self._sock, ssl.SSLSocket) else "http"

    def begins(self) -> bool:
        """Waits for the first byte, without reading it. Returns False if none comes."""
        if isinstance(self._sock, ssl.SSLSocket):
            return bool(self._file.peek(1))
        # Not into the file's buffer: it may be the beginning of a handshake.
        return bool(self._sock.recv(1, socket.MSG_PEEK))

    def request(self) -> Request:
        """Reads one whole request, and adds it to the server's `requests`.

        Raises `ConnectionAbortedError`, an `OSError`, if none comes.
        """
        line = self._file.readline(_AT_ONCE).decode("latin-1").split()
        if len(line) < 2:
            raise ConnectionAbortedError("no request came")
        headers = parse_headers(self._file)
        body = self._file.read(int(headers.get("Content-Length", 0)))
        request = Request(line[0], line[1], headers, body, *line[2:3])
        self._note(request)
        return request

    def send(self, *parts: bytes) -> None:
        """Sends these bytes as they are, the head of a response included."""
        self._sock.sendall(b"".join(parts))

    def drip(self, data: bytes, pause: float) -> None:
        """Sends one byte at a time, and waits `pause` seconds after each."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            self.pause(pause)

    def flood(self, data: bytes) -> None:
        """Sends the same for ever, as fast as the client reads."""
        data *= max(1, _AT_ONCE // len(data))
        while True:
            self.send(data)

    def pause(self, seconds: float) -> None:
        """Waits. Raises `ConnectionAbortedError` if the server is closed meanwhile."""
        if self._closing.wait(seconds):
            raise ConnectionAbortedError("the server is closed")

    def hold(self) -> None:
        """Sends nothing more, and returns when the client has gone."""
        while self._file.read1(_AT_ONCE):
            pass

    def read_some(self) -> None:
        """Waits for some bytes, or for the end."""
        self._file.read1(_AT_ONCE)

    def reset(self) -> None:
        """Closes with an RST instead of a FIN, after the client had time to read what was sent."""
        self.pause(_TIME_TO_READ)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.close()

    def close(self) -> None:
        """Ends the connection. The server does so after the script."""
        with contextlib.suppress(OSError):
            self._file.close()
        # With bytes left unread, the system sends a reset instead of an end (RFC 2525, section
        # 2.17), and the client can lose what was sent before it.
        with contextlib.suppress(OSError):
            self._sock.setblocking(False)
            self._sock.recv(_AT_ONCE)
        self._sock.close()
