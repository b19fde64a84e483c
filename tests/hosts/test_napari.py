"""A real napari: the answer grows in a dock widget, whose source closes with it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from driven_host import OURS, answers

pytestmark = pytest.mark.skipif(find_spec("napari") is None, reason="not installed: napari")
PROGRAM = """
import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QTextEdit
from answer_in_host import asking, driver, nothing_is_left
from suggestions.toolkits import qt

viewer = napari.Viewer()
widget = QTextEdit()
viewer.window.add_dock_widget(widget, name="Chat")
step = driver(asking(qt(widget), widget.setPlainText), widget.toPlainText, viewer.close)
timer = QTimer(interval=5)
timer.timeout.connect(step)
timer.start()
napari.run()
nothing_is_left()
"""


def test_a_widget_answers_and_napari_quits_in_mid_answer(
    display: str | None, tmp_path: Path
) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    more = {"DISPLAY": display, "PYTHONPATH": OURS, "LIBGL_ALWAYS_SOFTWARE": "1"}
    assert answers([sys.executable, "-c", PROGRAM], tmp_path, **more) == ["left: []"]
