"""`MessageRow`: one message in the list of a chat."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

from ...conversation.chat_message import UNDER_WAY, ChatMessage
from ._binding import Binding, public
from ._bodies import answer_body, call_body, question_body
from ._frames import column

_NAMES = {"user": "Question", "assistant": "Answer", "tool": "Tool call"}
_INDENT = 5
"""A question is narrower than an answer by so many widths of a letter."""


@cache
def message_row(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    signal = binding.signal
    base: Any = column(binding)

    class ActionButton(widgets.QToolButton):
        """Always has its place, but is painted only if the row shows its actions."""

        def __init__(self, row: Any, name: str, text: str) -> None:
            super().__init__(row)
            self._row = row
            self.setObjectName(name)
            self.setText(binding.translate(text))
            self.setAutoRaise(True)
            self.setFocusPolicy(core.Qt.FocusPolicy.TabFocus)

        def paintEvent(self, event: Any) -> None:
            if self._row.showsActions():
                super().paintEvent(event)

        def focusInEvent(self, event: Any) -> None:
            super().focusInEvent(event)
            self._row.repaintActions()

        def focusOutEvent(self, event: Any) -> None:
            super().focusOutEvent(event)
            self._row.repaintActions()

    class ActionLine(widgets.QWidget):
        """Has the same height if it offers no button, so that nothing moves."""

        def heightFor(self, width: int) -> int:
            return int(self.findChild(ActionButton).sizeHint().height())

    class MessageRow(base):
        """Shows a `ChatMessage`. Its property "role", for style sheets, is that of the message.

        - `updateMessage(message, text_from=None)`: shows a newer state of it; if given, all of its
          text from that character on is new.
        - `setLast(bool)`: whether an answer may be asked for again.
        - `heightFor(width)`: in pixels; ask for the width that the row has or gets. Signal
          `heightChanged()`: it is another one now.
        - Signals `retryRequested()`, `regenerateRequested()`; with the id of the message,
          `editRequested(str)`, `approved(str)` and `refused(str)`; `linkActivated(QUrl)`, of which
          nothing is opened by itself.
        """

        retryRequested = signal()
        regenerateRequested = signal()
        editRequested = signal(str)
        approved = signal(str)
        refused = signal(str)
        linkActivated = signal(core.QUrl)

        def __init__(self, message: ChatMessage, parent: Any = None) -> None:
            super().__init__(parent)
            if parent is not None:
                self.resize(parent.width(), self.height())
            self._message = message
            self._is_last = False
            self._is_updating = False
            self._is_stale = False  # the height may have changed
            self._stops = 0
            self.setObjectName("messageRow")
            self.setProperty("role", message.role)
            self.setAccessibleName(binding.translate(_NAMES.get(message.role, "Message")))
            indent = _INDENT * self.fontMetrics().averageCharWidth()
            self.setSpaces((indent if message.role == "user" else 4, 4, 4, 0), 0)
            self._body = self._new_body()
            self.addPart(self._body)
            self._actions = self._new_actions()
            self.updateMessage(message)

        # Parts

        def _new_body(self) -> Any:
            if self._message.role == "tool":
                body = call_body(binding)(self)
                body.allowed.connect(self._on_allowed)
                body.refused.connect(self._on_refused)
            elif self._message.role == "assistant":
                body = answer_body(binding)(self)
                body.retryRequested.connect(self.retryRequested)
                body.linkActivated.connect(self.linkActivated)
            else:
                body = question_body(binding)(self)
            return body

        def _new_actions(self) -> dict[str, Any]:
            """By name. They have a line of their own, so that nothing moves."""
            if self._message.role == "tool":
                return {}
            holder = ActionLine(self)
            line = widgets.QHBoxLayout(holder)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(0)
            buttons = {"copy": self._action("copy", "Copy", self._copy)}
            if self._message.role == "assistant":
                again = self._action("regenerate", "Regenerate", self._on_regenerate)
                buttons["regenerate"] = again
            else:
                line.addStretch()
                buttons["edit"] = self._action("edit", "Edit", self._on_edit)
            for button in buttons.values():
                line.addWidget(button)
            if self._message.role == "assistant":
                line.addStretch()
            self.addPart(holder)
            return buttons

        def _action(self, name: str, text: str, clicked: Any) -> Any:
            button = ActionButton(self, name, text)
            button.clicked.connect(clicked)
            return button

        # The message

        def message(self) -> ChatMessage:
            return self._message

        def updateMessage(self, message: ChatMessage, text_from: int | None = None) -> None:
            self._message = message
            self._is_updating, self._is_stale = True, False
            try:
                self._body.showMessage(message, text_from)
                self._offer_actions()
            finally:
                self._is_updating = False
            is_over = message.status not in UNDER_WAY
            if is_over:  # it is costly, and until then there will be more
                self._order_tab_stops()
            if is_over or self._is_stale:
                self.refresh()

        def setLast(self, is_last: bool) -> None:
            if is_last != self._is_last:
                self._is_last = is_last
                self._body.setLast(is_last)
                self._offer_actions()

        def _offer_actions(self) -> None:
            message = self._message
            is_over = message.status not in UNDER_WAY
            offered = {"copy": bool(message.text), "edit": True}
            # If it failed, there is Retry.
            offered["regenerate"] = self._is_last and is_over and message.error is None
            for name, button in self._actions.items():
                button.setVisible(offered[name])

        def _order_tab_stops(self) -> None:
            """Qt would reach the parts in the order in which they were made."""
            stops = self.tabStops()
            if len(stops) != self._stops:
                self._stops = len(stops)
                for stop, after in pairwise(stops):
                    self.setTabOrder(stop, after)

        def hasSelection(self) -> bool:
            return bool(self._body.hasSelection())

        # Its height

        def heightFor(self, width: int) -> int:
            # An answer that only called tools shows nothing.
            return 0 if self._body.isEmpty() else int(super().heightFor(width))

        def refresh(self) -> None:
            """Reports the height once for all that has changed."""
            self._is_stale = True
            if self.isVisible() and not self._is_updating:
                if self.heightFor(self.width()) != self.height():
                    super().refresh()
                else:
                    self._place(self.width(), moves=True)

        def showEvent(self, event: Any) -> None:
            super().showEvent(event)
            self.refresh()  # it may have grown while it was hidden

        # What the person does

        def showsActions(self) -> bool:
            """If the mouse is in the row, or one of them has the focus. Of the last one, always."""
            has_focus = any(button.hasFocus() for button in self._actions.values())
            return bool(self._is_last or has_focus or self.underMouse())

        def repaintActions(self) -> None:
            for button in self._actions.values():
                button.update()

        def enterEvent(self, event: Any) -> None:
            super().enterEvent(event)
            self.repaintActions()

        def leaveEvent(self, event: Any) -> None:
            super().leaveEvent(event)
            self.repaintActions()

        def _copy(self) -> None:
            binding.gui.QGuiApplication.clipboard().setText(self._message.text)

        def _on_edit(self) -> None:
            self.editRequested.emit(self._message.id)

        def _on_regenerate(self) -> None:
            self.regenerateRequested.emit()

        def _on_allowed(self) -> None:
            self.approved.emit(self._message.id)

        def _on_refused(self) -> None:
            self.refused.emit(self._message.id)

    return public(MessageRow)
