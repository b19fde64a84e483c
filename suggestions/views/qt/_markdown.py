"""`MarkdownView`: shows an answer as Markdown while it is being written."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import Any

from .._blocks import Block, MarkdownBlocks
from ._binding import Binding, public
from ._writer import Code, MarkdownWriter

_INTERVAL = 0.05
"""Seconds between two updates, at least."""
_REST = 14
"""A pause after an update is as many times as long as it, so a tenth of the time is for updates."""
_COPIED_FOR = 1500
"""Milliseconds for which a button says that the code is copied."""


@cache
def markdown_view(binding: Binding) -> Any:
    core: Any = binding.core
    gui: Any = binding.gui
    widgets: Any = binding.widgets

    class MarkdownView(widgets.QTextBrowser):
        """A text that is read, selected and copied, and to which Markdown is appended.

        - `appendMarkdown(text)`: adds a piece, however it is cut. What is finished is laid out
          once, and the last block anew, at most every 50 ms, and less often if that takes long.
        - `finish()`: nothing more comes; shows all of it now.
        - `setMarkdown(text)`: a whole text. `toMarkdown()`: the text. `clear()`: begins anew.
        - Signal `anchorClicked(QUrl)`: a link was activated. Nothing opens it by itself.

        The selection and the scroll position stay. The view follows the end of the text until the
        person scrolls up or selects. Tags in the text are text. Nothing is loaded for it.
        """

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setOpenLinks(False)
            self.setObjectName("markdownView")
            self.setAccessibleName(binding.translate("Answer"))
            self._writer = MarkdownWriter(binding, self.document())
            self._take_appearance()
            self._buttons: list[Any] = []
            self._places: list[float] = []  # of the buttons, in the document
            self._follows = True
            self._is_writing = False
            self._next_update = 0.0
            self._painted_for = 0.0  # seconds, since the last update
            self._timer = core.QTimer(self)
            self._timer.setSingleShot(True)
            self._timer.timeout.connect(self._update)
            self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
            self._begin()

        def _begin(self) -> None:
            self._is_over = False
            self._pieces: list[str] = []
            self._finished: list[Block] = []
            self._blocks = MarkdownBlocks(ordered=self._writer.keeps_numbers)

        # The text

        def appendMarkdown(self, text: str) -> None:
            self._pieces.append(text)
            self._finished += self._blocks.feed(text)
            if not self._timer.isActive():
                wait = self._next_update - perf_counter()
                if self._is_writing:  # a slot has called this
                    self._timer.start(0)
                elif wait <= 0:
                    self._update()
                else:
                    self._timer.start(int(wait * 1000) + 1)

        def finish(self) -> None:
            self._finished += self._blocks.finish()
            self._is_over = True
            self._update()

        def setMarkdown(self, text: str) -> None:
            self.clear()
            self._pieces.append(text)
            self._finished += self._blocks.feed(text)
            self.finish()

        def toMarkdown(self, *_: Any) -> str:
            return "".join(self._pieces)

        def clear(self) -> None:
            self._timer.stop()
            self._writer.clear()
            while self._buttons:
                self._buttons.pop().deleteLater()
            self._places.clear()
            self._follows = True
            self._begin()

        def _update(self) -> None:
            """Shows what has come since the last update."""
            self._timer.stop()
            begun = perf_counter()
            bar, selected = self.verticalScrollBar(), self.textCursor()
            value, anchor, position = bar.value(), selected.anchor(), selected.position()
            finished, self._finished = self._finished, []
            self._is_writing = True
            try:
                self._writer.write(finished, self._blocks.tail)
                if anchor != position:
                    self._select(anchor, position)
                self._add_buttons()
                bar.setValue(bar.maximum() if self._is_following() else value)
            finally:
                self._is_writing = False
            ended = perf_counter()
            cost, self._painted_for = ended - begun + self._painted_for, 0.0
            self._next_update = ended + max(_INTERVAL, _REST * cost)

        def paintEvent(self, event: Any) -> None:
            begun = perf_counter()
            super().paintEvent(event)
            self._painted_for += perf_counter() - begun

        # The selection and the scroll position

        def _select(self, anchor: int, position: int) -> None:
            selected = self.textCursor()
            if (selected.anchor(), selected.position()) != (anchor, position):
                last = self.document().characterCount() - 1
                selected.setPosition(min(anchor, last))
                selected.setPosition(min(position, last), selected.MoveMode.KeepAnchor)
                self.setTextCursor(selected)

        def _is_following(self) -> bool:
            buttons = widgets.QApplication.mouseButtons()
            is_pressed = bool(buttons & core.Qt.MouseButton.LeftButton)
            return self._follows and not is_pressed and not self.textCursor().hasSelection()

        def _on_scrolled(self, value: int) -> None:
            if not self._is_writing:
                self._follows = value >= self.verticalScrollBar().maximum() - 2
            self._place_buttons()

        def resizeEvent(self, event: Any) -> None:
            is_writing, self._is_writing = self._is_writing, True  # the bar moves by itself
            super().resizeEvent(event)
            if self._is_following():
                self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
            self._is_writing = is_writing
            if event.size().width() != event.oldSize().width():
                self._places = [self._place_of(code) for code in self._writer.codes]
            self._place_buttons()

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            kinds = core.QEvent.Type
            if event.type() in (kinds.PaletteChange, kinds.FontChange, kinds.StyleChange):
                self._write_anew()

        def _write_anew(self) -> None:
            """Writes all of it again, in other colors."""
            value, text, is_over = (
                self.verticalScrollBar().value(),
                self.toMarkdown(),
                self._is_over,
            )
            follows = self._follows
            self.clear()
            self._take_appearance()
            if text:
                self.appendMarkdown(text)
                (self.finish if is_over else self._update)()
                self._follows = follows
                self.verticalScrollBar().setValue(value)

        def _take_appearance(self) -> None:
            self._writer.set_colors(self.palette())
            self._writer.code_header = self.fontMetrics().height() + 8

        # Copying code

        def _add_buttons(self) -> None:
            new = self._writer.codes[len(self._buttons) :]
            for code in new:
                self._buttons.append(self._make_button(code))
                self._places.append(self._place_of(code))
            if new:  # the others stay where they are
                self._place_buttons()

        def _make_button(self, code: Code) -> Any:
            button = widgets.QToolButton(self.viewport())
            button.setObjectName("copyCode")
            button.setText(binding.translate("Copy"))
            button.setAccessibleName(binding.translate("Copy code"))
            button.setAutoRaise(True)
            button.setCursor(core.Qt.CursorShape.ArrowCursor)
            button.setFocusPolicy(core.Qt.FocusPolicy.TabFocus)

            rest = core.QTimer(button)
            rest.setSingleShot(True)

            def copy() -> None:
                gui.QGuiApplication.clipboard().setText(code.text)
                button.setText(binding.translate("Copied"))
                button.adjustSize()
                self._place_buttons()
                rest.start(_COPIED_FOR)

            def reset() -> None:
                button.setText(binding.translate("Copy"))
                button.adjustSize()
                self._place_buttons()

            rest.timeout.connect(reset)
            button.clicked.connect(copy)
            button.adjustSize()
            return button

        def _place_of(self, code: Code) -> float:
            block = self.document().findBlock(code.position)
            return float(self.document().documentLayout().blockBoundingRect(block).top())

        def _place_buttons(self) -> None:
            """Above the first lines of code that can be seen."""
            viewport, scrolled = self.viewport(), self.verticalScrollBar().value()
            height, is_rtl = viewport.height(), self.isRightToLeft()
            for button, place in zip(self._buttons, self._places, strict=False):
                y = int(place) - scrolled - button.height()
                is_seen = -button.height() < y < height
                if is_seen:
                    x = 4 if is_rtl else viewport.width() - button.width() - 4
                    button.move(x, y)
                if is_seen == button.isHidden():
                    button.setVisible(is_seen)

    return public(MarkdownView)
