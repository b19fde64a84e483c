"""A socket that is read on the clock."""

from __future__ import annotations

import io
import math
import socket
import struct
import sys
from time import monotonic
from typing import Any

from suggestions._wire.abort import Lifeline
from suggestions._wire.body import RECEIVE
from suggestions._wire.timeouts import Clock

_LATE = (TimeoutError, BlockingIOError)
# Where a timeval is two longs: with 32 bits, it may have either size. On macOS the second is an
# int and padding, which in little-endian bytes is the same.
_KERNEL_KEEPS_TIME = sys.platform in ("linux", "darwin") and struct.calcsize("l") == 8
# Python 3.14 would have 128 KiB; but one `read1(RECEIVE)` is to empty it, see `read_framed`.
_BUFFER = 8 * 1024
_RECEIVE_FIRST = 4 * 1024
# On Windows a shutdown() wakes nobody who reads. There the reader itself looks this often, in
# seconds, whether the lifeline was cut.
_LOOK_EACH = 0.1 if sys.platform == "win32" else None


class Patient:
    """A socket as `http.client.HTTPResponse` uses one.

    Each read raises the clock's error where it takes too long, and may raise `Aborted` where the
    lifeline is cut meanwhile.
    """

    def __init__(self, clock: Clock, lifeline: Lifeline, sock: socket.socket) -> None:
        self._clock = clock
        self._lifeline = lifeline
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        reader = (
            _Reader(self._clock, self._sock)
            if _LOOK_EACH is None
            else _LookingReader(self._clock, self._sock, self._lifeline)
        )
        return io.BufferedReader(reader, _BUFFER)


class _Reader(io.RawIOBase):
    def __init__(self, clock: Clock, sock: socket.socket) -> None:
        # The file keeps the descriptor open until it is closed itself.
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._clock = clock
        self._timeout: float | None = 0.0  # what no clock says
        # One for all reads. One for each would lie elsewhere each time, for as long as the read
        # waits: in a process of many streams, that comes to touch 40 KiB more for each of them.
        self._received = memoryview(bytearray(_RECEIVE_FIRST))
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._keep_time()
        try:
            count = self._sock.recv_into(buffer)
        except _LATE:
            raise self._clock.passed() from None
        self.ended = not count
        return count

    def receive(self) -> bytes:
        """The next bytes that arrive; none at the end."""
        count = self.readinto(self._received)
        data = bytes(self._received[:count])
        if count == len(self._received) < RECEIVE:
            self._received = memoryview(bytearray(RECEIVE))
        return data

    def _keep_time(self) -> None:
        timeout = self._clock.timeout()
        if timeout != self._timeout:
            _wait_at_most(self._sock, timeout)
            self._timeout = timeout

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _LookingReader(_Reader):
    """Waits for a moment at a time, and looks at the lifeline in between."""

    def __init__(self, clock: Clock, sock: socket.socket, lifeline: Lifeline) -> None:
        super().__init__(clock, sock)
        self._lifeline = lifeline

    def readinto(self, buffer: Any) -> int:
        assert _LOOK_EACH is not None
        timeout = self._clock.timeout()
        deadline = math.inf if timeout is None else monotonic() + timeout
        while (left := deadline - monotonic()) > 0:
            self._sock.settimeout(min(left, _LOOK_EACH))
            try:
                count = self._sock.recv_into(buffer)
            except _LATE:
                self._lifeline.check()
            else:
                self.ended = not count
                return count
        raise self._clock.passed()


def _wait_at_most(sock: socket.socket, seconds: float | None) -> None:
    """Bounds each read, which raises one of `_LATE` then."""
    if _KERNEL_KEEPS_TIME and type(sock) is socket.socket:
        # Python's own timeout would take a poll() before each recv().
        whole, part = divmod(max(seconds, 1e-6) if seconds else 0.0, 1)
        sock.settimeout(None)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(whole), int(part * 1e6))
        )
    else:
        sock.settimeout(seconds)
