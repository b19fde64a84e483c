"""A real customtkinter: its window's source closes with it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from driven_host import OURS, answers

pytestmark = pytest.mark.skipif(
    find_spec("customtkinter") is None, reason="not installed: customtkinter"
)
PROGRAM = """
import customtkinter
from answer_in_host import asking, driver, nothing_is_left
from suggestions.toolkits import tk

root = customtkinter.CTk()
answer = customtkinter.CTkTextbox(root)
answer.pack()
is_left = []

def show(text):
    answer.delete("1.0", "end")
    answer.insert("1.0", text)

def leave():
    is_left.append(True)
    root.destroy()  # in mid-answer

step = driver(asking(tk(root), show), lambda: answer.get("1.0", "end-1c"), leave)

def turn():
    step()
    if not is_left:
        root.after(5, turn)

root.after(5, turn)
root.mainloop()
nothing_is_left()
"""


def test_a_window_answers_and_closes_in_mid_answer(display: str | None, tmp_path: Path) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    more = {"DISPLAY": display, "PYTHONPATH": OURS}
    assert answers([sys.executable, "-c", PROGRAM], tmp_path, **more) == ["left: []"]
