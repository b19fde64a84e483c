"""`suggestions demo --window`: its window opens, asks, and ends the program when it is closed."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from toolkits.conftest import display as display  # a fixture
from toolkits.host import environment, interpreter

SOON = 60.0  # seconds; a bound, never a measure
BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
# `sees` is called with the conversation as soon as it waits for the person to allow a tool's call.
PROGRAM = """
import sys
sys.modules.update(dict.fromkeys({without}))
from suggestions.cli import demo_window
from suggestions.cli.program import group

make = demo_window._chat

def make_and_watch(*given):
    chat = make(*given)
    chat.connect("tool_call", sees)
    return chat

def sees(chat, event):
    print(chat.messages[-1].status, len(chat.messages), flush=True)
    {then}

demo_window._chat = make_and_watch
sys.argv = ["suggestions", "demo", "--window"]
group()
"""
CLOSE_QT = """
    widgets = sys.modules["{}.QtWidgets"]
    [window] = [each for each in widgets.QApplication.topLevelWidgets() if each.isVisible()]
    print(window.windowTitle(), type(window).__name__)
    window.close()
"""
CLOSE_TK = """
    root = sys.modules["tkinter"]._default_root
    print(root.title(), type(root.winfo_children()[0]).__name__)
    root.tk.call(*root.tk.splitlist(root.protocol("WM_DELETE_WINDOW") or ("destroy", ".")))
"""


def start(
    modules: tuple[str, ...], then: str, without: tuple[str, ...] = (), **env: str
) -> subprocess.Popen[str]:
    python = interpreter(modules)
    kept = {key: value for key, value in environment(python).items() if "DISPLAY" not in key}
    # No network: what went there would go to this proxy, which there is not.
    given = {**kept, "HTTPS_PROXY": "http://127.0.0.1:9", **env}
    return subprocess.Popen(
        [python, "-c", PROGRAM.format(then=then, without=without)],
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    printed, complaints = child.communicate(timeout=SOON)
    return child.returncode, printed, complaints


def before(binding: str) -> tuple[str, ...]:
    """The modules that must be missing, so that it takes that one."""
    return BINDINGS[: BINDINGS.index(binding)]


@pytest.mark.parametrize("binding", BINDINGS)
def test_qt_opens_asks_and_is_closed(binding: str) -> None:
    child = start(
        (f"{binding}.QtWidgets", "click"),
        CLOSE_QT.format(binding),
        before(binding),
        QT_QPA_PLATFORM="offscreen",
        QT_LOGGING_RULES="default.warning=false",
    )
    code, printed, complaints = outcome(child)
    assert printed.splitlines() == ["waiting 5", "suggestions demo ChatPanel"], complaints
    assert (code, complaints) == (0, "")


def test_tk_opens_asks_and_is_closed(display: str | None) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    child = start(("tkinter", "click"), CLOSE_TK, BINDINGS, DISPLAY=display)
    code, printed, complaints = outcome(child)
    assert printed.splitlines() == ["waiting 5", "suggestions demo ChatPanel"], complaints
    assert (code, complaints) == (0, "")


@pytest.mark.parametrize("toolkit", ["Qt", "Tk"])
def test_ctrl_c_ends_it(toolkit: str, display: str | None) -> None:
    if toolkit == "Qt":
        rules = "default.warning=false"
        child = start(("PyQt6.QtWidgets",), "", QT_QPA_PLATFORM="offscreen", QT_LOGGING_RULES=rules)
    elif display is None:
        pytest.skip("no display: install xvfb")
    else:
        child = start(("tkinter", "click"), "", BINDINGS, DISPLAY=display)
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting 5\n"
    os.kill(child.pid, signal.SIGINT)
    code, _, complaints = outcome(child)
    assert (code, complaints) == (130, "")


def test_without_a_display_it_says_so() -> None:
    code, _, complaints = outcome(start(("tkinter", "click"), "", BINDINGS))
    assert code == 1
    assert complaints.startswith("Error: A window needs a display")


def test_with_a_display_that_is_not_there_it_says_so() -> None:
    code, _, complaints = outcome(start(("tkinter", "click"), "", BINDINGS, DISPLAY=":4711"))
    assert code == 1
    assert complaints.startswith("Error: ")
    assert ":4711" in complaints


def test_without_a_toolkit_it_says_what_to_install() -> None:
    code, _, complaints = outcome(start((), "", (*BINDINGS, "tkinter")))
    assert code == 1
    assert "pip install PyQt6" in complaints
