"""What a newcomer runs first: the demo, and the first example."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pseudo_terminal import CTRL_C, Terminal

DEMO = [sys.executable, "-m", "suggestions", "demo"]
SOON = 60.0  # seconds; a bound, never a measure
PARTS = (
    "1. An answer, while it is being written",
    "2. An answer that is closed midway",
    "3. A failure, as a user sees it",
)
FRIENDLY = "Too many requests, or the quota is used up. Try again later."


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    # No network: whatever went there would go to this proxy, which there is not.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def test_in_a_pipe_it_is_readable_lines() -> None:
    child = subprocess.run(DEMO, capture_output=True, timeout=SOON, stdin=subprocess.DEVNULL)
    assert (child.returncode, child.stderr) == (0, b"")
    written = child.stdout.decode().replace("\r\n", "\n")
    assert "\x1b" not in written
    assert "Traceback" not in written
    first, second, third = _parts(written)
    _assert_order(first, "open", "status 200", "**Argentina** won", "chunk", "times", "done", "end")
    _assert_order(second, "open", "five things", "chunk", "abort", "so far", "end")
    assert "done" not in second
    _assert_order(third, "error_quota_exceeded", "error_response", "error", FRIENDLY, "end")
    assert "chunk" not in third


BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("started", "path", "named"),
    [
        (DEMO, "", f"{sys.executable} -m suggestions"),
        ([str(BIN / "suggestions"), "demo"], "", str(BIN / "suggestions")),
        ([str(BIN / "suggestions"), "demo"], f"{BIN}{os.pathsep}", "suggestions"),
    ],
)
def test_it_ends_with_what_can_be_run_as_it_was(started: list[str], path: str, named: str) -> None:
    env = {**os.environ, "PATH": f"{path}/usr/bin{os.pathsep}/bin"}
    child = subprocess.run(
        started, env=env, capture_output=True, text=True, timeout=SOON, stdin=subprocess.DEVNULL
    )
    lines = [line.strip() for line in child.stdout.splitlines()]
    assert f"{named} serve" in lines
    (command,) = (line for line in lines if "ask --help" in line)
    assert command == f"{named} ask --help"
    subprocess.run(["sh", "-c", command], env=env, check=True, capture_output=True, timeout=SOON)


def test_on_a_terminal_the_answer_grows_beside_its_events() -> None:
    code, written = _on_terminal()
    assert code == 0
    first, second, third = _parts(re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", written))
    _assert_order(first, "Argentina", "open", "status 200", "\u00d7", "Argentina", "done", "end")
    assert first.count("Argentina") > 5, "it does not grow"
    _assert_order(second, "five things", "abort", "so far", "end")
    _assert_order(third, "error_quota_exceeded", "end")
    assert " ".join(FRIENDLY.split()[:6]) in third
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l"), "the cursor stays hidden"


def test_ctrl_c_ends_it() -> None:
    code, written = _on_terminal(interrupt_at="Argentina")
    assert code == 130
    assert PARTS[1] not in written
    assert "Traceback" not in written
    assert "abort" in written


@pytest.mark.parametrize("width", [40, 60])
def test_on_a_narrow_terminal_the_events_are_below_the_answer(tmp_path: Path, width: int) -> None:
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with Terminal(*DEMO[1:], env=env, cwd=tmp_path, size=(30, width)) as terminal:
        assert terminal.end() == 0
    edges = [line for line in terminal.shown.splitlines() if "─ answer ─" in line]
    assert edges
    assert all(len(edge) == width and "events" not in edge for edge in edges)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_ctrl_c_is_shown_on_a_line_of_its_own(tmp_path: Path, width: int) -> None:
    """At the end of a full line it would begin another one, and a painting would stay above."""
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with Terminal(*DEMO[1:], env=env, cwd=tmp_path, size=(30, width)) as terminal:
        terminal.expect("Argentina")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    (line,) = (line for line in terminal.shown.splitlines() if "^C" in line)
    assert line == "^C"


def test_the_quickstart_runs() -> None:
    script = Path(__file__).parents[2] / "examples" / "quickstart.py"
    child = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=SOON)
    assert (child.returncode, child.stderr) == (0, b"")
    assert child.stdout.startswith(b"**Argentina** won")


def _parts(written: str) -> list[str]:
    assert [part for part in PARTS if part in written] == list(PARTS)
    return re.split("|".join(map(re.escape, PARTS)), written)[1:]


def _assert_order(text: str, *words: str) -> None:
    at = 0
    for word in words:
        assert word in text[at:], f"no {word!r} after the words before it"
        at = text.index(word, at) + len(word)


def _on_terminal(interrupt_at: str | None = None) -> tuple[int, str]:
    # A test run in the background ignores Ctrl-C, and would hand that down to the child.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    ours, theirs = pty.openpty()
    with subprocess.Popen(DEMO, stdin=theirs, stdout=theirs, stderr=theirs) as child:
        signal.signal(signal.SIGINT, before)
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
                if interrupt_at and interrupt_at in written.decode(errors="replace"):
                    interrupt_at = None
                    child.send_signal(signal.SIGINT)
        except OSError:
            pass  # how Linux reports that the other side is closed
        os.close(ours)
        return child.wait(SOON), written.decode()
