"""`QuestionEdit`: the field that a question is written in."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

_BREAKS = ("shift+enter", "alt+enter", "ctrl+j")
"""Most terminals send Shift+Enter as Enter; Ctrl+J is a line feed in all."""
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


class QuestionEdit(TextArea):
    """Grows with its text, up to eight lines. Enter sends, and the field is left as it is."""

    class Sent(Message):
        """Enter was pressed, and this was the text. More may be typed before it is handled."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class EditRequested(Message):
        """Up was pressed in the empty field."""

    class Scrolled(Message):
        """A key that scrolls the messages was pressed: "pageup" or "pagedown"."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class ImagePasted(Message):
        """The address of an image's file was pasted, as terminals do if a file is dropped."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", priority=False),
        Binding(",".join(_BREAKS), "break_line", "New line", key_display="^j", show=False),
    ]
    DEFAULT_CSS = """
    QuestionEdit {
        width: 1fr;
        height: auto;
        min-height: 3;
        max-height: 10;
    }
    """

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            placeholder="Ask a question",
            highlight_cursor_line=False,
        )
        self.takes_images = False
        """Whether the address of an image is one, and not a text."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "up" and not self.text:
            self.post_message(self.EditRequested())
        elif event.key in ("pageup", "pagedown"):
            self.post_message(self.Scrolled(event.key))
        elif event.key == "enter":
            self.action_send()
        elif event.key in _BREAKS:
            self.insert("\n")
        else:
            return
        event.stop()
        event.prevent_default()

    def action_send(self) -> None:
        """Also for a click on the key in the footer."""
        self.post_message(self.Sent(self.text))

    def action_break_line(self) -> None:
        self.insert("\n")

    async def _on_paste(self, event: events.Paste) -> None:
        path = image_path(event.text) if self.takes_images else None
        if path is not None:
            event.stop()
            event.prevent_default()
            self.post_message(self.ImagePasted(path))


def image_path(text: str) -> Path | None:
    """The file of an image whose address is all of the text, as terminals write it."""
    text = text.strip()
    if not text or "\n" in text or len(text) > 4096:
        return None
    try:
        if text.startswith("file://"):
            text = unquote(urlsplit(text).path)
        elif text[0] in "'\"" and text[-1] == text[0]:
            text = text[1:-1]
        else:
            text = text.replace("\\ ", " ")
        path = Path(text).expanduser()
        return path if path.suffix.lower() in _IMAGES and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # such as "~5 km": there is no user "5 km"
        return None
