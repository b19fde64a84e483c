"""A program on a terminal of its own, typed to as a person does."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

from waiting import SOON, eventually

CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"
_CONTROLS = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
# A session leader that opens a terminal gets it as its own, whose Ctrl-C is for it.
_TAKES_TERMINAL = (
    "import os, sys\n"
    "os.close(os.open(os.ttyname(0), os.O_RDWR))\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)


class Terminal:
    """Runs `python ARGS` and reads what it shows. `piped`: its standard output is a pipe."""

    def __init__(
        self,
        *args: str,
        env: dict[str, str],
        cwd: Path,
        size: tuple[int, int] = (30, 90),
        piped: bool = False,
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        # At a Ctrl-C, the kernel is not to drop what was written and is not read yet.
        attributes = termios.tcgetattr(theirs)
        attributes[3] |= termios.NOFLSH
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKES_TERMINAL, *args],
            stdin=theirs,
            stdout=subprocess.PIPE if piped else theirs,
            stderr=theirs,
            env={**env, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)
        self.written = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._seen = 0
        self._is_closed = False

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait(SOON)
        self.close()

    def close(self) -> None:
        """The window is closed: the program gets SIGHUP."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._ours)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def line(self, text: str) -> None:
        self.type(text + "\r")

    def interrupt_line(self) -> None:
        """Types Ctrl-C while the program waits for a line. Python's `readline` notices a signal
        only while it waits, and what is shown comes a moment before that."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        for _ in range(3):
            time.sleep(0.02)
            eventually(lambda: not stat.exists() or stat.read_text().split()[2] == "S")
        self.type(CTRL_C)

    def expect(self, text: str) -> str:
        """Waits until the text is shown, and returns what is shown up to it, without the colours.
        What came together with it counts as seen."""
        deadline = time.monotonic() + SOON
        while text not in self._news():
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"no {text!r} in {self._news()!r}")
        shown = self._news().partition(text)[0]
        self._seen = len(self.written)
        return shown

    def end(self) -> int:
        """Waits for the end of the program, and returns its exit code."""
        deadline = time.monotonic() + SOON
        while self._read(deadline - time.monotonic()):
            pass
        return self.process.wait(SOON)

    @property
    def is_as_before(self) -> bool:
        """The terminal shows its cursor and what is typed, and pastes plainly."""
        controls = re.findall(r"\x1b\[\?(25|2004)([hl])", self.written)
        state = dict(controls)
        echoes = bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)
        return echoes and state.get("25") != "l" and state.get("2004") != "h"

    @property
    def shown(self) -> str:
        """All that was written, without colours and movements."""
        return _plain(self.written)

    def _news(self) -> str:
        return _plain(self.written[self._seen :])

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], max(0.0, seconds))[0]:
            return False
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # Linux' way to say that the other side is closed
            return False
        self.written += self._decoder.decode(piece)
        return bool(piece)


def _plain(written: str) -> str:
    return _CONTROLS.sub("", written).replace("\r\n", "\n")
