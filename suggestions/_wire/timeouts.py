"""The deadlines of a request, and a socket whose reads keep them."""

from __future__ import annotations

import io
import math
import socket
import struct
import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any

from suggestions._util.arguments import check_optional_seconds
from suggestions._wire.abort import Cancellation
from suggestions.errors import (
    ConnectTimeoutError,
    ContentTimeoutError,
    FirstByteTimeoutError,
    IdleTimeoutError,
    NetworkError,
    TotalTimeoutError,
)

RECEIVE = 64 * 1024
"""Bytes to ask the socket for at a time."""
DEFAULTS: dict[str, float | None] = {
    "connect": 10.0,
    "first_byte": 120.0,
    "idle": 60.0,
    "content": 120.0,
    "total": None,
}
_LONGEST = 2_000_000.0
_LATE = (TimeoutError, BlockingIOError)
# On Linux and macOS with 64 bits, a timeval is two longs; with 32 bits its size varies. On macOS
# the second is an int and padding, which in little-endian bytes is the same.
_KERNEL_KEEPS_TIME = sys.platform in ("linux", "darwin") and struct.calcsize("l") == 8
# Python 3.14's default is 128 KiB, but one `read1(RECEIVE)` must empty the buffer: see `body`.
_BUFFER = 8 * 1024
_RECEIVE_FIRST = 4 * 1024
# Seconds. On Windows, shutdown() does not wake a thread that reads, so there the reader checks at
# this interval whether the request was cancelled.
_POLL_INTERVAL = 0.1 if sys.platform == "win32" else None


def check_timeouts(timeouts: Mapping[str, float | None] | None) -> dict[str, float | None]:
    """All five, in seconds, None for none. Raises `TypeError`, `ValueError`.

    A caller that sets `idle` alone allows a silence of so long: then `content` is not less.
    """
    if not isinstance(timeouts, (Mapping, type(None))):
        raise TypeError(f"timeouts must be a mapping, not {type(timeouts).__name__}")
    checked = dict(DEFAULTS)
    for name, seconds in (timeouts or {}).items():
        if name not in DEFAULTS:
            expected = ", ".join(DEFAULTS)
            raise ValueError(f"timeouts[{name!r}] is not known: expected any of {expected}")
        seconds = check_optional_seconds(f"timeouts[{name!r}]", seconds)
        # The system's calls cannot take more seconds: as good as none.
        checked[name] = seconds if seconds is not None and seconds < _LONGEST else None
    idle, content = checked["idle"], checked["content"]
    if "content" not in (timeouts or {}) and content is not None:
        checked["content"] = None if idle is None else max(idle, content)
    return checked


class Deadlines:
    """The deadlines of one request, and the error of each that is missed.

    `total` runs from the creation of this object, `connect` from the start of each connection,
    `first_byte` from each request sent, `idle` from each read to the next, `content` from the first
    read after a message that was understood to the next such message, because a gateway may go on
    sending pings if its model is dead. `content` counts only after `messages()`. `error_body`:
    seconds for the whole body of an error, by default those of `idle`.
    """

    def __init__(
        self, timeouts: Mapping[str, float | None], *, error_body: float | None = None
    ) -> None:
        self._timeouts = timeouts
        self._idle = timeouts["idle"]
        self._error_body = error_body or self._idle
        total = timeouts["total"]
        self._total = None if total is None else monotonic() + total
        self._phase = ""
        self._deadline: float | None = None
        self._content: float | None = None
        self._content_deadline = 0.0
        self._was_understood = False  # something, since the last read
        self._is_content_next = False  # it passes before `idle`
        self.connecting()

    def connecting(self) -> None:
        """A connection is about to be made; the time to look up its address counts."""
        self._content, self._is_content_next = None, False
        self._expect("connect", self._timeouts["connect"])

    def sent(self) -> None:
        """The request is on its way: the wait for the first byte begins."""
        self._expect("first_byte", self._timeouts["first_byte"])

    def first_byte(self) -> None:
        """The first byte of the answer is here."""
        if self._phase != "error_body":
            self._phase = "idle"

    def messages(self) -> None:
        """The body is a stream of messages: `content` counts from its first byte, or from now."""
        self._content = self._timeouts["content"]
        self._was_understood = True

    def understood(self) -> None:
        """A message was understood: `content` counts anew.

        It does so from the next read on, so that the time of slow handlers is not counted.
        """
        self._was_understood = True

    def start_error_body(self) -> None:
        """The body of an error follows; all of it has one deadline."""
        self._expect("error_body", self._error_body)

    def timeout(self) -> float | None:
        """Seconds for the next step, None for no limit. Raises the error of a missed deadline."""
        if self._phase == "idle":
            if self._content is None:
                seconds = self._idle
            elif self._was_understood:  # nearly always
                self._was_understood = False
                self._content_deadline = monotonic() + self._content
                seconds = self._soonest(self._content)
            else:
                seconds = self._soonest(self._content_deadline - monotonic())
            return seconds if self._total is None else self._within_total(seconds)
        if self._deadline is None:
            return self._within_total(None)
        left = self._deadline - monotonic()
        if left <= 0:
            raise self.passed()
        return self._within_total(left)

    def left(self) -> float | None:
        """Seconds until `total` is over, None for no limit."""
        return None if self._total is None else self._total - monotonic()

    def for_requests(self) -> tuple[float | None, float | None]:
        """Seconds to connect and to read, for an adapter that does not know of this."""
        return self.timeout(), self._within_total(self._timeouts["first_byte"])

    def passed(self) -> NetworkError:
        """The error of the current step, which has missed its deadline."""
        phase = self._phase
        if phase == "idle" and self._is_content_next:
            phase = "content"
        if self._total is not None and monotonic() >= self._total:
            phase = "total"
        name, kind, words = _MISSED[phase]
        seconds = self._timeouts[name]
        # If we set no timeout, it was the system's own.
        return kind(
            f"{words} in time." if seconds is None else f"{words} within {seconds:g} seconds."
        )

    def _expect(self, phase: str, seconds: float | None) -> None:
        self._phase = phase
        self._deadline = None if seconds is None else monotonic() + seconds

    def _soonest(self, content: float) -> float | None:
        """Seconds for the next byte: those of `idle`, or what is left of `content` if it is less.

        While messages are understood, they are always the same: then no read has to set its
        socket's timeout.
        """
        self._is_content_next = self._idle is None or content < self._idle
        if not self._is_content_next:
            return self._idle
        if content <= 0:
            raise self.passed()
        return content

    def _within_total(self, seconds: float | None) -> float | None:
        if self._total is None:
            return seconds
        left = self._total - monotonic()
        if left <= 0:
            raise self.passed()
        return left if seconds is None else min(seconds, left)


