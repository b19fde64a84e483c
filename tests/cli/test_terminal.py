"""What is left on a real terminal after Ctrl-C, and what the terminal may not obey."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wire_server import UNTIL_CLOSE, Peer, Server, said

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
HIDES, SHOWS = b"\x1b[?25l", b"\x1b[?25h"
ESCAPE = "\x1b]0;owned\x07\x1b[31m"


def writing_for_ever(peer: Peer) -> None:
    peer.request()
    peer.send(UNTIL_CLOSE)
    for number in range(10_000):
        peer.send(said(f"**word** {number}\n\n"))
        time.sleep(0.002)


def interrupted(times: int, gap: float, *args: str) -> tuple[int, bytes]:
    """The exit code and what was written, after so many Ctrl-C once the cursor is hidden."""
    ours, theirs = pty.openpty()
    # A test run in the background ignores Ctrl-C, and would hand that down to the child.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-m", "suggestions", *args],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
    ) as child:
        signal.signal(signal.SIGINT, before)
        os.close(theirs)
        written = b""
        while piece := _read(ours):
            written += piece
            if times and b"word" in written:
                for _ in range(times):
                    child.send_signal(signal.SIGINT)
                    time.sleep(gap)
                times = 0
        os.close(ours)
        return child.wait(SOON), written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux' way to say that the other side is closed
        return b""


@pytest.mark.parametrize("times", [1, 2, 3, 5])
@pytest.mark.parametrize("gap", [0.0, 0.0005, 0.003, 0.02])
def test_any_number_of_ctrl_c_leaves_the_cursor(times: int, gap: float) -> None:
    with Server(writing_for_ever) as server:
        code, written = interrupted(times, gap, "ask", "--url", server.url, "Hi")
    assert HIDES in written
    assert written.rindex(SHOWS) > written.rindex(HIDES)
    # One that comes while the interpreter exits ends it by itself; a shell shows both as 130.
    assert code in (130, -signal.SIGINT)


@pytest.mark.parametrize(
    "args",
    [
        [f"--{ESCAPE}"],
        [ESCAPE],
        ["ask", f"--{ESCAPE}", "Hi"],
        ["ask", "--dialect", ESCAPE, "Hi"],
        ["ask", "--token-file", f"/no/{ESCAPE}", "Hi"],
        ["ask", "--option", ESCAPE, "Hi"],
        ["ask", "--url", f"http://x/{ESCAPE}", "Hi"],
        ["ask", "Hi", ESCAPE],
        ["serve", "--port", ESCAPE],
    ],
    ids=lambda args: " ".join(args).replace(ESCAPE, "ESC"),
)
def test_no_wrong_argument_drives_the_terminal(args: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "suggestions", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SOON,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 2
    shown = (done.stdout + done.stderr).decode()
    assert "Error:" in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
