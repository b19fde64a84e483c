"""`Composer`: where a question is written, with its images, and sent."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ...conversation.chat_message import ChatMessage
from ._attachments import FILES, attachments, has_images, images_in
from ._binding import Binding, public
from ._frames import column
from ._notices import error_notice
from ._question import question_edit

_MARGIN = 4


@cache
def composer(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    signal = binding.signal
    base: Any = question_edit(binding)

    class Field(base):
        """Gives the composer what is pasted, dropped, or sent with images alone."""

        def __init__(self, owner: Any) -> None:
            super().__init__(owner)
            self._owner = owner
            self.setPlaceholderText(binding.translate("Ask a question"))

        def canInsertFromMimeData(self, data: Any) -> bool:
            return self._owner.canAttach(data) or bool(super().canInsertFromMimeData(data))

        def insertFromMimeData(self, data: Any) -> None:
            if self._owner.canAttach(data):
                self._owner.attachFrom(data)
            else:
                super().insertFromMimeData(data)

        def keyPressEvent(self, event: Any) -> None:
            self._owner.hideProblem()
            keys = core.Qt.Key
            is_enter = event.key() in (keys.Key_Return, keys.Key_Enter)
            held = event.modifiers() & ~core.Qt.KeyboardModifier.KeypadModifier
            if is_enter and held == core.Qt.KeyboardModifier.NoModifier:
                self._owner.submit()
            elif self._is_for_list(event):
                event.ignore()
            else:
                super().keyPressEvent(event)

        def _is_for_list(self, event: Any) -> bool:
            """Keys that scroll the messages."""
            keys, control = core.Qt.Key, core.Qt.KeyboardModifier.ControlModifier
            if event.key() in (keys.Key_Home, keys.Key_End):
                return bool(event.modifiers() & control) and not self.toPlainText()
            return event.key() in (keys.Key_PageUp, keys.Key_PageDown)

    class Composer(widgets.QFrame):
        """A field with its buttons.

        - Signal `sent(text, images)`: what to send; the images are as `chat.send(images=)` takes
          them. All of it stays until `clear()`. `editing` is then the id of the message that is
          edited, or None.
        - Signals `stopped()`: Stop or Esc; `editLastRequested()`: Up in the empty field.
        - `setBusy(bool)`: whether an answer is under way; the button says Stop then.
        - `setTakesImages(bool)`. `showProblem(text)`: above the field, until the next key.
        - `beginEdit(message)`: its text is in the field until it is sent or cancelled; then what
          was there before comes back. `endEdit()` cancels.
        """

        sent = signal(str, object)
        stopped = signal()
        editLastRequested = signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("composer")
            self.setAccessibleName(binding.translate("New question"))
            self.setAcceptDrops(True)
            policy = widgets.QSizePolicy.Policy
            self.setSizePolicy(policy.Preferred, policy.Maximum)
            self.editing: str | None = None
            self._draft = ""
            self._is_busy = False
            self._takes_images = False
            self._problem = error_notice(binding)(self)
            self._problem.setObjectName("problem")
            self._editing_line = self._new_editing_line()
            self._attachments = attachments(binding)(self)
            self._attachments.changed.connect(self._enable)
            self._above = column(binding)(self)
            self._above.setSpaces((0, 0, 0, 4), 4)
            for part in (self._problem, self._editing_line, self._attachments):
                self._above.addPart(part)
                part.hide()
            self._above.heightChanged.connect(self._fit)
            lines = widgets.QVBoxLayout(self)
            lines.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
            lines.setSpacing(0)
            lines.addWidget(self._above)
            lines.addLayout(self._new_input_line())
            self.setFocusProxy(self.field)
            self.setTakesImages(False)
            self._enable()

        def _new_editing_line(self) -> Any:
            line = widgets.QWidget(self)
            line.setObjectName("editing")
            row = widgets.QHBoxLayout(line)
            row.setContentsMargins(4, 0, 0, 0)
            row.addWidget(widgets.QLabel(binding.translate("Editing")))
            row.addStretch()
            cancel = widgets.QToolButton()
            cancel.setObjectName("cancelEdit")
            cancel.setText(binding.translate("Cancel"))
            cancel.setAutoRaise(True)
            cancel.clicked.connect(self.endEdit)
            row.addWidget(cancel)
            return line

        def _new_input_line(self) -> Any:
            self._attach = widgets.QToolButton(self)
            self._attach.setObjectName("attach")
            self._attach.setText("+")
            self._attach.setAutoRaise(True)
            self._attach.setToolTip(binding.translate("Attach images"))
            self._attach.setAccessibleName(binding.translate("Attach images"))
            self._attach.clicked.connect(self._choose_files)
            self.field = Field(self)
            self.field.textChanged.connect(self._enable)
            self.field.stopped.connect(self._on_escape)
            self.field.editRequested.connect(self.editLastRequested)
            self._button = widgets.QPushButton(self)
            self._button.setObjectName("send")
            self._button.setAutoDefault(False)
            self._button.clicked.connect(self._on_clicked)
            self._keep_width()
            bottom = core.Qt.AlignmentFlag.AlignBottom
            row = widgets.QHBoxLayout()
            row.setSpacing(4)
            row.addWidget(self._attach, 0, bottom)
            row.addWidget(self.field, 1, bottom)
            row.addWidget(self._button, 0, bottom)
            return row

        def _keep_width(self) -> None:
            """As wide as its longest text, so that nothing moves when the text changes."""
            widths = []
            for text in ("Send", "Stop"):
                self._button.setText(binding.translate(text))
                widths.append(self._button.sizeHint().width())
            self._button.setMinimumWidth(max(widths))

        def _fit(self) -> None:
            """Gives what is above the field the height that it needs at this width."""
            is_empty = self._above.isEmpty()
            width = max(1, self.contentsRect().width() - 2 * _MARGIN)
            self._above.setFixedHeight(0 if is_empty else self._above.heightFor(width))

        def _set_shown(self, part: Any, is_shown: bool) -> None:
            self._above.setShown(part, is_shown)
            self._fit()

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._fit()

        # State

        def setBusy(self, is_busy: bool) -> None:
            self._is_busy = is_busy
            self._enable()

        def setTakesImages(self, takes: bool) -> None:
            self._takes_images = takes
            self._attach.setVisible(takes and self.editing is None)
            if not takes:
                self._attachments.clear()

        def beginEdit(self, message: ChatMessage) -> None:
            if self.editing is None:
                self._draft = self.field.toPlainText()
            self.editing = message.id
            self.hideProblem()
            self._show_edit(message.text)

        def endEdit(self) -> None:
            self.editing = None
            draft, self._draft = self._draft, ""
            self._show_edit(draft)

        def _show_edit(self, text: str) -> None:
            """The images of a message that is edited stay: there is nothing to attach."""
            is_editing = self.editing is not None
            self._set_shown(self._editing_line, is_editing)
            self._attach.setVisible(self._takes_images and not is_editing)
            self.field.setPlainText(text)
            self.field.moveCursor(self.field.textCursor().MoveOperation.End)
            self.field.setFocus()
            self._enable()

        def clear(self) -> None:
            self.hideProblem()
            if self.editing is not None:
                self.endEdit()
            else:
                self.field.clear()
                self._attachments.clear()

        def showProblem(self, text: str) -> None:
            self._problem.showText(text)
            self._set_shown(self._problem, True)

        def hideProblem(self) -> None:
            self._set_shown(self._problem, False)

        def _images(self) -> list[Any]:
            return [] if self.editing is not None else self._attachments.images()

        def _has_content(self) -> bool:
            return bool(self.field.toPlainText().strip() or self._images())

        def _enable(self) -> None:
            self._button.setText(binding.translate("Stop" if self._is_busy else "Send"))
            self._button.setEnabled(self._is_busy or self._has_content())
            self._set_shown(self._attachments, bool(self._images()))

        # What the person does

        def submit(self) -> None:
            if self._has_content():
                self.sent.emit(self.field.toPlainText(), self._images())

        def _on_clicked(self) -> None:
            self.hideProblem()
            if self._is_busy:
                self.stopped.emit()
            else:
                self.submit()

        def _on_escape(self) -> None:
            if self.editing is not None and not self._is_busy:
                self.endEdit()
            else:
                self.stopped.emit()

        # Images

        def canAttach(self, data: Any) -> bool:
            takes = self._takes_images and self.editing is None
            return takes and has_images(data)

        def attachFrom(self, data: Any) -> None:
            self._attach_all(images_in(binding, data))

        def _attach_all(self, sources: Any) -> None:
            self.hideProblem()
            problems = []
            for source in sources:
                try:
                    self._attachments.attach(source)
                except (OSError, ValueError) as error:
                    problems.append(str(error))
            if problems:
                self.showProblem("\n".join(problems))
            self.field.setFocus()

        def _choose_files(self) -> None:
            dialog = widgets.QFileDialog(self, binding.translate("Attach images"))
            dialog.setAttribute(core.Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.setFileMode(dialog.FileMode.ExistingFiles)
            dialog.setNameFilter(f"{binding.translate('Images')} ({FILES})")
            dialog.filesSelected.connect(self._attach_all)
            dialog.open()

        def dragEnterEvent(self, event: Any) -> None:
            if self.canAttach(event.mimeData()):
                event.acceptProposedAction()

        def dropEvent(self, event: Any) -> None:
            if self.canAttach(event.mimeData()):
                self.attachFrom(event.mimeData())
                event.acceptProposedAction()

    return public(Composer)
