"""Ends a request at once from another thread, in every phase, so that the server sees it.

Closing a response or a session from another thread hangs or frees nothing. What works in every
phase is `shutdown()` on a duplicate of the socket, made before it connects: TLS detaches the
original, whose number the system may give away meanwhile, and an `SSLSocket.shutdown()` would
drop the encryption first.
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
_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Aborted(Exception):
    """The lifeline was cut: whatever was going on is to be given up."""


class Lifeline:
    """The sockets of one request. `cut()` may be called from any thread, at any time, often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        self._awaited: SimpleQueue[Any] | None = None

    def check(self) -> None:
        """Raises `Aborted` if cut."""
        if self._is_cut:
            raise Aborted

    def hold(self, sock: socket.socket) -> None:
        """Takes a duplicate of a socket that is about to connect. Raises `Aborted` if cut."""
        duplicate = sock.dup()
        with self._lock:
            self._sockets.append(duplicate)
        if self._is_cut:
            self.release()
            raise Aborted

    def wait(self, seconds: float) -> None:
        """Sleeps, unless it is cut meanwhile. Raises `Aborted` then."""
        with contextlib.suppress(TimeoutError):
            self._await(SimpleQueue(), seconds)

    def run(self, work: Callable[[], T], timeout: float | None) -> T:
        """Calls `work`, which can be neither interrupted nor bounded, on a thread of its own.

        The thread is left behind where it takes longer than `timeout` seconds, or when this is
        cut. Raises what `work` raises, `TimeoutError`, `Aborted`.
        """
        outcomes: SimpleQueue[tuple[T, None] | tuple[None, Exception]] = SimpleQueue()

        def call() -> None:
            try:
                outcomes.put((work(), None))
            except Exception as error:
                outcomes.put((None, error))

        try:
            threading.Thread(target=call, name="suggestions-lookup", daemon=True).start()
        except RuntimeError:
            return work()  # the interpreter is on its way out
        result: T
        result, error = self._await(outcomes, timeout)
        if error is not None:
            raise error
        return result

    def cut(self) -> None:
        """Returns within microseconds; whoever is blocked on one of the sockets wakes up."""
        self._is_cut = True
        if self._awaited is not None:
            self._awaited.put(None)
        with self._lock:
            for duplicate in self._sockets:
                _end(duplicate)

    def release(self) -> None:
        """Ends the connections; the request is over."""
        for duplicate in self._take():
            # Somebody else may have the socket as well, such as a child after a fork.
            _end(duplicate)
            if self._is_cut:
                _reset_on_close(duplicate)
            duplicate.close()

    def disown(self) -> None:
        """In a forked child: the connections are the parent's, the locks may be held by nobody."""
        self._lock = threading.Lock()
        self._is_cut = True
        for duplicate in self._take():
            duplicate.close()

    def _take(self) -> list[socket.socket]:
        with self._lock:
            sockets, self._sockets = self._sockets, []
        return sockets

    def _await(self, news: SimpleQueue[Any], timeout: float | None) -> Any:
        # First the queue, then the flag; cut() goes the other way round, so one sees the other.
        self._awaited = news
        self.check()
        try:
            item = news.get(timeout=None if timeout is None else min(timeout, TIMEOUT_MAX))
        except Empty:
            raise TimeoutError from None
        self.check()
        return item


def _reset_on_close(sock: socket.socket) -> None:
    # A service that has not read all of the question would find the end only behind it.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)


def _end(sock: socket.socket) -> None:
    # Not connected yet, or gone already: both are as good.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
