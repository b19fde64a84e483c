"""`QuestionEdit`: the field that a question is written in."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from ._timers import Timers
from ._writer import in_tk

_MOST_LINES = 8


class QuestionEdit(tkinter.Text):
    """Grows with its text, up to eight lines. Shift+Enter breaks the line, and Tab leaves it.

    `send` is called after Enter if there is a text, `stop` after Esc, and `edit` after Up in the
    empty field.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        *,
        send: Callable[[], object],
        stop: Callable[[], object],
        edit: Callable[[], object],
    ) -> None:
        super().__init__(
            parent, height=1, width=20, wrap="word", undo=True, padx=6, pady=5, borderwidth=1,
            relief="solid", highlightthickness=1,
        )  # fmt: skip
        self.timers = Timers(self)
        self._calls = {"send": send, "stop": stop, "edit": edit}
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, self._on_enter)
        self.bind("<Shift-Return>", lambda event: None)  # as Tk does it
        self.bind("<Escape>", lambda event: self._calls["stop"]())
        self.bind("<Up>", self._on_up)
        self.bind("<Tab>", lambda event: self._leave(self.tk_focusNext()))
        self.bind("<<PrevWindow>>", lambda event: self._leave(self.tk_focusPrev()))
        self.bind("<<Modified>>", self._on_modified)
        self.bind("<Configure>", lambda event: self.timers.begin("fit", 0, self.fit))
        self.bind("<Destroy>", self._on_destroyed)

    @property
    def content(self) -> str:
        return self.get("1.0", "end - 1 indices")

    @content.setter
    def content(self, text: str) -> None:
        self.delete("1.0", "end")
        self.insert("1.0", in_tk(text))

    def fit(self) -> None:
        """As high as its text."""
        counted: Any = self.tk.call(str(self), "count", "-update", "-displaylines", "1.0", "end")
        lines = min(max(int(counted), 1), _MOST_LINES)
        if int(self.cget("height")) != lines:
            self.configure(height=lines)
        if int(counted) <= _MOST_LINES:
            self.yview_moveto(0)

    def _on_modified(self, event: object) -> None:
        self.edit_modified(False)
        self.timers.begin("fit", 0, self.fit)

    def _on_enter(self, event: object) -> str:
        if self.content.strip():
            self._calls["send"]()
        return "break"

    def _on_up(self, event: object) -> str | None:
        if self.content:
            return None
        self._calls["edit"]()
        return "break"

    def _leave(self, other: tkinter.Misc | None) -> str:
        if other is not None:
            other.focus_set()
        return "break"

    def _on_destroyed(self, event: object) -> None:
        self.timers.end()
        self._calls.clear()  # they know the panel
