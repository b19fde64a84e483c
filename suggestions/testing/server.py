"""`SuggestionsServer`: a service on this machine that does what a test tells it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from suggestions.testing.faults import find
from suggestions.testing.peer import Peer, Request
from suggestions.testing.script import Script, answering, cut, failing, sending_body

if TYPE_CHECKING:
    from typing_extensions import Self

_PATIENCE = 10.0  # seconds that close() grants the scripts
_TEXT = "This answer is made of seven words."
_UNTOLD = "The test has not told the server what to do: answer(), fails() or another comes first."


class _Step(NamedTuple):
    script: Script
    does_tls: bool = False


class SuggestionsServer:
    """Plain sockets and threads on a free port of 127.0.0.1; a context manager.

    Each call of `answer`, `fails`, `cut_after`, `sends`, `misbehaves` and `plays` tells what is
    done with one more request; the last of them is done with every further one as well. Answers
    are in the wire format that "jetpack", "openai" and "auto" read; `sends` is for others.

    `certificate` is the path of a PEM file with a certificate for 127.0.0.1, its chain and its
    key, to be asked over https; `port` is one to come back to, 0 for any that is free, and
    `script`, as for `plays`, what is done for a client that already waits there. Raises `OSError`
    if the port is taken, and `ssl.SSLError`, an `OSError`, for a wrong certificate.

    `requests` is what was asked so far: `method`, `path`, `headers`, `body`, `json`.
    """

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
        """The address to ask at; https with a certificate, and for misbehaviours of TLS."""
        secure = self._tls or (self._steps and self._steps[-1].does_tls)
        return f"{'https' if secure else 'http'}://127.0.0.1:{self._port}/ask"

    def answer(self, text: str | Sequence[str], *, delay: float = 0.0) -> None:
        """An answer, `delay` seconds before each piece: a word of a `str`, an item of a sequence.

        In one JSON where the question has `"stream": false`. Raises `TypeError` where the text or
        an item is no `str` or `delay` no number, `ValueError` for half of a surrogate pair, which
        UTF-8 cannot write, and for a `delay` below 0 or not finite.
        """
        self.plays(answering(text, delay))

    def fails(
        self,
        status: int,
        message: str = "The service does not want to.",
        *,
        retry_after: float | None = None,
    ) -> None:
        """A status, 400 to 599, with an error in JSON.

        `message` is what the error says, `retry_after` (seconds) its header, or None for none.
        Raises `TypeError`, and `ValueError` for another status (`sends` takes the others), a
        message that UTF-8 cannot write, and seconds below 0 or not finite.
        """
        self.plays(failing(status, message, retry_after))

    def cut_after(
        self, chunks: int, text: str | Sequence[str] = _TEXT, *, delay: float = 0.0
    ) -> None:
        """An answer whose connection ends after so many of its pieces, or after all that it has.

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
        """A body of these bytes, as a service of your own would write it.

        Each part is sent by itself, `delay` seconds before it; `status` is from 200 to
        599, `content_type` the header of that name. Raises `TypeError`, and `ValueError` for
        another status, a `content_type` that is not printable ASCII, and a `delay` below 0 or not
        finite.
        """
        self.plays(sending_body(parts, status, content_type, delay))

    def misbehaves(self, name: str) -> None:
        """One of `suggestions.testing.FAULTS`. Raises `ValueError` where it is none of them."""
        fault = find(name)
        self._tell(_Step(fault.script, fault.does_tls))

    def plays(self, script: Script) -> None:
        """`script(peer)`: whatever it does with the connection, which is closed afterwards.

        It gets a `suggestions.testing.peer.Peer`, and runs on a thread of the server. What it
        raises, but for `OSError`, `close()` raises. Raises `TypeError` where it is not callable.
        """
        if not callable(script):
            raise TypeError(f"script must be callable, not {script!r}")
        self._tell(_Step(script))

    def close(self) -> None:
        """Ends every connection and thread. Raises what a script has raised."""
        self._closing.set()
        # What wakes a thread that accepts on every system is a connection.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), _PATIENCE).close()
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(_PATIENCE)
        if self._failures:
            raise self._failures.pop(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, step: _Step) -> None:
        with self._lock:
            self._steps.append(step)

    def _next_step(self) -> _Step:
        if not self._steps:
            return _Step(failing(501, _UNTOLD))
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
            # A connection on which nothing is asked uses no step up.
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
