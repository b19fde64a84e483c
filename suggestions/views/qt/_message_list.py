"""`MessageList`: the messages of a chat, of which only those that are seen have a row.

A row is costly: it has texts, links and buttons. So a row is made when it comes into view, and
freed when it is far away. Until then its height is estimated, and the heights of the others are
corrected when they are seen. What the person looks at stays in place meanwhile: the list is either
pinned to its end, or keeps an anchor, the first message in view and how far it is above the top.
"""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from typing import Any

from ...conversation.chat_message import ChatMessage
from .._words import place_of_last, without_waits
from ._binding import Binding, public
from ._entry import SPACING, Entry
from ._message_row import message_row
from ._scroll_button import scroll_button

_PASSED_ON = (
    *("retryRequested", "regenerateRequested", "editRequested"),
    *("approved", "refused", "linkActivated"),
)
"""The signals of a row, which the list sends on."""
_WIDEST = 100
"""Letters in a line; longer ones are hard to read."""
_AHEAD = 0.5
"""Heights of the view, above and below, in which rows are made before they are seen."""
_KEPT = 2.0
"""Heights of the view, above and below, beyond which rows are freed."""
_NEAR_END = 2
"""Pixels. So near to its end, the list counts as at its end."""


@cache
def message_list(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    signal = binding.signal
    keys, slide = core.Qt.Key, widgets.QAbstractSlider.SliderAction
    actions = {
        keys.Key_Up: slide.SliderSingleStepSub,
        keys.Key_Down: slide.SliderSingleStepAdd,
        keys.Key_PageUp: slide.SliderPageStepSub,
        keys.Key_PageDown: slide.SliderPageStepAdd,
        keys.Key_Space: slide.SliderPageStepAdd,
        keys.Key_Home: slide.SliderToMinimum,
        keys.Key_End: slide.SliderToMaximum,
    }

    class MessageList(widgets.QAbstractScrollArea):
        """Shows messages from top to bottom, and follows the last one while it is written.

        - `setMessages(messages)`; `insertMessage(position, message)`, `removeMessage(position)`,
          `updateMessage(position, message, text_from)`; `messages()`.
        - `scrollToEnd()` also follows the end. `scrollWith(key)` scrolls, and returns whether that
          key does so.
        - Signals: those of its rows.

        It follows until the person scrolls up, selects a text, or presses the mouse.
        """

        retryRequested = signal()
        regenerateRequested = signal()
        editRequested = signal(str)
        approved = signal(str)
        refused = signal(str)
        linkActivated = signal(core.QUrl)

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("messageList")
            self.setAccessibleName(binding.translate("Conversation"))
            self.setFrameShape(widgets.QFrame.Shape.NoFrame)
            self.setHorizontalScrollBarPolicy(core.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self._entries: list[Entry] = []
            self._tops = [0]  # of each entry, and the end
            self._width = 0  # of the rows
            self._follows = True
            self._anchor = (0, 0)
            self._had_selection = False
            self._is_laying_out = False
            self._hint = widgets.QLabel(binding.translate("Ask anything"), self)
            self._hint.setObjectName("emptyConversation")
            self._hint.setForegroundRole(binding.gui.QPalette.ColorRole.PlaceholderText)
            self._hint.setWordWrap(True)
            self._hint.setAlignment(core.Qt.AlignmentFlag.AlignCenter)
            self._hint.setAttribute(core.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._button = scroll_button(binding)(self)
            self._button.clicked.connect(self.scrollToEnd)
            self._button.hide()
            self._timer = core.QTimer(self)
            self._timer.setSingleShot(True)
            self._timer.timeout.connect(self._catch_up)
            bar = self.verticalScrollBar()
            bar.rangeChanged.connect(self._offer_end)
            bar.valueChanged.connect(self._offer_end)
            widgets.QApplication.instance().focusChanged.connect(self._on_focus)

        # The messages

        def messages(self) -> list[ChatMessage]:
            return [entry.message for entry in self._entries]

        def setMessages(self, messages: Iterable[ChatMessage]) -> None:
            for entry in self._entries:
                entry.free()
            self._entries = [Entry(message) for message in without_waits(messages)]
            self._follows, self._had_selection = True, False
            self._estimate_all()
            self._lay_out()

        def insertMessage(self, position: int, message: ChatMessage) -> None:
            entry = Entry(message)
            entry.estimate(self._width, self.fontMetrics())
            self._entries.insert(position, entry)
            self._change_last()
            self._lay_out()

        def removeMessage(self, position: int) -> None:
            self._entries.pop(position).free()
            self._change_last()
            self._lay_out()

        def updateMessage(
            self, position: int, message: ChatMessage, text_from: int | None = None
        ) -> None:
            entry = self._entries[position]
            old, entry.message = entry.message, message
            if entry.row is not None:
                entry.row.updateMessage(message, text_from)  # which says if its height is another
            else:
                entry.estimate(self._width, self.fontMetrics())
                self._lay_out()
            if message.status != old.status:
                self._change_last()

        def _change_last(self) -> None:
            last = place_of_last(self.messages())
            for place, entry in enumerate(self._entries):
                if entry.row is not None:
                    entry.row.setLast(place == last)

        # Rows

        def _make(self, entry: Entry) -> None:
            row = message_row(binding)(entry.message, self.viewport())
            last = place_of_last(self.messages())
            row.setLast(last >= 0 and entry is self._entries[last])
            row.heightChanged.connect(self._on_height)
            for name in _PASSED_ON:
                getattr(row, name).connect(getattr(self, name))
            entry.row = row

        def _free_far(self) -> None:
            """But not what is selected, or has the focus; nor the last one, which may be written,
            or count the seconds until Retry."""
            kept, focused = self._near(_KEPT), widgets.QApplication.focusWidget()
            for number, entry in enumerate(self._entries[:-1]):
                if entry.row is None or number in kept or entry.row.hasSelection():
                    continue
                if focused is None or not entry.row.isAncestorOf(focused):
                    entry.free()

        def _catch_up(self) -> None:
            """Makes a row that may be seen next, when there is nothing else to do."""
            for number in self._near(_AHEAD):
                if not self._entries[number].is_measured:
                    self._measure(self._entries[number])
                    break
            self._lay_out()

        # Heights

        def _estimate_all(self) -> None:
            for entry in self._entries:
                entry.estimate(self._width, self.fontMetrics())

        def _measure(self, entry: Entry) -> bool:
            if entry.row is None:
                self._make(entry)
            return entry.measure(self._width)

        def _on_height(self) -> None:
            if self._is_laying_out:
                return
            row = self.sender()
            for entry in self._entries:
                if entry.row is row:
                    entry.is_measured = False
            self._lay_out()

        def _near(self, around: float = 0.0) -> range:
            """The numbers of the entries in view, and so many heights of it around."""
            height = self.viewport().height()
            top = self.verticalScrollBar().value() - int(around * height)
            bottom = top + height + 2 * int(around * height)
            tops = self._tops
            first = max(0, bisect_right(tops, max(0, top)) - 1)
            return range(first, min(len(self._entries), bisect_right(tops, bottom)))

        # Where things are

        def _lay_out(self) -> None:
            if self._is_laying_out or not self.isVisible():
                return
            self._is_laying_out = True
            try:
                self._notice_selection()
                while self._correct():
                    pass
                self._place_rows()
                self._set_anchor()
            finally:
                self._is_laying_out = False
            self._free_far()
            self._hint.setVisible(not self._entries)
            if any(not self._entries[number].is_measured for number in self._near(_AHEAD)):
                self._timer.start(0)

        def _correct(self) -> bool:
            """Measures what is in view. Returns whether other messages may be in view now."""
            if self._width != self._row_width():
                self._width = self._row_width()
                self._hold_first()
                self._estimate_all()
            self._tops = list(accumulate((e.height for e in self._entries), initial=SPACING))
            self._set_bar()
            seen = [self._entries[number] for number in self._near()]
            changed = [self._measure(entry) for entry in seen if not entry.is_measured]
            return any(changed)

        def _row_width(self) -> int:
            """Leaves room for the scroll bar even if there is none. Otherwise the heights would
            depend on the bar, and the bar on the heights."""
            widest = _WIDEST * self.fontMetrics().averageCharWidth()
            room = self.width() - self.verticalScrollBar().sizeHint().width() - 2 * SPACING
            return int(max(1, min(widest, room)))

        def _set_bar(self) -> None:
            bar, height = self.verticalScrollBar(), self.viewport().height()
            number, above = self._anchor
            bar.setSingleStep(self.fontMetrics().lineSpacing())
            bar.setPageStep(height)
            bar.setRange(0, max(0, self._tops[-1] - height))
            if self._follows and not self._is_pressed():
                bar.setValue(bar.maximum())
            else:
                bar.setValue(self._tops[min(number, len(self._entries))] + above)

        def _set_anchor(self) -> None:
            value = self.verticalScrollBar().value()
            number = max(0, bisect_right(self._tops, value) - 1)
            self._anchor = number, value - self._tops[number]

        def _hold_first(self) -> None:
            """Called before all heights change: the first message that begins in view stays
            there."""
            value = self.verticalScrollBar().value()
            number = bisect_left(self._tops, value)
            if number < len(self._entries):
                above = value - self._tops[number]
                if -above < self.viewport().height():
                    self._anchor = number, above

        def _place_rows(self) -> None:
            value, has_new = self.verticalScrollBar().value(), False
            x = (self.viewport().width() - self._width) // 2
            for entry, top in zip(self._entries, self._tops, strict=False):
                if entry.row is not None:
                    height = max(0, entry.height - SPACING)
                    entry.row.setGeometry(x, top - value, self._width, height)
                    if entry.row.isHidden():
                        entry.row.show()
                        has_new = True
            if has_new:
                self._order_focus()

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._hint.setGeometry(self.viewport().geometry())
            self._button.moveTo(self.viewport().geometry())
            self._lay_out()

        def showEvent(self, event: Any) -> None:
            """Rows do not say that their height has changed while they are hidden."""
            super().showEvent(event)
            for entry in self._entries:
                entry.is_measured = False
            self._lay_out()

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            kinds = core.QEvent.Type
            if event.type() in (kinds.FontChange, kinds.StyleChange):
                self._width = 0
                self._timer.start(0)  # the rows change after this

        # Following

        def scrollToEnd(self) -> None:
            self._follows = True
            self._had_selection = self._has_selection()
            self._lay_out()

        def scrollContentsBy(self, dx: int, dy: int) -> None:
            self.viewport().scroll(0, dy)  # and the rows with it
            if not self._is_laying_out:
                bar = self.verticalScrollBar()
                self._follows = bar.value() >= bar.maximum() - _NEAR_END
                self._set_anchor()
                self._lay_out()

        def _notice_selection(self) -> None:
            """A new one stays in view."""
            had, self._had_selection = self._had_selection, self._has_selection()
            if self._had_selection and not had:
                self._follows = False

        def _has_selection(self) -> bool:
            entries = [self._entries[number] for number in self._near()]
            return any(entry.row is not None and entry.row.hasSelection() for entry in entries)

        def _is_pressed(self) -> bool:
            """What the mouse presses does not move away."""
            left = core.Qt.MouseButton.LeftButton
            return self.underMouse() and bool(widgets.QApplication.mouseButtons() & left)

        def _offer_end(self, *_: Any) -> None:
            bar = self.verticalScrollBar()
            self._button.setVisible(bar.value() < bar.maximum() - _NEAR_END)

        # Keys, the focus and the menu

        def keyPressEvent(self, event: Any) -> None:
            if not self.scrollWith(event.key()):
                super().keyPressEvent(event)

        def scrollWith(self, key: Any) -> bool:
            if key not in actions:
                return False
            self.verticalScrollBar().triggerAction(actions[key])
            return True

        def menuAt(self, place: Any) -> Any:
            """That of the text there, if there is one. `place` is on the screen."""
            at = self.viewport().childAt(self.viewport().mapFromGlobal(place))
            while at is not None and at is not self.viewport():
                if hasattr(at, "createStandardContextMenu"):
                    return at.createStandardContextMenu(at.viewport().mapFromGlobal(place))
                at = at.parentWidget()
            return widgets.QMenu(self)

        def _on_focus(self, _old: Any, now: Any) -> None:
            if now is not None and self.viewport().isAncestorOf(now) and not self._is_pressed():
                self._order_focus()
                self._scroll_to(now)

        def _order_focus(self) -> None:
            """Rows, and the buttons in them, are made in another order than they are shown."""
            before = self
            for entry in self._entries:
                if entry.row is not None:
                    for widget in entry.row.tabStops():
                        self.setTabOrder(before, widget)
                        before = widget

        def _scroll_to(self, widget: Any) -> None:
            bar, height = self.verticalScrollBar(), self.viewport().height()
            top = widget.mapTo(self.viewport(), core.QPoint(0, 0)).y()
            bottom = top + min(widget.height(), height)
            if top < 0:
                bar.setValue(bar.value() + top)
            elif bottom > height:
                bar.setValue(bar.value() + bottom - height)

    return public(MessageList)
