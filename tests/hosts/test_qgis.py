"""The plugin in a real QGIS, which loads, unloads and reloads it in mid-answer, and quits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_host import copy_example, environment, run, vendor
from service import Service
from waiting import eventually

QGIS = shutil.which("qgis")
pytestmark = pytest.mark.skipif(QGIS is None, reason="there is no QGIS")
OF_QGIS = "<string>:1: DeprecationWarning: setapi() is deprecated"
DRIVER = """
import sys, threading, time, traceback
import qgis.utils
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QTimer
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface

log = open({log!r}, "a", buffering=1)

def wait(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        QCoreApplication.processEvents()
        # Within a handler, the loop does not get to what is to be deleted later.
        QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)
        time.sleep(0.001)

def docks():
    return [each for each in iface.mainWindow().findChildren(QDockWidget, "ChatDock")]

def threads():
    return [each for each in threading.enumerate() if each.name.startswith("suggestions")]

def ask():
    wait(lambda: len(docks()) == 1)  # the one before it is being deleted
    [dock] = docks()
    panel = dock.widget()
    chat = panel.conversation()
    chat.send("Why?")
    for length in (50, 200):
        wait(lambda: chat.messages and len(chat.messages[-1].text) > length)
    wait(lambda: "10 11" in panel.toMarkdown())
    return chat

def use():
    qgis.utils.updateAvailablePlugins()
    for _ in range(2):
        assert qgis.utils.loadPlugin("chat") and qgis.utils.startPlugin("chat")
        assert "chat.vendor.suggestions" in sys.modules and "suggestions" not in sys.modules
        chat = ask()
        began = time.perf_counter()
        chat.stop()
        print(f"stop: {{(time.perf_counter() - began) * 1e3:.1f}} ms", file=log)
        wait(lambda: chat.status == "ready")
        chat = ask()
        assert qgis.utils.unloadPlugin("chat")  # it purges the modules that it knows
        assert "chat" not in sys.modules
        for name in [name for name in sys.modules if name.startswith("chat.")]:
            del sys.modules[name]  # as Plugin Reloader does
        wait(lambda: not docks() and not threads())
    assert qgis.utils.loadPlugin("chat") and qgis.utils.startPlugin("chat")
    ask()
    assert qgis.utils.reloadPlugin("chat")
    ask()
    print("used", file=log)

def main():
    try:
        use()
    except BaseException:
        traceback.print_exc(file=log)
    iface.actionExit().trigger()  # in mid-answer

QTimer.singleShot(0, main)
"""


def test_a_plugin_comes_and_goes_in_mid_answer(display: str | None, tmp_path: Path) -> None:
    assert QGIS is not None
    if display is None:
        pytest.skip("no display: install xvfb")
    profiles = tmp_path / "config"
    plugin = profiles / "profiles" / "default" / "python" / "plugins" / "chat"
    copy_example("qgis", plugin)
    vendor(plugin / "vendor")
    log, driver = tmp_path / "log", tmp_path / "driver.py"
    log.touch()
    driver.write_text(DRIVER.format(log=str(log)), "utf-8")
    flags = ["--nologo", "--noversioncheck", "--noplugins", "--profiles-path", str(profiles)]
    with Service(1_000_000, pace=0.002) as service:
        env = environment(tmp_path / "home", service.url, DISPLAY=display)
        run([QGIS, *flags, "--code", str(driver)], env, OF_QGIS)
        assert eventually(service.has_seen_all_hang_up)
    print(log.read_text("utf-8"))
    assert log.read_text("utf-8").endswith("used\n")
