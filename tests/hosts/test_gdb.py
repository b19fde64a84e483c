"""A real GDB: `gdb.post_event` runs the handlers on its main thread."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_host import environment, run, vendor
from service import Service
from waiting import eventually

GDB = shutil.which("gdb")
pytestmark = pytest.mark.skipif(GDB is None, reason="there is no GDB")
SCRIPT = """
import sys, threading
sys.path.insert(0, {vendor!r})
import gdb
from suggestions import SuggestionsEventSource

texts = []

def show(source, event):
    assert threading.current_thread() is threading.main_thread()
    texts.append(event.detail)
    if len(texts) == 50:
        source.close()
        gdb.execute("echo stopped\\\\n")
    if len(texts) == 100:
        gdb.execute("quit")  # in mid-answer

def ask():
    source = SuggestionsEventSource(
        "Why?", dialect="openai", dispatch=gdb.post_event, on={{"suggestion": show}}
    )
    return source

first = ask()
first.connect("abort", lambda source, event: ask())
"""


def test_the_answer_is_told_by_post_event(tmp_path: Path) -> None:
    assert GDB is not None
    vendor(tmp_path / "vendor")
    script = tmp_path / "ask.py"
    script.write_text(SCRIPT.format(vendor=str(tmp_path / "vendor")), "utf-8")
    with Service(1_000_000, pace=0.002) as service:
        env = environment(tmp_path / "home", service.url)
        printed = run([GDB, "-nx", "-q", "-x", str(script)], env)
        assert eventually(service.has_seen_all_hang_up)
        assert service.asked == 2
    assert "stopped" in printed
