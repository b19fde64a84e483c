"""The add-on in a real Anki, which changes the profile and quits in mid-answer."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from real_host import copy_example, environment, run, vendor
from service import Service
from test_anki import PROFILE
from waiting import eventually

pytestmark = pytest.mark.skipif(
    find_spec("aqt") is None, reason="there is no Anki: `bash .ci/anki` installs one"
)
NO_BUS = (
    "Failed to connect to the bus: Failed to connect to socket /run/dbus/system_bus_socket: "
    "No such file or directory"
)
"""Chromium says so, behind the time, wherever there is no D-Bus."""
DRIVER = """
import sys, threading, time, traceback
from aqt import gui_hooks, mw
from aqt.qt import QDockWidget, QTimer

log = open({log!r}, "a", buffering=1)

def threads():
    return [each for each in threading.enumerate() if each.name.startswith("suggestions")]

def ask():
    while len(docks := mw.findChildren(QDockWidget, "ChatDock")) != 1:
        yield
    panel = docks[0].widget()
    chat = panel.conversation()
    chat.send("Why?")
    for length in (50, 200):
        while len(chat.messages[-1].text) <= length:
            yield
    while "10 11" not in panel.toMarkdown():  # the panel shows it a moment later
        yield
    return chat

def use():
    chat = yield from ask()
    began = time.perf_counter()
    chat.stop()
    print(f"stop: {{(time.perf_counter() - began) * 1e3:.1f}} ms", file=log)
    while chat.status != "ready" or threads():
        yield
    yield from ask()
    mw.unloadProfile(mw.loadProfile)  # in mid-answer
    yield from ask()
    print("used", file=log)

steps = use()

def step():
    try:
        next(steps)
        return
    except StopIteration:
        pass
    except BaseException:
        traceback.print_exc(file=log)
    timer.stop()
    mw.close()  # in mid-answer

timer = QTimer(mw, interval=5)
timer.timeout.connect(step)
gui_hooks.main_window_did_init.append(timer.start)
"""


def test_an_add_on_outlives_a_profile_and_quits_in_mid_answer(
    display: str | None, tmp_path: Path
) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    base, log = tmp_path / "base", tmp_path / "log"
    log.touch()
    subprocess.run([sys.executable, "-c", PROFILE, str(base)], check=True, timeout=60)
    vendor(copy_example("anki", base / "addons21" / "chat") / "vendor")
    driver = base / "addons21" / "driver"
    driver.mkdir()
    (driver / "__init__.py").write_text(DRIVER.format(log=str(log)), "utf-8")
    with Service(1_000_000, pace=0.002) as service:
        env = environment(
            *(tmp_path / "home", service.url),
            DISPLAY=display,
            QT_QPA_PLATFORM="xcb",
            ANKI_SINGLE_INSTANCE_KEY=str(base),
            # Chromium's sandbox refuses to run for root.
            QTWEBENGINE_CHROMIUM_FLAGS="--no-sandbox --disable-gpu",
        )
        code = "import aqt; aqt.run()"
        command = [sys.executable, "-c", code, "-b", str(base), "-p", "Tester"]
        printed = run(command, env, NO_BUS)
        assert eventually(service.has_seen_all_hang_up)
    print(printed)
    # Anki prints on stdout what others write to `sys.stderr`, and things of its own that depend on
    # the moment: "ignored late js callback", or a traceback of its web server.
    ours = ("suggestions", "addons21", "Exception ignored")
    assert not any(name in printed for name in ours)
    print(log.read_text("utf-8"))
    assert log.read_text("utf-8").endswith("used\n")
