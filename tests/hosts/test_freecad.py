"""The dock of `examples/docks` in a real FreeCAD, which quits in mid-answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from driven_host import answers, bring_along
from real_host import HOSTS

FREECAD = shutil.which("freecad")
pytestmark = pytest.mark.skipif(FREECAD is None, reason="there is no FreeCAD")
NO_BROWSER = "Display of package README will be limited until this dependency is resolved."
"""How FreeCAD ends its warning if Qt's browser is not installed for Python."""
DRIVER = """
import FreeCADGui
from PySide import QtCore, QtGui
from answer_in_host import asking_in, driver

def leave():
    FreeCADGui.runCommand("Std_Quit")  # in mid-answer

window = FreeCADGui.getMainWindow()
dock = window.findChild(QtGui.QDockWidget, "ChatDock")
timer = QtCore.QTimer(window)
timer.setInterval(5)
timer.timeout.connect(driver(*asking_in(dock.widget(), QtGui.QTextBrowser), leave))
timer.start()
"""


def test_a_dock_answers_and_freecad_quits_in_mid_answer(
    display: str | None, tmp_path: Path
) -> None:
    assert FREECAD is not None
    if display is None:
        pytest.skip("no display: install xvfb")
    folder, driver = tmp_path / "data" / "FreeCAD" / "Mod" / "Chat", tmp_path / "drive.py"
    bring_along(folder)
    shutil.copy(HOSTS.parent / "docks" / "freecad.py", folder / "InitGui.py")
    driver.write_text(DRIVER, "utf-8")
    # The sandbox of Chromium, which shows the start page, refuses to run for root.
    more = {"DISPLAY": display, "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-gpu"}
    assert answers([FREECAD, str(driver)], tmp_path, NO_BROWSER, **more) == []
