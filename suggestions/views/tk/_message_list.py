"""All messages of a conversation, in one text."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

from ...conversation.chat_message import ChatChange, ChatMessage
from ._message_row import MessageRow
from ._reading import Reading
from ._runs import TaggedRun


class MessageList(Reading):
    """Shows messages. `command(name, message)` is called if the person presses a button of one."""

    def __init__(self, parent: tkinter.Misc, command: Callable[[str, ChatMessage], object]) -> None:
        super().__init__(parent)
        self.command = command
        self._rows: list[MessageRow] = []
        self._by_name: dict[str, MessageRow] = {}
        self._numbers = count()
        self.is_busy = False

    def show_all(self, messages: Sequence[ChatMessage], is_busy: bool) -> None:
        """Shows these messages, in place of the old ones."""
        for row in self._rows:
            row.forget()
        self._rows.clear()
        self._by_name.clear()
        text = self.text
        text.delete("1.0", "end")
        text.mark_unset(*(mark for mark in text.mark_names() if ":r" in mark))
        text.tag_delete(*(tag for tag in text.tag_names() if ":" in tag or tag[0] == "r"), "")
        self.looks.renew()
        runs: list[TaggedRun] = []
        for message in messages:
            row = self._make(message, len(self._rows))
            runs += row.first_runs()
        self.insert("1.0", runs)
        self.is_busy = is_busy
        self.follows = True
        self._refresh_actions()
        self.follow()
        self.timers.begin("seen", 1, self._format_seen)

    def apply(self, change: ChatChange) -> None:
        """The list may already show it: it was filled with what there was before a handler could
        be called for it."""
        shown = self._rows[change.position : change.position + 1]
        is_shown = bool(shown) and shown[0].message.id == change.message.id
        if change.kind == "added" and not is_shown:
            index = "end - 1 indices"
            if change.position < len(self._rows):
                following = self._rows[change.position]
                begin = self.range_of(following.name)
                index = begin[0] if begin else index
            row = self._make(change.message, change.position)
            self.insert(index, row.first_runs())
            row.begin_countdown()
            row.format()
        elif not is_shown:
            return
        elif change.kind == "removed":
            row = self._rows.pop(change.position)
            del self._by_name[row.name]
            row.remove()
        else:
            self._rows[change.position].show(change.message)
        if change.text_from is None or len(change.fields) > 1:
            self._refresh_actions()
        self.follow()

    def _make(self, message: ChatMessage, position: int) -> MessageRow:
        row = MessageRow(self, f"r{next(self._numbers)}", message, self.command)
        self._rows.insert(position, row)
        self._by_name[row.name] = row
        return row

    # Buttons

    def set_busy(self, is_busy: bool) -> None:
        if is_busy != self.is_busy:
            self.is_busy = is_busy
            self._refresh_actions()

    def _refresh_actions(self) -> None:
        """Only the last turn has buttons; the menu of the text has them for all."""
        last: dict[str, MessageRow] = {}
        for row in reversed(self._rows):
            last.setdefault(row.message.role, row)
            if row.message.role == "user":
                break
        shown = set(last.values()) | {r for r in self._rows[-12:] if r.message.role == "tool"}
        for row in self._rows:
            actions = self.actions_of(row) if row in shown else ()
            if actions != row.actions:
                row.actions = actions
                row.write_foot()

    def actions_of(self, row: MessageRow) -> tuple[str, ...]:
        message = row.message
        if message.role == "tool":
            return ("Allow", "Refuse") if message.status == "waiting" else ()
        if message.role == "user":
            return () if self.is_busy else ("Edit", "Copy")
        if self.is_busy:
            return ()
        is_last = row is self._rows[-1]
        copy = ("Copy",) if message.text else ()
        if message.error is not None:
            return ("Retry", *copy) if is_last else copy
        return (*copy, "Regenerate")

    def menu_of(self, index: str) -> list[tuple[str, Callable[[], object]]]:
        entries = super().menu_of(index)
        row = self._row_at(index)
        if row is not None:
            message = row.message
            role = message.role
            actions = {"user": ("Edit", "Copy"), "assistant": ("Copy", "Regenerate")}
            for action in actions.get(role, ("Copy", *self.actions_of(row))):
                label = "Copy message" if action == "Copy" else action
                entries.append((label, partial(self.command, action, message)))
        if self._rows:
            call = partial(self.command, "Copy conversation", self._rows[-1].message)
            entries.append(("Copy conversation", call))
        return entries

    def act(self, name: str, value: str) -> None:
        if name == "fold":
            self._by_name[value].toggle_reasoning()
        else:
            super().act(name, value)

    # What is seen

    def on_scrolled(self) -> None:
        self.timers.begin("seen", 1, self._format_seen)

    def on_destroyed(self) -> None:
        for row in self._rows:
            row.forget()
        self._rows.clear()
        self._by_name.clear()

    def _row_at(self, index: str) -> MessageRow | None:
        for tag in self.text.tag_names(index):
            if tag in self._by_name:
                return self._by_name[tag]
        return None

    def _format_seen(self) -> None:
        """Reads the Markdown of the rows in view. What the person looks at does not move."""
        text = self.text
        if not self._rows:
            return
        first = self._row_at("@0,0") or self._rows[0]
        last = self._row_at(f"@0,{text.winfo_height()}") or self._rows[-1]
        begin, end = self._rows.index(first), self._rows.index(last)
        # Those beside them are read before they are seen.
        near = self._rows[begin : end + 1] + self._rows[end + 1 : end + 2]
        raw = [row for row in near + self._rows[max(0, begin - 1) : begin] if row.is_raw]
        if not raw:
            return
        row = raw[-1] if self.is_following() and raw[-1] in near else raw[0]
        # If the first row in view becomes shorter or longer, the rows after it move.
        anchor = self._rows[end] if self._rows[end] is not row and row is first else None
        height = self._top_of(anchor)
        row.format()
        moved = self._top_of(anchor)
        if self.is_following():
            self.follow()
        elif anchor is not None and height is not None:
            if moved is None:
                self.text.yview((self.range_of(anchor.name) or ("1.0",))[0])
                moved = self._top_of(anchor) or 0
            self.text.yview_scroll(moved - height, "pixels")
        if len(raw) > 1:
            self.timers.begin("seen", 1, self._format_seen)

    def _top_of(self, row: MessageRow | None) -> int | None:
        """The pixel at which the row begins; None if that is not seen."""
        place = self.range_of(row.name) if row else None
        line = self.text.dlineinfo(place[0]) if place else None
        return line[1] if line else None
