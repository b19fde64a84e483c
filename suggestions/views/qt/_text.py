"""Texts in a message: as high as they are, so that only the list of messages scrolls."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from math import ceil
from typing import Any

from ._binding import Binding, public
from ._markdown import markdown_view
from ._writer import mixed_color

_MUTED = 0.65
"""Share of the text's color in that of a text that matters less."""


@cache
def _full_height(binding: Binding, base: Any) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    keys = core.Qt.Key
    scrolls = {keys.Key_Up, keys.Key_Down, keys.Key_PageUp, keys.Key_PageDown}
    scrolls |= {keys.Key_Home, keys.Key_End, keys.Key_Space}

    class FullHeight(base):
        """The height follows from the width. What scrolls is left to the widgets around it.

        - `heightFor(width)`: in pixels; the text is laid out for it. Signal `heightChanged()`.
        """

        heightChanged = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setFrameShape(widgets.QFrame.Shape.NoFrame)
            self.setVerticalScrollBarPolicy(core.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.viewport().setAutoFillBackground(False)
            # Or else it would be laid out once more when it gets its size.
            self.setLineWrapMode(self.LineWrapMode.FixedPixelWidth)
            self._height = 0
            self._is_measuring = False
            self.document().documentLayout().documentSizeChanged.connect(self._on_size)

        def _on_size(self, *_: Any) -> None:
            before = self._height
            if (
                self.isVisible()
                and not self._is_measuring
                and self.heightFor(self.width()) != before
            ):
                self.heightChanged.emit()

        def heightFor(self, width: int) -> int:
            self.ensurePolished()
            margins = self.contentsMargins()
            inner = max(1, width - margins.left() - margins.right())
            if self.lineWrapColumnOrWidth() != inner:
                self._is_measuring = True  # or else the caller would get `heightChanged`
                self.setLineWrapColumnOrWidth(inner)
                self._is_measuring = False
            size = self.document().size()
            self._height = ceil(size.height()) + margins.top() + margins.bottom()
            if size.width() > inner:  # a table
                self._height += self.horizontalScrollBar().sizeHint().height()
            return self._height

        def showEvent(self, event: Any) -> None:
            """Qt would scroll to the text's cursor, which is at its end."""
            bar = self.horizontalScrollBar()
            value = bar.value()
            super().showEvent(event)
            bar.setValue(value)

        def hasSelection(self) -> bool:
            return bool(self.textCursor().hasSelection())

        def keyPressEvent(self, event: Any) -> None:
            if event.key() in scrolls:
                event.ignore()
            else:
                super().keyPressEvent(event)

        def wheelEvent(self, event: Any) -> None:
            event.ignore()

        def contextMenuEvent(self, event: Any) -> None:
            event.ignore()  # the panel adds to the menu

    return FullHeight


@cache
def answer_text(binding: Binding) -> Any:
    base: Any = _full_height(binding, markdown_view(binding))

    class AnswerText(base):
        """A `MarkdownView` that is as high as its text."""

        def _is_following(self) -> bool:
            return False  # between an update and its new height, it would scroll

    return public(AnswerText)


@cache
def plain_text(binding: Binding) -> Any:
    core: Any = binding.core
    gui: Any = binding.gui
    base: Any = _full_height(binding, binding.widgets.QTextBrowser)

    class PlainText(base):
        """A plain text that may grow. Each paragraph has its own direction."""

        def __init__(self, parent: Any = None, *, is_muted: bool = False) -> None:
            super().__init__(parent)
            self.setOpenLinks(False)
            self.document().setUndoRedoEnabled(False)
            self._shown = ""
            self._is_muted = is_muted
            self._take_color()

        def setText(self, text: str) -> None:
            """Keeps the selection if the text grows."""
            if text == self._shown:
                return
            if self._shown and text.startswith(self._shown):
                self._append(text[len(self._shown) :])
            else:
                self.setPlainText(text)
            self._shown = text

        def setLinks(self, title: str, links: Iterable[tuple[str, str]]) -> None:
            """A title, and below it the name of each address."""
            lines = [f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in links]
            # Each is a paragraph of its own, so that each has its own direction.
            self.setHtml("".join(f"<div>{line}</div>" for line in [escape(title), *lines]))

        def _append(self, text: str) -> None:
            selected = self.textCursor()
            anchor, position = selected.anchor(), selected.position()
            cursor = gui.QTextCursor(self.document())
            cursor.movePosition(cursor.MoveOperation.End)
            cursor.insertText(text)
            if anchor != position:  # what is inserted at its end would be selected, too
                selected.setPosition(anchor)
                selected.setPosition(position, selected.MoveMode.KeepAnchor)
                self.setTextCursor(selected)

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            if event.type() == core.QEvent.Type.PaletteChange:
                self._take_color()

        def _take_color(self) -> None:
            if not self._is_muted or self.parentWidget() is None:
                return
            palette = self.parentWidget().palette()
            role = palette.ColorRole.Text
            muted = mixed_color(gui, palette.color(role), palette.base().color(), _MUTED)
            if muted != self.palette().color(role):
                own = gui.QPalette()
                own.setColor(role, muted)
                self.setPalette(own)

    return public(PlainText)
