"""A real Kivy, with a window: `Clock.schedule_once` runs the handlers on its main thread."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from real_host import HOSTS, SOON, environment
from service import Service
from waiting import eventually

pytestmark = pytest.mark.skipif(find_spec("kivy") is None, reason="not installed: kivy")
PROGRAM = """
import threading
from kivy.app import App
from kivy.clock import Clock
from kivy.uix.label import Label
from suggestions import SuggestionsEventSource

def post(fn):
    Clock.schedule_once(lambda delta: fn())

class Answer(App):
    def build(self):
        self.label = Label()
        self.ask(show)
        return self.label

    def ask(self, handler):
        self.source = SuggestionsEventSource(
            "Why?", dialect="openai", dispatch=post, on={"suggestion": handler}
        )

    def on_stop(self):
        self.source.close()

def show(source, event):
    assert threading.current_thread() is threading.main_thread()
    app.label.text = event.detail
    if len(event.detail) > 200:
        source.close()
        app.ask(leave)

def leave(source, event):
    if len(event.detail) > 200:
        app.stop()  # in mid-answer

app = Answer()
app.run()
"""


def test_the_answer_is_told_by_the_clock(display: str | None, tmp_path: Path) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    program = tmp_path / "answer.py"  # Kivy wants to know the application's file
    program.write_text(PROGRAM, "utf-8")
    with Service(1_000_000, pace=0.002) as service:
        env = environment(tmp_path, service.url, DISPLAY=display, KIVY_NO_ARGS="1")
        env |= {
            "PYTHONPATH": str(HOSTS.parents[1]),
            "KIVY_NO_CONFIG": "1",
            "KIVY_LOG_MODE": "PYTHON",
        }
        done = subprocess.run(
            [sys.executable, str(program)], env=env, capture_output=True, text=True, timeout=SOON
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert eventually(service.has_seen_all_hang_up)
        assert service.asked == 2
