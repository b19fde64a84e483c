"""What a message shows, by its role: a question, an answer, or the call of a tool."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ...conversation.chat_message import UNDER_WAY, ChatMessage, images_of
from .._words import details_of_call, sources_of, words_of_call, words_of_state
from ._binding import Binding, public
from ._frames import column, flow, fold, surface
from ._notices import error_notice
from ._pictures import picture, picture_of
from ._text import answer_text, plain_text

_PARTS = ("reasoning", "text", "images", "links", "sources", "state", "error")
"""From top to bottom."""


@cache
def question_body(binding: Binding) -> Any:
    base: Any = surface(binding)

    class QuestionBody(base):
        """The text as it was typed, and its images."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("question")
            self._shown: ChatMessage | None = None
            self._images: Any = None
            self._text = plain_text(binding)(self)
            self._text.setObjectName("questionText")
            self._text.setAccessibleName(binding.translate("Question"))
            self.addPart(self._text)

        def showMessage(self, message: ChatMessage, text_from: int | None = None) -> None:
            self._text.setText(message.text)
            self.setShown(self._text, bool(message.text))
            if self._shown is None or self._shown.parts != message.parts:
                self._show_images(message)
            self._shown = message

        def _show_images(self, message: ChatMessage) -> None:
            if self._images is not None:
                self.dropPart(self._images)
                self._images = None
            images = images_of(message)
            if not images:
                return
            self._images = flow(binding)(self)
            self._images.setObjectName("questionImages")
            for part in images:
                image = picture_of(binding, _address_of(part), is_thumbnail=True)
                if image is not None:
                    self._images.add(picture(binding)(image, is_thumbnail=True))
                else:
                    self._images.add(binding.widgets.QLabel(binding.translate("Attachment")))
            self.addPart(self._images, 0)

        def setLast(self, is_last: bool) -> None:
            """Changes nothing: only the last answer offers more than the others."""

        def hasSelection(self) -> bool:
            return bool(self._text.hasSelection())

    return public(QuestionBody)


def _address_of(part: Any) -> str:
    """Of an image in the shape of OpenAI's chat messages; "" if it is something else."""
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return url if isinstance(url, str) else ""


