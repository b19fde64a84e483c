"""Ends a request at once from another thread, in every phase, so that the server sees it.

Closing a response or a session from another thread hangs or frees nothing. What works in every
phase is `shutdown()` on a duplicate of the socket, made before it connects. On the original it
does not: TLS takes the descriptor out of it, the system may use the number again meanwhile, and
an `SSLSocket.shutdown()` would drop the encryption first.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX
from typing import Any, TypeVar

T = TypeVar("T")
# struct linger: on, for no time. Windows has 16 bits for each.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Aborted(Exception):
    """The request was cancelled: give up the step that is under way."""


class Cancellation:
    """Cancels one request. `cancel()` may be called from any thread, at any time, repeatedly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._shut_down_other: Callable[[], object] | None = None
        self._is_cancelled = False
        self._results: SimpleQueue[Any] | None = None

    def check(self) -> None:
        """Raises `Aborted` if cancelled."""
        if self._is_cancelled:
            raise Aborted

    def add(self, sock: socket.socket) -> None:
        """Keeps a duplicate of a socket that is about to connect. Raises `Aborted` if cancelled."""
        duplicate = sock.dup()
        with self._lock:
            self._sockets.append(duplicate)
        if self._is_cancelled:
            self.release()
            raise Aborted

    def add_other(self, shut_down: Callable[[], object]) -> None:
        """Calls `shut_down` as well, for a connection that is not ours. Raises `Aborted`, as above.

        What it raises is ignored: not each connection can be shut down.
        """
        self._shut_down_other = shut_down
        self.check()

    def sleep(self, seconds: float) -> None:
        """Sleeps. Raises `Aborted` as soon as it is cancelled."""
        with contextlib.suppress(TimeoutError):
            self._next(SimpleQueue(), seconds)

    def call(self, function: Callable[[], T], timeout: float | None) -> T:
        """Calls a function that can be neither interrupted nor bounded, on a thread of its own.

        The thread is abandoned if it takes longer than `timeout` seconds, and if this is
        cancelled. Raises what the function raises, `TimeoutError`, `Aborted`.
        """
        results: SimpleQueue[tuple[T, None] | tuple[None, Exception]] = SimpleQueue()

        def run() -> None:
            try:
                results.put((function(), None))
            except Exception as error:
                results.put((None, error))

        try:
            threading.Thread(target=run, name="suggestions-lookup", daemon=True).start()
        except RuntimeError:
            return function()  # the interpreter is on its way out
        result: T
        result, error = self._next(results, timeout)
        if error is not None:
            raise error
        return result

    def cancel(self) -> None:
        """Returns within microseconds; a thread that is blocked on one of the sockets wakes up."""
        self._is_cancelled = True
        if self._results is not None:
            self._results.put(None)
        with self._lock:
            for duplicate in self._sockets:
                _shut_down(duplicate)
        if self._shut_down_other is not None:
            with contextlib.suppress(Exception):
                self._shut_down_other()

    def release(self) -> None:
        """Ends the connections; the request is over."""
        for duplicate in self._pop_sockets():
            # Another process may have the socket as well, such as a child after a fork.
            _shut_down(duplicate)
            if self._is_cancelled:
                _reset_on_close(duplicate)
            duplicate.close()

    def disown(self) -> None:
        """In a forked child: the connections are the parent's, and no thread frees the lock."""
        self._lock = threading.Lock()
        self._is_cancelled = True
        for duplicate in self._pop_sockets():
            duplicate.close()

    def _pop_sockets(self) -> list[socket.socket]:
        self._shut_down_other = None
        with self._lock:
            sockets, self._sockets = self._sockets, []
        return sockets

    def _next(self, results: SimpleQueue[Any], timeout: float | None) -> Any:
        # First the queue, then the flag; cancel() sets the flag first, so one sees the other.
        self._results = results
        self.check()
        try:
            result = results.get(timeout=None if timeout is None else min(timeout, TIMEOUT_MAX))
        except Empty:
            raise TimeoutError from None
        self.check()
        return result


def _reset_on_close(sock: socket.socket) -> None:
    # A service that has not read all of the question would find the end only after it.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def _shut_down(sock: socket.socket) -> None:
    # If it is not connected yet, or no more, there is nothing to shut down.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