_MISSED: dict[str, tuple[str, type[NetworkError], str]] = {
    "connect": ("connect", ConnectTimeoutError, "No connection was made"),
    "first_byte": ("first_byte", FirstByteTimeoutError, "No answer came"),
    "idle": ("idle", IdleTimeoutError, "Nothing more of the answer came"),
    "content": ("content", ContentTimeoutError, "Nothing that is part of the answer came"),
    "error_body": ("idle", IdleTimeoutError, "The rest of the answer did not come"),
    "total": ("total", TotalTimeoutError, "The answer was not complete"),
}


def timed_file(
    deadlines: Deadlines, cancellation: Cancellation, sock: socket.socket
) -> io.BufferedReader:
    """A file that reads from the socket, as `http.client.HTTPResponse` uses one.

    A read raises the deadline's error if it takes too long, and may raise `Aborted` if the
    request is cancelled meanwhile.
    """
    kind = _Reader if _POLL_INTERVAL is None else _PollingReader
    return io.BufferedReader(kind(deadlines, cancellation, sock), _BUFFER)


class _Reader(io.RawIOBase):
    def __init__(
        self, deadlines: Deadlines, cancellation: Cancellation, sock: socket.socket
    ) -> None:
        # The file keeps the descriptor open until it is closed itself.
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._deadlines = deadlines
        self._cancellation = cancellation
        self._timeout: float | None = 0.0  # which no deadline ever gives
        # One buffer for all reads. A new one for each read would lie elsewhere in memory each time,
        # so that in a process of many streams each stream comes to use 40 KiB more.
        self._received = memoryview(bytearray(_RECEIVE_FIRST))
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        timeout = self._deadlines.timeout()
        if timeout != self._timeout:
            _wait_at_most(self._sock, timeout)
            self._timeout = timeout
        try:
            count = self._sock.recv_into(buffer)
        except _LATE:
            raise self._deadlines.passed() from None
        self.ended = not count
        return count

    def receive(self) -> bytes:
        """The next bytes that arrive; b"" at the end."""
        count = self.readinto(self._received)
        data = bytes(self._received[:count])
        if count == len(self._received) < RECEIVE:
            self._received = memoryview(bytearray(RECEIVE))
        return data

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _PollingReader(_Reader):
    """Waits for a moment at a time, and checks in between whether the request was cancelled."""

    def readinto(self, buffer: Any) -> int:
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
    if _KERNEL_KEEPS_TIME and type(sock) is socket.socket:
        # With Python's own timeout, each recv() would cost a poll() too.
        whole, part = divmod(max(seconds, 1e-6) if seconds else 0.0, 1)
        sock.settimeout(None)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(whole), int(part * 1e6))
        )
    else:
        sock.settimeout(seconds)
