"""Reads from a socket and keeps the deadlines: on a thread that blocks, or for a loop."""

from __future__ import annotations

import _socket
import io
import math
import socket
import ssl
import struct
import sys
import threading
from typing import Any

from .._util.elapsed import monotonic
from .abort import Cancellation
from .timeouts import Deadlines

RECEIVE = 64 * 1024
"""Bytes to ask the socket for at a time."""
_LATE = (TimeoutError, BlockingIOError)
# TLS may have to write in a renegotiation (TLS 1.2) or an update of its keys (TLS 1.3). Its few
# bytes find room: nothing is sent after the request. So it, too, waits for what comes.
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# On Linux and macOS with 64 bits, a timeval is two longs; with 32 bits its size varies. On macOS
# the second is an int and padding, which in little-endian bytes is the same.
_KERNEL_KEEPS_TIME = sys.platform in ("linux", "darwin") and struct.calcsize("l") == 8
# Python 3.14's default is 128 KiB, but one `read1(RECEIVE)` must empty the buffer: see `body`.
_BUFFER = 4 * 1024
_RECEIVE_FIRST = 4 * 1024
# Seconds. On Windows, shutdown() does not wake a thread that reads, so there the reader checks at
# this interval whether the request was cancelled.
_POLL_INTERVAL = 0.1 if sys.platform == "win32" else None


class _Buffer(threading.local):
    """A loop reads many sockets, one after another, into one buffer."""

    def __init__(self) -> None:
        self.received = memoryview(bytearray(RECEIVE))


_buffer = _Buffer()


def timed_file(
    deadlines: Deadlines, cancellation: Cancellation, sock: socket.socket
) -> io.BufferedReader:
    """A file that reads from the socket, as `http.client.HTTPResponse` uses one.

    A read raises the deadline's error if it takes too long, and may raise `Aborted` if the
    request is cancelled meanwhile.
    """
    kind = SocketReader if _POLL_INTERVAL is None else _PollingReader
    return io.BufferedReader(kind(deadlines, cancellation, sock), _BUFFER)


