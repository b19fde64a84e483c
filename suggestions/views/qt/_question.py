"""`QuestionEdit`: the field that a question is written in."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from math import ceil
from typing import Any

from ._binding import Binding, public

_MOST_LINES = 8


@cache
def question_edit(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    signal = binding.signal

    class QuestionEdit(widgets.QPlainTextEdit):
        """Grows with its text, up to eight lines.

        - Signal `sent(str)`: Enter was pressed, and there is a text. The field is left as it is.
        - Signal `stopped()`: Esc was pressed.
        - Signal `editRequested()`: Up was pressed in the empty field.

        Shift+Enter breaks the line.
        """

        sent = signal(str)
        stopped = signal()
        editRequested = signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("questionEdit")
            self.setAccessibleName(binding.translate("Question"))
            self.setTabChangesFocus(True)
            self._is_fitting = False
            policy = widgets.QSizePolicy.Policy
            self.setSizePolicy(policy.Expanding, policy.Fixed)
            # Its layout counts the lines as they are wrapped.
            self.document().documentLayout().documentSizeChanged.connect(self._fit)
            self.textChanged.connect(self._fit)  # the signal above does not come after `clear()`
            self.textChanged.connect(self._align)
            self._fit()
            self._align()

        def keyPressEvent(self, event: Any) -> None:
            keys, modifiers = core.Qt.Key, core.Qt.KeyboardModifier
            key = event.key()
            held = event.modifiers() & ~modifiers.KeypadModifier
            if key in (keys.Key_Return, keys.Key_Enter) and held == modifiers.NoModifier:
                text = self.toPlainText()
                if text.strip():
                    self.sent.emit(text)
            elif key == keys.Key_Escape:
                self.stopped.emit()
            elif key == keys.Key_Up and held == modifiers.NoModifier and not self.toPlainText():
                self.editRequested.emit()
            else:
                super().keyPressEvent(event)

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            kinds = core.QEvent.Type
            if event.type() == kinds.FontChange:
                self._fit()
            elif event.type() == kinds.LayoutDirectionChange:
                self._align()

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._fit()

        def _align(self) -> None:
            """Qt aligns the paragraphs of a plain text as those of the window's language."""
            block, alignments = self.document().firstBlock(), core.Qt.AlignmentFlag
            is_rtl = block.textDirection() == core.Qt.LayoutDirection.RightToLeft
            if not block.text().strip():
                is_rtl = self.isRightToLeft()
            option = self.document().defaultTextOption()
            alignment = alignments.AlignRight if is_rtl else alignments.AlignLeft
            if option.alignment() != alignment:
                option.setAlignment(alignment)
                self.document().setDefaultTextOption(option)

        def _fit(self, *_: Any) -> None:
            if self._is_fitting:
                return
            self._is_fitting = True  # the calls below may send the signals that call this
            self._lay_out()
            # A plain text's layout has its height in lines.
            lines = int(self.document().size().height())
            around = 2 * (self.document().documentMargin() + self.frameWidth())
            metrics = self.fontMetrics()
            height = max(metrics.height(), metrics.lineSpacing()) * min(max(lines, 1), _MOST_LINES)
            self.setFixedHeight(ceil(height + around) + 1)
            policy = core.Qt.ScrollBarPolicy
            is_long = lines > _MOST_LINES
            bar = policy.ScrollBarAsNeeded if is_long else policy.ScrollBarAlwaysOff
            self.setVerticalScrollBarPolicy(bar)
            self._is_fitting = False

        def _lay_out(self) -> None:
            """Lays out as many lines as may be seen: before, Qt counts a wrapped line as one."""
            block = self.document().firstBlock()
            for _ in range(_MOST_LINES + 1):
                if not block.isValid():
                    return
                self.blockBoundingRect(block)
                block = block.next()

    return public(QuestionEdit)
