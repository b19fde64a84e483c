"""Parts of a chat's window for Qt: PyQt6, PySide6, PyQt5 or PySide2, as the program has imported.

    from PyQt6 import QtWidgets
    from suggestions.views.qt import ChatPanel

- `ChatPanel(conversation, parent=None)`: a whole chat: its messages, and the field for a question.
- `MarkdownView(parent=None)`: a `QTextBrowser` to which Markdown is appended while it is written.
- `QuestionEdit(parent=None)`: the field that a question is written in.

They are classes of the binding, to be subclassed like any other. Importing one raises `ImportError`
if no binding is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    ChatPanel: Any
    MarkdownView: Any
    QuestionEdit: Any

__all__ = ["ChatPanel", "MarkdownView", "QuestionEdit"]


def __getattr__(name: str) -> Any:
    if name == "ChatPanel":
        from ._binding import loaded_binding
        from ._panel import chat_panel

        return chat_panel(loaded_binding())
    if name == "MarkdownView":
        from ._binding import loaded_binding
        from ._markdown import markdown_view

        return markdown_view(loaded_binding())
    if name == "QuestionEdit":
        from ._binding import loaded_binding
        from ._question import question_edit

        return question_edit(loaded_binding())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