class SocketReader(io.RawIOBase):
    """Reads from a socket and keeps the deadlines: with `receive` on a thread that blocks, with
    `receive_now` while a loop watches the socket."""

    def __init__(
        self, deadlines: Deadlines, cancellation: Cancellation, sock: socket.socket
    ) -> None:
        # The file keeps the descriptor open until it is closed itself.
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._pending = sock.pending if isinstance(sock, ssl.SSLSocket) else None
        self._deadlines = deadlines
        self._cancellation = cancellation
        self._timeout: float | None = 0.0  # which no deadline ever gives
        # One buffer for all reads. A new one for each read would lie elsewhere in memory each time,
        # so that in a process of many streams each stream comes to use 40 KiB more.
        self._received = memoryview(b"")
        self._buffered: bytes | None = None  # what a `BufferedReader` has read with the headers
        self._waits_from = 0.0
        self.ended = False
        self.is_drained = False
        """While a loop watches: all is read, and the loop will report what comes next."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._buffered is not None:
            return None
        self._wait_at_most(self._deadlines.timeout())
        try:
            count = self._sock.recv_into(buffer)
        except _LATE:
            raise self._deadlines.passed() from None
        self.ended = not count
        return count

    def take_over(self, file: io.BufferedReader) -> None:
        """From now on, `receive` reads and not its buffered `file`, which has nothing left."""
        self._buffered = b""
        self._buffered = file.read1(RECEIVE) or b""
        self._received = memoryview(bytearray(_RECEIVE_FIRST))

    def receive(self) -> bytes:
        """The next bytes that arrive; b"" at the end. Blocks."""
        deadlines = self._deadlines
        if self._buffered:
            return self._pop_buffered()
        if deadlines.was_understood and deadlines.is_steady:  # nearly always
            deadlines.was_understood, deadlines.content_from = False, monotonic()
        else:
            self._wait_at_most(deadlines.timeout())
        try:
            count = self._sock.recv_into(self._received)
        except _LATE:
            raise deadlines.passed() from None
        if count == len(self._received) < RECEIVE:
            return self._grow(count)
        return bytes(self._received[:count])

    def _pop_buffered(self) -> bytes:
        buffered, self._buffered = self._buffered, b""
        return buffered or b""

    def _grow(self, count: int) -> bytes:
        data = bytes(self._received[:count])
        self._received = memoryview(bytearray(RECEIVE))
        return data

    # While a loop watches the socket

    @property
    def can_be_watched(self) -> bool:
        """Whether a loop can watch the socket: not if it is TLS within a proxy's TLS."""
        return _POLL_INTERVAL is None and type(self._sock) in (socket.socket, ssl.SSLSocket)

    def watch(self) -> socket.socket:
        """From now on, nothing blocks. Returns the socket for a loop to watch."""
        self._sock.settimeout(0)
        self._received = memoryview(b"")
        self.is_drained, self._waits_from = False, monotonic()
        return self._sock

    def unwatch(self) -> None:
        """`receive` blocks again."""
        self._received = self._received or memoryview(bytearray(_RECEIVE_FIRST))
        self.is_drained, self._timeout = False, 0.0
        self._deadlines.is_steady = False  # so that the next read sets the socket's timeout

    def receive_now(self) -> bytes | None:
        """As `receive`, without blocking: None if nothing is here."""
        if self._buffered:
            return self._pop_buffered()
        received = _buffer.received
        try:
            count = self._sock.recv_into(received)
        except _NOT_YET:
            due = self.due()
            if due is not None and monotonic() >= due:
                raise self._deadlines.passed() from None
            return None
        # What TLS has decrypted already is not on the socket any more.
        self.is_drained = self._pending is None or not self._pending()
        deadlines = self._deadlines
        if deadlines.was_understood:
            deadlines.was_understood, deadlines.content_from = False, self._waits_from
        self._waits_from = monotonic()
        return bytes(received[:count])

    def due(self) -> float | None:
        """When the next deadline passes if nothing comes, by `monotonic()`; None for never."""
        timeout = self._deadlines.timeout(self._waits_from)
        return None if timeout is None else self._waits_from + timeout

    def _wait_at_most(self, seconds: float | None) -> None:
        if seconds != self._timeout:
            _wait_at_most(self._sock, seconds)
            self._timeout = seconds

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _PollingReader(SocketReader):
    """Waits for a moment at a time, and checks in between whether the request was cancelled."""

    def readinto(self, buffer: Any) -> int | None:
        return self._poll(buffer) if self._buffered is None else None

    def receive(self) -> bytes:
        if self._buffered:
            return self._pop_buffered()
        return bytes(self._received[: self._poll(self._received)])

    def _poll(self, buffer: Any) -> int:
        assert _POLL_INTERVAL is not None
        timeout = self._deadlines.timeout()
        deadline = math.inf if timeout is None else monotonic() + timeout
        while (left := deadline - monotonic()) > 0:
            self._sock.settimeout(min(left, _POLL_INTERVAL))
            try:
                count = self._sock.recv_into(buffer)
            except _LATE:
                self._cancellation.check()
            else:
                self.ended = not count
                return count
        raise self._deadlines.passed()


def _wait_at_most(sock: socket.socket, seconds: float | None) -> None:
    """Makes each read that takes longer raise one of `_LATE`."""
    if _KERNEL_KEEPS_TIME and type(sock).recv_into is _socket.socket.recv_into:
        # With Python's own timeout, each recv() would cost a poll() too: 2 us more. Under gevent
        # and eventlet, `socket.socket` is a class of theirs: its reads wait in a hub, and only
        # Python's timeout ends them.
        whole, part = divmod(max(seconds, 1e-6) if seconds else 0.0, 1)
        sock.settimeout(None)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(whole), int(part * 1e6))
        )
    else:
        sock.settimeout(seconds)
