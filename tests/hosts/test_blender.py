"""The add-on in a real Blender: in the background, and with a window."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_host import copy_example, environment, run, vendor
from service import Service
from waiting import eventually

BLENDER = shutil.which("blender")
pytestmark = pytest.mark.skipif(BLENDER is None, reason="there is no Blender")
DRIVER = """
import os, sys, threading, time, traceback
import addon_utils, bpy

log = open({log!r}, "a", buffering=1)

def text():
    made = bpy.data.texts.get("Answer")
    return made.as_string() if made else ""

def threads():
    return [each for each in threading.enumerate() if each.name.startswith("suggestions")]

def use():
    for turn in range(3):  # it is disabled in mid-answer, and enabled again
        assert addon_utils.enable("ask", default_set=True)
        bpy.ops.ask.question(text="Why?")
        for length in (50, 200):
            while len(text()) <= length:
                yield
        began = time.perf_counter()
        bpy.ops.ask.stop()
        print(f"stop: {{(time.perf_counter() - began) * 1e3:.1f}} ms", file=log)
        for _ in range(10):
            yield
        stopped = text()
        for _ in range(10):
            yield
        assert text() == stopped
        bpy.data.texts.remove(bpy.data.texts["Answer"])
        bpy.ops.ask.question(text="Why?")
        while len(text()) <= 50:
            yield
        if turn < 2:
            addon_utils.disable("ask", default_set=True)
            while threads():
                yield
            if turn:  # with new modules, as a person who edits the add-on has them
                for name in [name for name in sys.modules if name.split(".")[0] == "ask"]:
                    del sys.modules[name]
            bpy.data.texts.remove(bpy.data.texts["Answer"])
    print("used", file=log)

steps = use()

def step():
    try:
        next(steps)
        return 0.01
    except StopIteration:
        pass
    except BaseException:
        traceback.print_exc(file=log)
    bpy.ops.wm.quit_blender()  # in mid-answer

if bpy.app.background:  # no timer runs there
    for _ in steps:
        sys.modules["ask"].tick() if "ask" in sys.modules else None
        time.sleep(0.001)
else:
    bpy.app.timers.register(step, persistent=True)
"""


@pytest.mark.parametrize("flags", [["--background"], []], ids=["background", "window"])
def test_an_add_on_comes_and_goes_in_mid_answer(
    flags: list[str], display: str | None, tmp_path: Path
) -> None:
    assert BLENDER is not None
    if display is None and not flags:
        pytest.skip("no display: install xvfb")
    add_on = copy_example("blender", tmp_path / "scripts" / "addons" / "ask")
    vendor(add_on / "vendor")
    log, driver = tmp_path / "log", tmp_path / "driver.py"
    log.touch()
    driver.write_text(DRIVER.format(log=str(log)), "utf-8")
    with Service(1_000_000, pace=0.002) as service:
        env = environment(
            *(tmp_path / "home", service.url),
            BLENDER_USER_SCRIPTS=str(tmp_path / "scripts"),
            LIBGL_ALWAYS_SOFTWARE="1",
            DISPLAY=display or "",
        )
        command = [BLENDER, *flags, "--factory-startup", "--python", str(driver)]
        print(run([*command, "--python-exit-code", "1"], env))
        assert eventually(service.has_seen_all_hang_up)
    print(log.read_text("utf-8"))
    assert log.read_text("utf-8").endswith("used\n")
