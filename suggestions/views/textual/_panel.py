"""`ChatPanel`: a chat in an app of Textual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from ...conversation.conversation import Conversation
from .._conversation import check_conversation
from ._composer import Composer
from ._markdown import MarkdownView
from ._message_list import MessageList
from ._message_row import MessageRow
from ._question import QuestionEdit

_BUSY = ("submitted", "streaming", "calling")
_OPENED = ("http", "https", "mailto")
_NO_DISPATCH = (
    "the conversation would call the panel on another thread: "
    "write Conversation(..., dispatch=textual(app)), with textual from suggestions.toolkits"
)


class EndLine(Static):
    """The way back to the newest message."""

    class Clicked(Message):
        pass

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked())


class ChatPanel(Vertical):
    """Shows a `Conversation`, and calls its commands.

    - `conversation`: made with `dispatch=suggestions.toolkits.textual(app)`. It is the app's own:
      the panel neither closes nor saves it, and stops following it when it is removed. Setting
      `panel.conversation` shows another one.
    - `open_links`: whether to open links of the web and of e-mail that are clicked. The message
      `LinkActivated` is posted either way.

    Raises `ValueError` for a conversation whose handlers would run outside of the app.
    """

    class LinkActivated(Message):
        """A link of an answer was clicked."""

        def __init__(self, panel: ChatPanel, url: str) -> None:
            super().__init__()
            self.panel = panel
            self.url = url

        @property
        def control(self) -> ChatPanel:
            return self.panel

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop"),
        Binding("escape", "cancel_edit", "Cancel"),
        Binding("ctrl+r", "regenerate", "Regenerate"),
        Binding("ctrl+end,ctrl+down", "follow", "Newest", key_display="^↓"),
    ]
    DEFAULT_CSS = """
    ChatPanel {
        height: 1fr;
        & > EndLine {
            height: 1;
            text-align: center;
            color: $text-accent;
            background: $foreground 5%;
            display: none;
        }
    }
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        open_links: bool = True,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._chat = _checked(conversation)
        self.open_links = open_links
        self._list = MessageList()
        self._end_line = EndLine("↓ Newest message")
        self._composer = Composer()
        self._is_following = False

    def compose(self) -> ComposeResult:
        yield self._list
        yield self._end_line
        yield self._composer

    def on_mount(self) -> None:
        self._begin()
        self._composer.field.focus()

    def on_unmount(self) -> None:
        self._end()

    # The conversation

    @property
    def conversation(self) -> Conversation:
        return self._chat

    @conversation.setter
    def conversation(self, conversation: Conversation) -> None:
        if conversation is self._chat:
            return
        _checked(conversation)
        was_following = self._is_following
        self._end()
        self._chat = conversation
        if was_following:
            self._begin()

    def _begin(self) -> None:
        chat = self._chat
        host = chat._delivery.host
        if host is not None and not host.runs_here():
            raise ValueError(_NO_DISPATCH)
        self._is_following = True
        chat.connect("change", self._on_change)
        chat.connect("status", self._on_status)
        if self._composer.editing is not None:
            self._composer.end_edit()
        self._composer.set_takes_images(chat.takes_images)
        self._list.show_all(chat.messages)
        self._show_status()

    def _end(self) -> None:
        if self._is_following:
            self._is_following = False
            self._chat.disconnect("change", self._on_change)
            self._chat.disconnect("status", self._on_status)

    def _on_change(self, chat: Conversation, event: Any) -> None:
        # An event of the conversation that was shown before may still come.
        if self._is_following and chat is self._chat and self.is_attached:
            self._list.apply(event.detail)

    def _on_status(self, chat: Conversation, event: Any) -> None:
        if self._is_following and chat is self._chat and self.is_attached:
            self._show_status()

    def _show_status(self) -> None:
        self._composer.set_busy(self._is_busy)
        self.refresh_bindings()

    @property
    def _is_busy(self) -> bool:
        return self._chat.status in _BUSY

    def _do(self, command: Callable[..., None], *given: Any, **named: Any) -> bool:
        """Returns whether the command raised nothing. An error is shown above the field."""
        try:
            command(*given, **named)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            self._composer.show_problem(str(error))
            return False
        finally:  # a conversation that was closed has not reported it
            self._show_status()
        return True

    # What the person does

    def on_composer_sent(self, event: Composer.Sent) -> None:
        event.stop()
        chat = self._chat
        if event.editing is not None:
            is_sent = self._do(chat.edit, event.editing, event.text)
        else:
            is_sent = self._do(chat.send, event.text, images=event.images)
        if is_sent:
            self._composer.clear(event.text)
            self._list.follow()
            self.refresh_bindings()

    def on_composer_stopped(self, event: Composer.Stopped) -> None:
        event.stop()
        self.action_stop()

    def on_message_row_asked(self, event: MessageRow.Asked) -> None:
        event.stop()
        message, chat = event.message, self._chat
        self._composer.field.focus()  # the button that had the focus may go
        if event.command == "edit":
            self._composer.begin_edit(message)
            self.refresh_bindings()
        elif event.command == "allow":
            self._do(chat.approve, message)
        elif event.command == "refuse":
            self._do(chat.refuse, message)
        elif event.command == "retry":
            self._list.follow()
            self._do(chat.retry)
        elif event.command == "regenerate":
            self.action_regenerate()

    def on_question_edit_edit_requested(self, event: QuestionEdit.EditRequested) -> None:
        event.stop()
        questions = [message for message in self._chat.messages if message.role == "user"]
        if questions:
            self._composer.begin_edit(questions[-1])
            self.refresh_bindings()

    def on_question_edit_scrolled(self, event: QuestionEdit.Scrolled) -> None:
        event.stop()
        if event.key == "pageup":
            self._list.scroll_page_up()
        else:
            self._list.scroll_page_down()

    def on_message_list_scrolled(self, event: MessageList.Scrolled) -> None:
        event.stop()
        self._end_line.display = not self._list.is_at_end
        self.refresh_bindings()

    def on_end_line_clicked(self, event: EndLine.Clicked) -> None:
        event.stop()
        self._list.follow()

    def on_markdown_view_link_clicked(self, event: MarkdownView.LinkClicked) -> None:
        event.stop()
        self.post_message(self.LinkActivated(self, event.url))
        if self.open_links and urlsplit(event.url).scheme.lower() in _OPENED:
            self.app.open_url(event.url)

    def action_stop(self) -> None:
        self._do(self._chat.stop)

    def action_cancel_edit(self) -> None:
        self._composer.end_edit()
        self.refresh_bindings()

    def action_regenerate(self) -> None:
        self._list.follow()
        self._do(self._chat.regenerate)

    def action_follow(self) -> None:
        self._list.follow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self._is_busy
        if action == "cancel_edit":
            return self._composer.editing is not None and not self._is_busy
        if action == "regenerate":
            messages = self._chat.messages
            is_answered = bool(messages) and messages[-1].role != "user"
            return is_answered and self._chat.status == "ready"
        if action == "follow":
            return not self._list.is_at_end
        return True


def _checked(conversation: Conversation) -> Conversation:
    check_conversation(conversation)
    if conversation._delivery.host is None:
        raise ValueError(_NO_DISPATCH)
    return conversation
