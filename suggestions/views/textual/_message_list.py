"""`MessageList`: the messages of a chat, of which the newest are mounted first."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ...conversation.chat_message import ChatChange, ChatMessage
from .._words import place_of_last, without_waits
from ._answer import row_of
from ._message_row import MessageRow

_BATCH = 6
"""Messages that are mounted at a time. Mounting one costs as much as reading it."""


class EarlierLine(Static):
    """Stands for the messages that are not mounted yet."""

    class Clicked(Message):
        pass

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked())


class MessageList(VerticalScroll, can_focus=False):
    """Follows the text unless the person has scrolled up, or has selected something."""

    class Scrolled(Message):
        """The end came into view, or left it."""

    DEFAULT_CSS = """
    MessageList {
        height: 1fr;
        padding: 1 0 0 0;
        & > EarlierLine { text-align: center; color: $foreground 60%; margin: 0 0 1 0; }
        & > EarlierLine:hover { color: $foreground; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._earlier_line = EarlierLine()
        self._earlier: list[ChatMessage] = []  # not mounted
        self._rows: list[MessageRow] = []
        self._is_growing = False
        self.is_at_end = True

    def on_mount(self) -> None:
        self.mount(self._earlier_line)
        self._show_earlier_line()
        self.anchor()
        self.watch(self, "scroll_y", self._on_scrolled, init=False)
        self.watch(self, "virtual_size", self._on_scrolled, init=False)

    # Messages

    def show_all(self, messages: Sequence[ChatMessage]) -> None:
        """Shows these messages, in place of the old ones."""
        for row in self._rows:
            row.remove()
        messages = without_waits(messages)
        self._earlier = messages[:-_BATCH]
        self._rows = [row_of(message) for message in messages[-_BATCH:]]
        if self._rows:
            self.mount(*self._rows)
        self._show_earlier_line()
        self._set_last()
        self.follow()

    def apply(self, change: ChatChange) -> None:
        """Changes a row, adds or removes one at the end."""
        self._hold()
        place = change.position - len(self._earlier)
        if place < 0:
            self._apply_to_earlier(change)
        elif change.kind == "removed":
            self._remove(place, change.message)
        elif place < len(self._rows) and self._rows[place].message.id == change.message.id:
            self._rows[place].update_message(change.message, change.text_from)
            if "status" in change.fields:
                self._set_last()
        elif change.kind == "added":
            row = row_of(change.message)
            self._rows.append(row)
            self.mount(row)
            self._set_last()

    def _apply_to_earlier(self, change: ChatChange) -> None:
        if change.kind == "changed":
            self._earlier[change.position] = change.message
        elif change.kind == "removed":
            del self._earlier[change.position :]
            self._show_earlier_line()

    def _remove(self, place: int, message: ChatMessage) -> None:
        if place < len(self._rows) and self._rows[place].message.id == message.id:
            self._rows.pop(place).remove()
            if not self._rows and self._earlier:
                self.show_earlier()
            self._set_last()

    def _set_last(self) -> None:
        """Only the last question and the last message offer buttons."""
        question = next((row for row in reversed(self._rows) if row.message.role == "user"), None)
        last = place_of_last([row.message for row in self._rows])
        for place, row in enumerate(self._rows):
            row.set_last(row is question or place == last)

    # Earlier ones

    def show_earlier(self) -> None:
        """Mounts some more. What is in view does not move."""
        if not self._earlier or self._is_growing:
            return
        self._is_growing = True
        rows = [row_of(message) for message in self._earlier[-_BATCH:]]
        del self._earlier[-_BATCH:]
        self._rows[:0] = rows
        below = self.virtual_size.height - self.scroll_y
        self.mount(*rows, after=self._earlier_line)
        self._show_earlier_line()

        def settle() -> None:
            self._is_growing = False
            if not self.is_at_end:
                y = self.virtual_size.height - below
                self.scroll_to(y=y, animate=False, immediate=True, release_anchor=False)
            self._fill()

        self.call_after_refresh(settle)

    def _fill(self) -> None:
        """Mounts more until there is something to scroll."""
        if self._earlier and not self.max_scroll_y and self.size.height:
            self.show_earlier()

    def _show_earlier_line(self) -> None:
        number = len(self._earlier)
        self._earlier_line.display = bool(number)
        noun = "message" if number == 1 else "messages"
        self._earlier_line.update(Content(f"Show earlier: {number} {noun}"))

    def on_earlier_line_clicked(self, event: EarlierLine.Clicked) -> None:
        event.stop()
        self.show_earlier()

    # Following

    def follow(self) -> None:
        """Goes to the end, and stays there while text comes."""
        if self.is_attached:
            self.screen.clear_selection()
        self.anchor()

    def _hold(self) -> None:
        """Stops following the text if some of it is selected."""
        if self.is_attached and self.screen.selections:
            self.release_anchor()

    def _on_scrolled(self) -> None:
        # Less than a screen full stands at the bottom.
        is_at_end = not self.max_scroll_y or self.scroll_y >= self.max_scroll_y
        if is_at_end != self.is_at_end:
            self.is_at_end = is_at_end
            self.post_message(self.Scrolled())
        if not self.scroll_y and not is_at_end:
            self.show_earlier()
        elif is_at_end:
            self._fill()
