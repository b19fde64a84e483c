"""What a message shows, by its role: a question, an answer, or the call of a tool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content, Span
from textual.widgets import Static

from ...conversation.chat_message import UNDER_WAY, ChatError, ChatMessage, images_of
from .._words import Countdown, details_of_call, sources_of, words_of_call, words_of_state
from ._fold import Fold, PlainText
from ._markdown import MarkdownView
from ._message_row import ButtonLine, MessageRow, RowButton
from ._writer import link_to, shown

_STEP = 0.25
"""Seconds between two looks at the countdown."""


def row_of(message: ChatMessage) -> MessageRow:
    if message.role == "tool":
        return CallRow(message)
    return AnswerRow(message) if message.role == "assistant" else QuestionRow(message)


class QuestionRow(MessageRow):
    """The text as it was typed, and its images in words."""

    PARTS = ("text", "images", "actions")

    def show_message(self, old: ChatMessage, text_from: int | None) -> None:
        if self.message.text:
            self.part("text", PlainText).show(self.message.text)
        words = [words_of_image(_address_of(part)) for part in images_of(self.message)]
        if words:
            self.part("images", PlainText, "", "muted").show("\n".join(words))


class AnswerRow(MessageRow):
    """What has come of an answer."""

    DEFAULT_CSS = "AnswerRow > Fold { margin: 0 0 1 0; }"
    PARTS = ("reasoning", "text", "images", "sources", "state", "error", "actions")

    def show_message(self, old: ChatMessage, text_from: int | None) -> None:
        message = self.message
        self._show_text("" if old is message else old.text, text_from)
        if message.reasoning:
            is_thinking = message.status in UNDER_WAY and not message.text
            line = "Thinking …" if is_thinking else "Reasoning"
            self.part("reasoning", Fold).show(line, message.reasoning)
        if message.files and (old is message or message.files != old.files):
            links = [
                (words_of_image(file.url, file.media_type), file.url) for file in message.files
            ]
            self.part("images", Links).show("", links)
        if message.citations and (old is message or message.citations != old.citations):
            self.part("sources", Links).show("Sources", sources_of(message.citations))
        self._show_state()
        if message.error is not None:
            notice = self.part("error", ErrorNotice, self)
            notice.show(message.error)
            notice.set_class(bool(message.text), "-below")
        self.show_part("error", message.error is not None)
        self.set_class(not self._has_content(), "-empty")

    def _show_text(self, old: str, text_from: int | None) -> None:
        message = self.message
        if message.text:
            view = self.part("text", MarkdownView)
            if message.text != old:
                if text_from == len(old) or message.text.startswith(old):
                    view.append(message.text[len(old) :])
                else:
                    view.replace(message.text)
            if message.status not in UNDER_WAY:
                view.finish()
        self.show_part("text", bool(message.text))

    def _show_state(self) -> None:
        message = self.message
        words = words_of_state(message)
        # A line that says "Thinking …" says it already, and so does an error.
        is_said = message.status in UNDER_WAY and bool(message.reasoning)
        if words is None or is_said or message.error is not None:
            self.show_part("state", False)
        else:
            self.part("state", PlainText, "", "muted").show(str(words))
            self.show_part("state", True)

    def _has_content(self) -> bool:
        """An answer that only called tools shows nothing."""
        message = self.message
        is_said = words_of_state(message) is not None or message.error is not None
        return is_said or bool(
            message.text or message.reasoning or message.files or message.citations
        )

    def can_ask(self, command: str) -> bool:
        if command == "retry":
            return self.is_last and self.message.error is not None
        return super().can_ask(command)

    def _offer_actions(self) -> None:
        super()._offer_actions()
        notice = self._parts.get("error")
        if isinstance(notice, ErrorNotice):
            notice.offer_retry(self.is_last)


class CallRow(MessageRow):
    """A line with the state of the call, which unfolds its result."""

    PARTS = ("call", "choice")

    def show_message(self, old: ChatMessage, text_from: int | None) -> None:
        message = self.message
        is_waiting = message.status == "waiting"
        fold = self.part("call", Fold)
        fold.show(str(words_of_call(message)), details_of_call(message))
        if is_waiting:
            fold.is_unfolded = True
            self.part("choice", ButtonLine, self, {"allow": "Allow", "refuse": "Refuse"}, "choice")
        elif old.status == "waiting":
            fold.is_unfolded = False
        self.show_part("choice", is_waiting)


class ErrorNotice(Vertical):
    """Says what failed, and when it may be asked for again."""

    DEFAULT_CSS = """
    ErrorNotice {
        height: auto;
        background: $error 15%;
        padding: 0 1;
        &.-below { margin: 1 0 0 0; }
    }
    """

    def __init__(self, row: MessageRow) -> None:
        super().__init__()
        self._text = PlainText()
        self._buttons = ButtonLine(row, {"retry": "Retry"}, "retry-line")
        self._error: ChatError | None = None
        self._countdown = Countdown(None)

    def compose(self) -> ComposeResult:
        yield self._text
        yield self._buttons

    def on_mount(self) -> None:
        self._count()
        self.set_interval(_STEP, self._count)

    def show(self, error: ChatError) -> None:
        if error != self._error:
            self._error = error
            self._text.show(error.message)
            self._countdown = Countdown(error.retry_after)

    def offer_retry(self, is_offered: bool) -> None:
        self._buttons.display = is_offered

    def _count(self) -> None:
        for button in self._buttons.query(RowButton):
            label = str(self._countdown.words)
            if str(button.label) != label:
                button.label = label
                button.refresh(layout=True)
            button.disabled = bool(self._countdown.left)


class Links(Static):
    """Lines to click on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"links--link"}
    DEFAULT_CSS = """
    Links {
        height: auto;
        margin: 1 0 0 0;
        color: $foreground 70%;
        & > .links--link { color: $text-accent; text-style: underline; }
    }
    """

    def show(self, title: str, links: Iterable[tuple[str, str]]) -> None:
        """The text and the address of each."""
        lines = [Content(title)] if title else []
        for text, url in links:
            text = shown(text)
            is_link = not url.startswith("data:")
            spans = [Span(0, len(text), style) for style in (".links--link", link_to(url))]
            lines.append(Content("• " if title else "") + Content(text, spans if is_link else []))
        self.update(Content("\n").join(lines))

    def action_link(self, url: str) -> None:
        self.post_message(MarkdownView.LinkClicked(url))


def words_of_image(url: str, media_type: str = "") -> str:
    """What a terminal shows of an image: its type and its size, or its address."""
    if not url.startswith("data:"):
        return f"Image: {url}" if url else "Attachment"
    head, _, data = url[5:].partition(",")
    media_type = media_type or head.split(";")[0]
    size = len(data) * 3 // 4 if head.endswith(";base64") else len(data)
    kind = media_type.removeprefix("image/").upper()
    return f"Image: {kind}, {max(1, round(size / 1024))} kB"


def _address_of(part: Any) -> str:
    """Of an image in the shape of OpenAI's chat messages; "" if it is something else."""
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return url if isinstance(url, str) else ""
