"""The example of a chat in Tk, as a person uses it, and how long it is."""

from __future__ import annotations

import ast
from typing import Any

from host import HERE, program

EXAMPLE = HERE.parent.parent / "examples" / "tk_chat.py"


@program("tkinter", "flask")
def test_the_example_asks_and_keeps_the_chat() -> None:
    import os
    import runpy
    import tempfile
    import tkinter
    from pathlib import Path
    from unittest import mock

    from suggestions.views.tk import ChatPanel

    shown: list[str] = []

    def use(root: Any) -> None:
        [panel] = [child for child in root.winfo_children() if isinstance(child, ChatPanel)]
        root.update()
        shown.append(panel.messages.text.get("1.0", "end"))
        panel.field.focus_force()
        root.update()
        panel.field.insert("1.0", "Who won the world cup in 2022?")
        panel.field.event_generate("<Return>")
        while panel.conversation.status != "ready":
            root.update()
        root.destroy()

    with tempfile.TemporaryDirectory() as directory, mock.patch.object(tkinter.Tk, "mainloop", use):
        os.chdir(directory)
        for _ in range(2):
            runpy.run_path(str(EXAMPLE), run_name="__main__")
        saved = Path("tk_chat.json").read_text("utf-8")
        os.chdir("/")
    assert shown[0].strip() == ""
    assert "Who won the world cup in 2022?" in shown[1]
    assert saved.count('"user"') == 2


def test_the_example_is_short() -> None:
    tree = ast.parse(EXAMPLE.read_text("utf-8"))
    text = EXAMPLE.read_text("utf-8").splitlines()
    docstring = tree.body[0].end_lineno or 0
    lines = [line for line in text[docstring:] if line.strip()]
    assert len(lines) <= 25, len(lines)