@cache
def answer_body(binding: Binding) -> Any:
    core: Any = binding.core
    base: Any = column(binding)

    class AnswerBody(base):
        """An answer, as far as it has come. A part is made when it has something to show."""

        retryRequested = binding.signal()
        linkActivated = binding.signal(core.QUrl)

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self._message = ChatMessage("", "assistant")
            self._is_last = False
            self._is_finished = False
            self._parts: dict[str, Any] = {}
            self._pictures: list[Any] = []
            self.setSpaces((0, 0, 0, 0), 4)

        def showMessage(self, message: ChatMessage, text_from: int | None = None) -> None:
            old, self._message = self._message, message
            self._show_text(old.text, text_from)
            if message.reasoning:
                self._show_reasoning()
            if message.files != old.files:
                self._show_files()
            if message.citations != old.citations:
                title = binding.translate("Sources")
                self._show_links("sources", title, sources_of(message.citations))
            self._show_state()
            if message.error is not None:
                self._part("error", self._new_error).showError(message.error)
                self.setLast(self._is_last)
            self._set_shown("error", message.error is not None)

        def setLast(self, is_last: bool) -> None:
            self._is_last = is_last
            if "error" in self._parts:
                self._parts["error"].setRetry(is_last)

        def hasSelection(self) -> bool:
            return any(
                part.hasSelection()
                for part in self._parts.values()
                if hasattr(part, "hasSelection")
            )

        # Parts

        def _part(self, name: str, new: Any) -> Any:
            if name not in self._parts:
                place = _PARTS.index(name)
                above = sum(_PARTS.index(other) < place for other in self._parts)
                self._parts[name] = new()
                self.addPart(self._parts[name], above)
            return self._parts[name]

        def _set_shown(self, name: str, is_shown: bool) -> None:
            if name in self._parts:
                self.setShown(self._parts[name], is_shown)

        def _show_text(self, old: str, text_from: int | None) -> None:
            text = self._message.text
            is_over = self._message.status not in UNDER_WAY
            if text and text != old:
                view = self._part("text", self._new_text)
                grows = text_from == len(old) or text.startswith(old)
                if grows and not self._is_finished:
                    view.appendMarkdown(text[len(old) :])
                else:
                    view.setMarkdown(text)
            if is_over and not self._is_finished and "text" in self._parts:
                self._parts["text"].finish()
            self._is_finished = is_over
            self._set_shown("text", bool(text))

        def _show_reasoning(self) -> None:
            message = self._message
            part = self._part("reasoning", self._new_reasoning)
            is_thinking = message.status in UNDER_WAY and not message.text
            part.setLine(binding.translate("Thinking …" if is_thinking else "Reasoning"))
            part.setText(message.reasoning)

        def _show_files(self) -> None:
            """Makes all of them again: previews come seldom."""
            holder = self._part("images", self._new_images)
            while self._pictures:
                holder.dropPart(self._pictures.pop())
            links: list[tuple[str, str]] = []
            for file in self._message.files:
                image = picture_of(binding, file.url)
                if image is not None:
                    shown = picture(binding)(image, holder)
                elif file.url[:5].lower() == "data:":
                    unreadable = binding.translate("This file cannot be shown: {}")
                    shown = plain_text(binding)(holder)
                    shown.setText(unreadable.replace("{}", file.media_type))
                else:
                    links.append((file.url, file.url))
                    continue
                holder.addPart(shown)
                self._pictures.append(shown)
            self._set_shown("images", len(links) < len(self._message.files))
            self._show_links("links", binding.translate("Images"), links)

        def _show_links(self, name: str, title: str, links: Iterable[tuple[str, str]]) -> None:
            shown = list(links)
            if shown:
                part = self._part(name, self._new_links)
                part.setObjectName(name)
                part.setAccessibleName(title)
                part.setLinks(title, shown)
            self._set_shown(name, bool(shown))

        def _show_state(self) -> None:
            message = self._message
            words = words_of_state(message)
            if message.status in UNDER_WAY:  # and also if it has begun, but shows nothing yet
                came = message.text or message.reasoning or message.files
                words = None if came else words_of_state(message._replace(status="submitted"))
            is_shown = words is not None and message.error is None
            if words is not None and is_shown:
                self._part("state", self._new_state).setText(binding.say(words))
            self._set_shown("state", is_shown)

        def _new_text(self) -> Any:
            view = answer_text(binding)(self)
            view.setObjectName("answerText")
            view.anchorClicked.connect(self.linkActivated)
            return view

        def _new_reasoning(self) -> Any:
            part = fold(binding)(self)
            part.setObjectName("reasoning")
            return part

        def _new_images(self) -> Any:
            holder = column(binding)(self)
            holder.setObjectName("answerImages")
            holder.setSpaces((4, 0, 4, 0), 4)
            return holder

        def _new_links(self) -> Any:
            view = plain_text(binding)(self)
            view.anchorClicked.connect(self.linkActivated)
            return view

        def _new_state(self) -> Any:
            view = plain_text(binding)(self, is_muted=True)
            view.setObjectName("state")
            view.setFocusPolicy(core.Qt.FocusPolicy.ClickFocus)  # there is nothing to do with it
            view.setAccessibleName(binding.translate("State"))
            return view

        def _new_error(self) -> Any:
            notice = error_notice(binding)(self)
            notice.retryRequested.connect(self.retryRequested)
            return notice

    return public(AnswerBody)


@cache
def call_body(binding: Binding) -> Any:
    widgets: Any = binding.widgets
    base: Any = column(binding)

    class CallBody(base):
        """A line with the state of the call, which unfolds its result."""

        allowed = binding.signal()
        refused = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setSpaces((0, 0, 0, 0), 2)
            self._fold = fold(binding)(self)
            self._fold.setObjectName("toolCall")
            self._choice = widgets.QWidget(self)
            self._choice.setObjectName("toolChoice")
            line = widgets.QHBoxLayout(self._choice)
            line.setContentsMargins(4, 0, 4, 4)
            self._buttons = [
                self._add_button(line, "allow", "Allow", self._on_allowed),
                self._add_button(line, "refuse", "Refuse", self._on_refused),
            ]
            line.addStretch()
            self.addPart(self._fold)
            self.addPart(self._choice)

        def _add_button(self, line: Any, name: str, text: str, clicked: Any) -> Any:
            button = widgets.QPushButton(binding.translate(text))
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.clicked.connect(clicked)
            line.addWidget(button)
            return button

        def showMessage(self, message: ChatMessage, text_from: int | None = None) -> None:
            words = words_of_call(message)
            is_waiting = message.status == "waiting"
            self._fold.setLine(binding.say(words))
            if not is_waiting and not self._choice.isHidden():
                self._fold.setUnfolded(False)
            self._fold.setText(details_of_call(message))
            if is_waiting:
                self._fold.setUnfolded(True)
            self.setShown(self._choice, is_waiting)
            for button, text in zip(self._buttons, ("Allow {}", "Refuse {}"), strict=True):
                button.setAccessibleName(binding.translate(text).replace("{}", words.value))

        def setLast(self, is_last: bool) -> None:
            """Changes nothing: only the last answer offers more than the others."""

        def hasSelection(self) -> bool:
            return bool(self._fold.hasSelection())

        def _on_allowed(self) -> None:
            self.allowed.emit()

        def _on_refused(self) -> None:
            self.refused.emit()

    return public(CallBody)
