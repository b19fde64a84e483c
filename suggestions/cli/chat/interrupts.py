"""What Ctrl-C does in a chat."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

_ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class LineDropped(Exception):
    """There was a Ctrl-C while the user typed a line."""


class Interrupts:
    """The first Ctrl-C stops the answer, or drops the line that is being typed. A second one in a
    row leaves, and any further one is ignored: an exception while the program cleans up would leave
    a terminal as it is.

    A terminal that is closed, and `kill`, leave too, so that the chat is saved.

    `stop` is called within the signal handler, in the middle of any line, so it only takes notice.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        self._stop = stop
        self._in_a_row = 0
        self._waits_for_line = False
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDINGS)}

    def __enter__(self) -> Interrupts:
        for number, before in self._before.items():
            if before is not signal.SIG_IGN:  # as a shell sets it for a job in the background
                signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, before)

    def read(self, line: Callable[[], str]) -> str:
        """Calls a function that reads a line. Raises `LineDropped` at the first Ctrl-C."""
        self._waits_for_line = True
        try:
            read = line()
            self._in_a_row = 0
            return read
        finally:
            self._waits_for_line = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            self._leave(SystemExit(128 + number))
        self._in_a_row += 1
        if self._in_a_row > 1:
            self._leave(KeyboardInterrupt())
        if self._waits_for_line:
            raise LineDropped
        self._stop()

    def _leave(self, way: BaseException) -> NoReturn:
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)
        raise way
