"""`SuggestionsServer`: a service on this machine that follows a test's script."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .faults import find
from .peer import Peer, Request
from .scripts import Script, answering, cut, failing, sending_body

if TYPE_CHECKING:
    from typing_extensions import Self

_CLOSE_TIMEOUT = 10.0  # seconds, for each thread of a script
_TEXT = "This answer is made of seven words."
_NO_STEP = "The test has set nothing up: call answer(), fails() or another method first."


class _Step(NamedTuple):
    script: Script
    does_tls: bool = False


class SuggestionsServer:
    """Plain sockets and threads on a free port of 127.0.0.1; a context manager.

    Each call of `answer`, `fails`, `cut_after`, `sends`, `misbehaves` or `plays` sets up what
    happens to one more request; the last one also holds for every further request. Answers are in
    the wire format that "jetpack", "openai" and "auto" read; `sends` is for others.

    With a `certificate`, clients ask over https. It is the path of a PEM file with a certificate
    for 127.0.0.1, its chain and its key. `port` is one that clients come back to, 0 for any free
    one; `script`, as for `plays`, serves a client that already waits there. Raises `OSError` if the
    port is taken, and `ssl.SSLError`, an `OSError`, for a wrong certificate.

    `requests` is the list of requests so far: `method`, `path`, `headers`, `body`, `json`.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        *,
        certificate: str | os.PathLike[str] | None = None,
        port: int = 0,
        script: Script | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._steps: list[_Step] = [] if script is None else [_Step(script)]
        self._done = 0  # steps
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._failures: list[BaseException] = []
        self._start(self._accept)

    @property
    def url(self) -> str:
        """The address to ask. It is https with a certificate, and for faults of TLS."""
        secure = self._tls or (self._steps and self._steps[-1].does_tls)
        return f"{'https' if secure else 'http'}://127.0.0.1:{self._port}/ask"

    def answer(self, text: str | Sequence[str], *, delay: float = 0.0) -> None:
        """An answer, `delay` seconds before each piece: a word of a `str`, an item of a sequence.

        It is one JSON object if the question has `"stream": false`. Raises `TypeError` if the text
        or an item is not a `str` or `delay` is not a number, and `ValueError` for half a surrogate
        pair, which UTF-8 cannot write, and for a `delay` below 0 or not finite.
        """
        self.plays(answering(text, delay))

    def fails(
        self,
        status: int,
        message: str = "The service refuses the request.",
        *,
        retry_after: float | None = None,
    ) -> None:
        """A status, 400 to 599, with an error in JSON.

        `message` is the error's text, `retry_after` (seconds) its header, or None for none.
        Raises `TypeError`, and `ValueError` for another status (`sends` takes the others), a
        message that UTF-8 cannot write, and seconds below 0 or not finite.
        """
        self.plays(failing(status, message, retry_after))

    def cut_after(
        self, chunks: int, text: str | Sequence[str] = _TEXT, *, delay: float = 0.0
    ) -> None:
        """An answer whose connection ends after `chunks` pieces, or after all of them.

        `text` and `delay` (seconds) are as for `answer`. Raises `TypeError`, `ValueError` for
        fewer chunks than 0, and as `answer` does.
        """
        self.plays(cut(text, chunks, delay))

    def sends(
        self,
        *parts: bytes,
        status: int = 200,
        content_type: str = "text/event-stream",
        delay: float = 0.0,
    ) -> None:
        """A body of these bytes, for a wire format of your own.

        Each part is sent by itself, after `delay` seconds; `status` is from 200 to 599,
        `content_type` is the header `Content-Type`. Raises `TypeError`, and `ValueError` for
        another status, a `content_type` that is not printable ASCII, and a `delay` below 0 or not
        finite.
        """
        self.plays(sending_body(parts, status, content_type, delay))

    def misbehaves(self, name: str) -> None:
        """One of `suggestions.testing.FAULTS`. Raises `ValueError` if it is none of them."""
        fault = find(name)
        self._add(_Step(fault.script, fault.does_tls))

    def plays(self, script: Script) -> None:
        """Calls `script(peer)`, which does what it likes with the connection, and then closes it.

        It gets a `suggestions.testing.Peer` and runs on a thread of the server. If it raises
        anything but an `OSError`, `close()` raises that. Raises `TypeError` if it is not callable.
        """
        if not callable(script):
            raise TypeError(f"script must be callable, not {script!r}")
        self._add(_Step(script))

    def close(self) -> None:
        """Ends every connection and thread. Raises what a script raised."""
        self._closing.set()
        # Only a connection wakes a thread in accept() on every system.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), _CLOSE_TIMEOUT).close()
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(_CLOSE_TIMEOUT)
        if self._failures:
            raise self._failures.pop(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(self, step: _Step) -> None:
        with self._lock:
            self._steps.append(step)

    def _next_step(self) -> _Step:
        if not self._steps:
            return _Step(failing(501, _NO_STEP))
        return self._steps[min(self._done, len(self._steps) - 1)]

    def _take_step(self) -> _Step:
        with self._lock:
            step = self._next_step()
            self._done += bool(self._steps)
            return step

    def _start(self, target: Callable[..., object], *args: object) -> None:
        name = f"server-{self._port}"  # none of those that a source has
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        thread.start()

    def _accept(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            while True:
                sock = self._listener.accept()[0]
                with self._lock:
                    if self._closing.is_set():
                        sock.close()
                        return
                    # A duplicate: TLS detaches the socket that it wraps.
                    duplicate = sock.dup()
                    self._sockets.append(duplicate)
                    self._start(self._serve, sock, duplicate)

    def _serve(self, sock: socket.socket, duplicate: socket.socket) -> None:
        peer = Peer(sock, self.requests.append, self._closing)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls and not self._next_step().does_tls:
                peer.secure(self._tls)
            # A connection without a request uses up no step.
            if peer.begins():
                self._take_step().script(peer)
        except OSError:
            pass  # the client has gone, or close() has ended it
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            peer.close()
            with self._lock:
                self._sockets.remove(duplicate)
            duplicate.close()
