"""Ends a request at once from another thread, in every phase, so that the server sees it.

Closing a response or a session from another thread blocks until the read ends, or leaves the
connection open. `shutdown()` on the socket itself is no better: TLS takes the descriptor out of it,
the system may give the number to another file, and `SSLSocket.shutdown()` drops the encryption
first. What works in every phase is `shutdown()` on a duplicate, made before the socket connects:
for the system it is the same connection, and only we close it.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX
from typing import Any, TypeVar

from .._util import threads

T = TypeVar("T")
# struct linger: on, for no time. Windows has 16 bits for each.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Aborted(Exception):
    """The request was cancelled: the step that is under way ends here."""


class Cancellation:
    """Cancels one request. `cancel()` may be called from any thread, at any time, repeatedly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._borrowed: list[socket.socket] = []  # of connections that others may use again
        self._shut_down_other: Callable[[], object] | None = None
        self.is_cancelled = False
        self._results: SimpleQueue[Any] | None = None

    def check(self) -> None:
        """Raises `Aborted` if cancelled."""
        if self.is_cancelled:
            raise Aborted

    def add(self, sock: socket.socket) -> None:
        """Keeps a duplicate of a socket that is about to connect. Raises `Aborted` if cancelled."""
        duplicate = sock.dup()
        with self._lock:
            self._sockets.append(duplicate)
        if self.is_cancelled:
            self.release()
            raise Aborted

    def add_borrowed(self, sock: Any) -> None:
        """Keeps a duplicate of a connected socket, or of TLS on one, of a connection that is not
        ours: it goes on after the request if this was not cancelled. Raises `Aborted` as above."""
        with contextlib.suppress(OSError, AttributeError, TypeError):  # it is no socket
            duplicate = socket.socket(fileno=socket.dup(sock.fileno()))
            with self._lock:
                self._borrowed.append(duplicate)
        if self.is_cancelled:
            self.release()
            raise Aborted

    def add_other(self, shut_down: Callable[[], object]) -> None:
        """Calls `shut_down` as well, for a connection that is not ours. Raises `Aborted`, as above.

        What it raises is ignored: not every connection can be shut down.
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
            threads.start(run, "lookup")
        except RuntimeError:
            return function()  # the interpreter exits
        result: T
        result, error = self._next(results, timeout)
        if error is not None:
            raise error
        return result

    def cancel(self) -> None:
        """Wakes the thread that is blocked on one of the sockets. Returns within microseconds."""
        self.is_cancelled = True
        if self._results is not None:
            self._results.put(None)
        with self._lock:
            for duplicate in (*self._sockets, *self._borrowed):
                _shut_down(duplicate)
        if self._shut_down_other is not None:
            with contextlib.suppress(Exception):
                self._shut_down_other()

    def release(self) -> None:
        """Ends the connections; the request is over."""
        own, borrowed = self._pop_sockets()
        for duplicate in (*own, *(borrowed if self.is_cancelled else ())):
            # Another process may have the socket as well, such as a child after a fork.
            _shut_down(duplicate)
            if self.is_cancelled:
                _reset_on_close(duplicate)
        for duplicate in (*own, *borrowed):
            duplicate.close()

    def disown(self) -> None:
        """In a forked child: closes our copies; the parent's connections stay as they are."""
        self._lock = threading.Lock()
        self.is_cancelled = True
        for duplicate in itertools.chain(*self._pop_sockets()):
            duplicate.close()

    def _pop_sockets(self) -> tuple[list[socket.socket], list[socket.socket]]:
        self._shut_down_other = None
        with self._lock:
            own, self._sockets = self._sockets, []
            borrowed, self._borrowed = self._borrowed, []
        return own, borrowed

    def _next(self, results: SimpleQueue[Any], timeout: float | None) -> Any:
        # This sets the queue, then reads the flag; cancel() sets the flag, then reads the queue.
        # So in any order one of the two sees what the other has set.
        self._results = results
        self.check()
        try:
            result = results.get(timeout=None if timeout is None else min(timeout, TIMEOUT_MAX))
        except Empty:
            raise TimeoutError from None
        self.check()
        return result


def _reset_on_close(sock: socket.socket) -> None:
    # Without a reset, a service that is still reading the question would see the end only after it.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def _shut_down(sock: socket.socket) -> None:
    # If it is not connected yet, or no more, there is nothing to shut down.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
