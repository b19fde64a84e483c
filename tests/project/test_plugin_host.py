"""The example with plugins: one that is unloaded in mid-answer leaves nothing in its host."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin_host"
# Runs the example, and looks for itself at what is left of it.
CHILD = """
import os, sys, threading
folder = sys.argv[1]
sys.path.insert(0, folder)
import host, requests, suggestions.playground

def sockets():
    if not os.path.isdir("/proc/self/fd"):
        return 0
    names = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return sum(os.path.exists(name) and "socket:" in os.readlink(name) for name in names)

status = host.main()
left = [thread.name for thread in threading.enumerate()][1:]
assert (left, sockets()) == ([], 0), (left, sockets())
sys.exit(status)
"""
COUNTS = re.compile(r"(\d+) threads, (\d+) handlers, (\d+|unknown) sockets")

pytest.importorskip("pluggy", reason="not installed: pluggy")


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", CHILD, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=90)


def test_unloading_leaves_nothing() -> None:
    child = run(EXAMPLE)
    assert (child.returncode, child.stderr) == (0, "")
    lines = child.stdout.splitlines()
    counts = {line.partition(":")[0]: COUNTS.search(line) for line in lines}
    before, midway, after = (counts[name] for name in ("before", "midway", "after"))
    assert before is not None
    assert midway is not None
    assert after is not None
    assert before.groups() == after.groups()
    assert int(midway[1]) > int(before[1])
    assert (before[2], midway[2]) == ("0", "1")
    assert "loaded:   asking" in lines
    assert "loaded:   usage_log" in lines
    done, aborted = (line.removeprefix("log:").strip() for line in lines[-3:-1])
    assert re.fullmatch(r"done, \d+ characters, \d+ tokens", done)
    assert re.fullmatch(r"aborted, \d+ characters, unknown tokens", aborted)
    assert lines[-1] == "Nothing is left."


def test_a_plugin_that_forgets_its_answer_is_found_out(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "plugin_host")
    plugin = folder / "plugins" / "asking.py"
    text = plugin.read_text(encoding="utf-8")
    assert "source.close()" in text
    plugin.write_text(text.replace("source.close()", "pass"), encoding="utf-8")
    child = run(folder)
    assert (child.returncode, child.stderr) == (1, "")
    assert child.stdout.splitlines()[-1] == "SOMETHING IS LEFT."
