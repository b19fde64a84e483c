"""Makes docs/images/qt.png: the window of examples/qt_window.py, in mid-answer.

    pip install PyQt6 && python docs/pictures.py

It needs no display.
"""

import os
import sys
from pathlib import Path

os.environ.update(QT_QPA_PLATFORM="offscreen", QT_SCALE_FACTOR="2")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "examples")]

from PyQt6 import QtCore, QtWidgets  # noqa: E402
from qt_window import Window  # noqa: E402

from suggestions.playground import Playground  # noqa: E402

SHOWN = 340  # characters of an answer of about 470

with Playground() as playground:
    app = QtWidgets.QApplication([])
    window = Window(playground.jetpack_url)
    window.resize(640, 260)
    window.show()
    window.ask()

    def take() -> None:
        source = window.source
        if source is not None and len(source.full_message) >= SHOWN:
            window.grab().save(str(ROOT / "docs" / "images" / "qt.png"))
            app.quit()

    timer = QtCore.QTimer(interval=5, timeout=take)
    timer.start()
    app.exec()
