"""The docker of `examples/docks` in a real Krita, which quits in mid-answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from driven_host import answers, bring_along
from real_host import HOSTS

KRITA = shutil.which("krita")
DOCKS = HOSTS.parent / "docks"
pytestmark = pytest.mark.skipif(KRITA is None, reason="there is no Krita")
OF_KRITA = (
    "QObject::startTimer: Timers cannot have negative intervals",
    "krita-python-libs/krita added to PYTHONPATH",
)
DRIVER = """
from krita import Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QTextBrowser
from answer_in_host import asking_in, driver, log

def begin():
    found = [each for each in Krita.instance().dockers() if each.windowTitle() == "Chat"]
    if not found:
        return
    [dock] = found
    timer.timeout.disconnect(begin)
    timer.timeout.connect(driver(*asking_in(dock.widget(), QTextBrowser), leave))

def leave():
    Krita.instance().action("file_quit").trigger()  # in mid-answer

timer = QTimer(QApplication.instance(), interval=5)
timer.timeout.connect(begin)
timer.start()
"""


def test_a_docker_answers_and_krita_quits_in_mid_answer(
    display: str | None, tmp_path: Path
) -> None:
    assert KRITA is not None
    if display is None:
        pytest.skip("no display: install xvfb")
    plugins = tmp_path / "data" / "krita" / "pykrita"
    bring_along(plugins)
    entry = (DOCKS / "chat.desktop").read_text("utf-8")
    for name, text in (("chat", (DOCKS / "krita.py").read_text("utf-8")), ("driver", DRIVER)):
        (plugins / name).mkdir()
        (plugins / name / "__init__.py").write_text(text, "utf-8")
        (plugins / f"{name}.desktop").write_text(entry.replace("=chat", f"={name}"), "utf-8")
    (tmp_path / "config").mkdir()
    settings = "[python]\nenable_chat=true\nenable_driver=true\n"
    (tmp_path / "config" / "kritarc").write_text(settings, "utf-8")
    more = {"DISPLAY": display, "QT_LOGGING_RULES": "krita.lib.resources=false"}
    assert answers([KRITA, "--nosplash"], tmp_path, *OF_KRITA, **more) == []
