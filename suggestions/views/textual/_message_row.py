"""`MessageRow`: one message in the list of a chat."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from ...conversation.chat_message import UNDER_WAY, ChatMessage

Part = TypeVar("Part", bound=Widget)
_COPIED_FOR = 1.5
"""Seconds."""


class RowButton(Button):
    """A word to click on. `command` is what it asks for."""

    DEFAULT_CSS = """
    RowButton.-textual-compact {
        width: auto;
        min-width: 0;
        padding: 0;
        margin: 0 2 0 0;
        background: transparent;
        color: $text-accent;
        text-style: none;
        &:focus { text-style: reverse; }
        &:hover { text-style: underline; }
    }
    """

    def __init__(self, label: str, command: str) -> None:
        super().__init__(label, classes=command, compact=True)
        self.command = command


class ButtonLine(Horizontal):
    """Buttons beside each other. Pressing one asks for its command."""

    DEFAULT_CSS = "ButtonLine { height: 1; }"

    def __init__(self, row: MessageRow, labels: dict[str, str], classes: str) -> None:
        """`labels`: the label of each command."""
        super().__init__(classes=classes)
        self._row = row
        self._labels = labels

    def compose(self) -> ComposeResult:
        for command, label in self._labels.items():
            yield RowButton(label, command)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if isinstance(event.button, RowButton):
            self._row.ask(event.button.command)


class MessageRow(Vertical, can_focus=True):
    """Shows a `ChatMessage`. Its CSS class is the role of the message. Parts are mounted when there
    is something to show in them.

    Tab goes to it, and its keys are in the app's footer.
    """

    class Asked(Message):
        """A button or a key was pressed: "retry", "regenerate", "edit", "allow" or "refuse"."""

        def __init__(self, command: str, message: ChatMessage) -> None:
            super().__init__()
            self.command = command
            self.message = message

    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "ask('copy')", "Copy"),
        Binding("e", "ask('edit')", "Edit"),
        Binding("r", "ask('regenerate')", "Regenerate"),
        Binding("a", "ask('allow')", "Allow"),
        Binding("x", "ask('refuse')", "Refuse"),
    ]
    DEFAULT_CSS = """
    MessageRow {
        height: auto;
        padding: 0 1 0 1;
        margin: 0 0 1 0;
        border-left: thick transparent;
        &:focus { border-left: thick $accent; }
        &.-empty { display: none; }
        &.user {
            border-left: thick $primary;
            background: $foreground 5%;
            &:focus { border-left: thick $accent; }
        }
        & .muted { color: $foreground 60%; }
    }
    """
    PARTS: ClassVar[tuple[str, ...]] = ()
    """The names of what a row may show, from top to bottom."""

    def __init__(self, message: ChatMessage) -> None:
        super().__init__(classes=message.role)
        self.message = message
        self.is_last = False
        """Whether it is the last question, or the last message."""
        self._parts: dict[str, Widget] = {}
        self._is_composed = False
        self.show_message(message, None)

    def compose(self) -> ComposeResult:
        self._is_composed = True
        for name in self.PARTS:
            if name in self._parts:
                yield self._parts[name]

    def update_message(self, message: ChatMessage, text_from: int | None = None) -> None:
        """Shows a newer state. If given, all of its text from that character on is new."""
        old, self.message = self.message, message
        self.show_message(old, text_from)
        self._offer_actions()

    def set_last(self, is_last: bool) -> None:
        if is_last != self.is_last:
            self.is_last = is_last
            self._offer_actions()

    def show_message(self, old: ChatMessage, text_from: int | None) -> None:
        """Shows `message` in place of `old`. At first, both are the same object."""
        raise NotImplementedError(f"{type(self).__name__} must show its message")

    def part(self, name: str, kind: type[Part], *given: Any) -> Part:
        """Returns the part, which is made and mounted in its place if there is none."""
        found = self._parts.get(name)
        if not isinstance(found, kind):
            found = self._parts[name] = kind(*given)
            if self._is_composed and self.is_attached:
                below = self.PARTS[self.PARTS.index(name) + 1 :]
                before = next((self._parts[one] for one in below if one in self._parts), None)
                self.mount(found, before=before)
        return found

    def show_part(self, name: str, is_shown: bool) -> None:
        if name in self._parts and self._parts[name].display != is_shown:
            self._parts[name].display = is_shown

    # What the person does

    def can_ask(self, command: str) -> bool:
        message = self.message
        is_answer = message.role == "assistant"
        if command == "copy":
            return message.role != "tool" and bool(message.text)
        if command == "edit":
            return message.role == "user"
        if command in ("allow", "refuse"):
            return message.status == "waiting"
        # If it failed, there is Retry.
        is_over = message.status not in UNDER_WAY
        return is_answer and self.is_last and is_over and (message.error is None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.can_ask(str(parameters[0])) if action == "ask" else True

    def ask(self, command: str) -> None:
        if command == "copy":
            # Half of a character would end the app.
            self.app.copy_to_clipboard(self.message.text.encode("utf-8", "replace").decode())
            self.notify("Copied", timeout=_COPIED_FOR)
        else:
            self.post_message(self.Asked(command, self.message))

    def action_ask(self, command: str) -> None:
        self.ask(command)

    def _offer_actions(self) -> None:
        """As buttons too, if it is one of the last."""
        labels = {"copy": "Copy", "edit": "Edit", "regenerate": "Regenerate"}
        offered = {one: label for one, label in labels.items() if self.can_ask(one)}
        is_over = self.message.status not in UNDER_WAY
        if self.is_last and is_over and offered and self.message.role != "tool":
            self.part("actions", ButtonLine, self, offered, "actions")
            self.show_part("actions", True)
        else:
            self.show_part("actions", False)
        if self.has_focus:
            self.refresh_bindings()
