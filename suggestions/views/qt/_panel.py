"""`ChatPanel`: a conversation as a widget: its messages, and the field for a question."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from ...conversation.chat_message import ChatChange, ChatMessage, difference
from ...conversation.conversation import Conversation
from .._conversation import check_conversation
from .._words import conversation_text
from ._binding import Binding, public
from ._composer import composer
from ._message_list import message_list

_OPENED = ("http", "https", "mailto")
"""The addresses that are opened. A model may have written others."""
_NO_DISPATCH = (
    "the conversation would call the panel on another thread: "
    "write Conversation(..., dispatch=qt()), with qt from suggestions.toolkits"
)


class _Listener:
    """Calls a panel for what happens in its conversation. Neither keeps the other alive."""

    def __init__(self, panel: Any) -> None:
        self._panel = weakref.ref(panel)
        self._chat: Conversation | None = None

    def listen_to(self, chat: Conversation) -> None:
        self.end()
        self._chat = chat
        chat.connect("change", self._on_change)
        chat.connect("status", self._on_status)

    def end(self, *_: Any) -> None:
        chat, self._chat = self._chat, None
        if chat is not None:
            chat.disconnect("change", self._on_change)
            chat.disconnect("status", self._on_status)

    def _on_change(self, _chat: Conversation, event: Any) -> None:
        panel = self._panel()
        if panel is not None:
            panel._on_change(event.detail)

    def _on_status(self, _chat: Conversation, _event: Any) -> None:
        panel = self._panel()
        if panel is not None:
            panel._show_status()


@cache
def chat_panel(binding: Binding) -> Any:
    core: Any = binding.core
    gui: Any = binding.gui
    widgets: Any = binding.widgets
    signal = binding.signal

    class ChatPanel(widgets.QWidget):
        """Shows a `Conversation`, and gives it the person's commands.

        - `ChatPanel(conversation, parent=None)`. The conversation needs `dispatch=qt()`; it stays
          the program's, which closes it.
        - `conversation()`, `setConversation(conversation)`: shows another one, even in mid-answer.
        - Signal `linkActivated(QUrl)`: a link was activated. The panel opens addresses of the web
          and of mail by itself, unless `setOpenLinks(False)` was called; `openLinks()`.
        - `toMarkdown()`: the whole conversation.

        Raises `TypeError` if `conversation` is not a `Conversation`, and `ValueError` if it would
        call the panel on another thread.
        """

        linkActivated = signal(core.QUrl)

        def __init__(self, conversation: Conversation, parent: Any = None) -> None:
            _check(conversation)
            super().__init__(parent)
            self.setObjectName("chatPanel")
            self.setAccessibleName(binding.translate("Chat"))
            self.setAcceptDrops(True)
            self._opens_links = True
            self._list = self._new_list()
            self._composer = self._new_composer()
            column = widgets.QVBoxLayout(self)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(self._list, 1)
            column.addWidget(self._composer)
            self.setFocusProxy(self._composer)
            self._listener = _Listener(self)
            self.destroyed.connect(self._listener.end)
            self.setConversation(conversation)

        def _new_list(self) -> Any:
            made = message_list(binding)(self)
            made.retryRequested.connect(self._on_retry)
            made.regenerateRequested.connect(self._on_regenerate)
            made.editRequested.connect(self._edit)
            made.approved.connect(self._on_approved)
            made.refused.connect(self._on_refused)
            made.linkActivated.connect(self._on_link)
            return made

        def _new_composer(self) -> Any:
            made = composer(binding)(self)
            made.sent.connect(self._on_sent)
            made.stopped.connect(self._on_stopped)
            made.editLastRequested.connect(self._edit_last)
            return made

        # The conversation

        def conversation(self) -> Conversation:
            return self._chat

        def setConversation(self, conversation: Conversation) -> None:
            _check(conversation)
            self._chat = conversation
            self._listener.listen_to(conversation)
            if self._composer.editing is not None:  # a message of another one
                self._composer.endEdit()
            self._list.setMessages(conversation.messages)
            self._composer.setTakesImages(conversation.takes_images)
            self._show_status()

        def toMarkdown(self) -> str:
            return conversation_text(self._list.messages(), binding.say)

        def _on_change(self, change: ChatChange) -> None:
            """The list may show the change already, if it was filled after the change and before
            this call."""
            message, place, known = change.message, change.position, self._list.messages()
            is_shown = place < len(known) and known[place].id == message.id
            if change.kind == "removed":
                if is_shown:
                    self._list.removeMessage(place)
            elif is_shown:
                differs = difference(known[place], message, place)
                if differs is not None:
                    self._list.updateMessage(place, message, differs.text_from)
            elif change.kind == "added":
                self._list.insertMessage(place, message)

        def _show_status(self) -> None:
            self._composer.setBusy(self._is_busy())

        def _is_busy(self) -> bool:
            return self._chat.status not in ("ready", "error")

        # What the person does

        def _try(self, command: Callable[..., None], *given: Any) -> bool:
            """Shows what the command raises. Returns whether it raised nothing."""
            try:
                command(*given)
            except (OSError, RuntimeError, TypeError, ValueError) as error:
                self._composer.showProblem(str(error))
                return False
            finally:
                self._show_status()
            return True

        def _on_sent(self, text: str, images: list[Any]) -> None:
            edited, chat = self._composer.editing, self._chat
            if self._try(chat.edit, edited, text) if edited else self._try(chat.send, text, images):
                self._composer.clear()
                self._list.scrollToEnd()

        def _on_stopped(self) -> None:
            self._try(self._chat.stop)

        def _on_retry(self) -> None:
            self._try(self._chat.retry)

        def _on_regenerate(self) -> None:
            self._try(self._chat.regenerate)

        def _on_approved(self, message_id: str) -> None:
            self._try(self._chat.approve, message_id)

        def _on_refused(self, message_id: str) -> None:
            self._try(self._chat.refuse, message_id)

        def _edit(self, message_id: str) -> None:
            self._begin_edit(lambda message: message.id == message_id)

        def _edit_last(self) -> None:
            self._begin_edit(lambda message: message.role == "user")

        def _begin_edit(self, is_meant: Callable[[ChatMessage], bool]) -> None:
            meant = [message for message in self._list.messages() if is_meant(message)]
            if meant:
                self._composer.beginEdit(meant[-1])

        # Links

        def openLinks(self) -> bool:
            return self._opens_links

        def setOpenLinks(self, opens: bool) -> None:
            self._opens_links = opens

        def _on_link(self, url: Any) -> None:
            self.linkActivated.emit(url)
            if self._opens_links and url.scheme().lower() in _OPENED:
                gui.QDesktopServices.openUrl(url)

        # Keys, drops, and the menu

        def keyPressEvent(self, event: Any) -> None:
            """Gets the keys that neither a row nor the field has taken."""
            if event.key() == core.Qt.Key.Key_Escape and self._is_busy():
                self._on_stopped()
            elif not self._list.scrollWith(event.key()):
                super().keyPressEvent(event)

        def dragEnterEvent(self, event: Any) -> None:
            if self._composer.field.canInsertFromMimeData(event.mimeData()):
                event.acceptProposedAction()

        def dropEvent(self, event: Any) -> None:
            self._composer.field.insertFromMimeData(event.mimeData())
            self._composer.field.setFocus()
            event.acceptProposedAction()

        def contextMenuEvent(self, event: Any) -> None:
            menu = self._list.menuAt(event.globalPos())
            menu.setParent(self, menu.windowFlags())  # or else some bindings free it at once
            menu.setAttribute(core.Qt.WidgetAttribute.WA_DeleteOnClose)
            copy = menu.addAction(binding.translate("Copy conversation"))
            copy.setEnabled(bool(self._list.messages()))
            copy.triggered.connect(self._copy)
            menu.popup(event.globalPos())

        def _copy(self) -> None:
            gui.QGuiApplication.clipboard().setText(self.toMarkdown())

    return public(ChatPanel)


def _check(conversation: Any) -> None:
    check_conversation(conversation)
    if conversation._delivery.host is None:
        raise ValueError(_NO_DISPATCH)
