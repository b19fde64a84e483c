"""`Composer`: where a question is written, with its images, and sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Button, Static, TextArea

from ...conversation.chat_message import ChatMessage
from ...dialects.image import image
from ._fold import PlainText
from ._question import QuestionEdit
from ._writer import shown


class Attachments(Static):
    """The images that are to be sent, each with a cross that removes it."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[tuple[str, Any]] = []
        """The name of each, and what `chat.send(images=)` takes."""

    def add(self, path: Path) -> None:
        """Raises what `suggestions.image()` does."""
        self.images.append((path.name, image(path)))
        self._show()

    def action_drop(self, number: int) -> None:
        del self.images[number]
        self._show()

    def clear(self) -> None:
        self.images.clear()
        self._show()

    def _show(self) -> None:
        lines = []
        for number, (name, _) in enumerate(self.images):
            cross = Content(" ✕ ").stylize(Style.from_meta({"@click": f"drop({number})"}))
            lines.append(Content("Image: " + shown(name)) + cross)
        self.update(Content("\n").join(lines))
        self.display = bool(lines)


class Composer(Vertical):
    """A field with its button."""

    class Sent(Message):
        """What to send. All of it stays until `clear()`. `editing` is the id of the message that
        is edited, or None."""

        def __init__(self, text: str, images: list[Any], editing: str | None) -> None:
            super().__init__()
            self.text = text
            self.images = images
            self.editing = editing

    class Stopped(Message):
        """The button was pressed while an answer is under way."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        & > .problem { background: $error 15%; padding: 0 1; display: none; }
        & > Attachments { padding: 0 1; display: none; }
        & > .editing { height: 1; padding: 0 1; display: none; }
        & > .editing PlainText { width: 1fr; color: $text-accent; }
        & > .input { height: auto; }
        & Button { margin: 0 0 0 1; min-width: 10; }
        & .editing Button { min-width: 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.field = QuestionEdit()
        self.editing: str | None = None
        self._draft = ""
        self._is_busy = False
        self._problem = PlainText("", "problem")
        self._attachments = Attachments()
        self._editing_line = Horizontal(
            PlainText("Editing"),
            Button("Cancel", classes="cancel", compact=True),
            classes="editing",
        )
        self._button = Button("Send", variant="primary", classes="send")

    def compose(self) -> ComposeResult:
        yield self._problem
        yield self._editing_line
        yield self._attachments
        yield Horizontal(self.field, self._button, classes="input")

    # State

    def set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        self._button.label = "Stop" if is_busy else "Send"
        self._button.variant = "default" if is_busy else "primary"

    def set_takes_images(self, takes: bool) -> None:
        self.field.takes_images = takes
        if not takes:
            self._attachments.clear()

    def begin_edit(self, message: ChatMessage) -> None:
        """Its text is in the field until it is sent or cancelled; what was there before comes back
        then."""
        if self.editing is None:
            self._draft = self.field.text
        self.editing = message.id
        self.show_problem("")
        self._show_edit(message.text)

    def end_edit(self) -> None:
        self.editing = None
        draft, self._draft = self._draft, ""
        self._show_edit(draft)

    def _show_edit(self, text: str) -> None:
        self._editing_line.display = self.editing is not None
        self.field.text = text
        self.field.move_cursor(self.field.document.end)
        self.field.focus()

    def clear(self, sent: str) -> None:
        """That text was sent; what has been typed after it stays."""
        self.show_problem("")
        if self.editing is not None:
            self.end_edit()
        else:
            if self.field.text.startswith(sent):
                *above, last = sent.split(self.field.document.newline)
                self.field.delete((0, 0), (len(above), len(last)))
            else:
                self.field.clear()
            self._attachments.clear()

    def show_problem(self, text: str) -> None:
        """Above the field, until the text changes; "" for none."""
        if text or self._problem.display:
            self._problem.show(text)
            self._problem.display = bool(text)

    # What the person does

    def _submit(self, text: str) -> None:
        # The images of a message that is edited stay as they are.
        images = [] if self.editing else [image for _, image in self._attachments.images]
        if text.strip() or images:
            self.post_message(self.Sent(text, images, self.editing))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.show_problem("")

    def on_question_edit_sent(self, event: QuestionEdit.Sent) -> None:
        event.stop()
        self.show_problem("")
        self._submit(event.text)

    def on_question_edit_image_pasted(self, event: QuestionEdit.ImagePasted) -> None:
        event.stop()
        self.show_problem("")
        try:
            self._attachments.add(event.path)
        except (OSError, ValueError) as error:
            self.show_problem(str(error))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.has_class("cancel"):
            self.end_edit()
        elif self._is_busy:
            self.post_message(self.Stopped())
        else:
            self._submit(self.field.text)
            self.field.focus()
