"""A real Dear PyGui, drawn without a graphics card: each frame runs a `Pump`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from driven_host import OURS, answers

pytestmark = pytest.mark.skipif(find_spec("dearpygui") is None, reason="not installed: dearpygui")
PROGRAM = """
import dearpygui.dearpygui as dpg
from answer_in_host import asking, driver, nothing_is_left
from suggestions.toolkits import Pump

pump = Pump()
dpg.create_context()
dpg.create_viewport(title="Chat", width=400, height=300)
with dpg.window(label="Chat"):
    answer = dpg.add_text("", wrap=300)

def show(text):
    dpg.set_value(answer, text)

# It stops in mid-answer.
step = driver(asking(pump, show), lambda: dpg.get_value(answer), dpg.stop_dearpygui)
dpg.setup_dearpygui()
dpg.show_viewport()
while dpg.is_dearpygui_running():
    pump.run()
    step()
    dpg.render_dearpygui_frame()
pump.close()
dpg.destroy_context()
nothing_is_left()
"""


def test_each_frame_runs_the_pump(display: str | None, tmp_path: Path) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    more = {"DISPLAY": display, "PYTHONPATH": OURS, "LIBGL_ALWAYS_SOFTWARE": "1"}
    assert answers([sys.executable, "-c", PROGRAM], tmp_path, **more) == ["left: []"]
