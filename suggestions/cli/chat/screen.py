"""Shows the answers of a conversation, each as `ask` shows one."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import click

from ...conversation.chat_message import ChatMessage
from ...conversation.conversation import Conversation
from ...events import AnswerFile, Citation, Event
from ..after_answer import note_files, show_sources
from ..following import View
from ..plain_text import visible

_TICK = 0.1  # seconds
_ENDS = ("done", "error")
_NAMES = ("open", "retry", "reasoning", "chunk", "citation", "file", *_ENDS)


class Screen:
    """Follows a conversation from the main thread. It is made before the first question.

    `new_view()` returns what one answer is shown through.
    """

    def __init__(
        self, chat: Conversation, new_view: Callable[[], View], *, on_terminal: bool
    ) -> None:
        self._chat = chat
        self._new_view = new_view
        self._on_terminal = on_terminal
        self._view: View | None = None
        self._arrived: SimpleQueue[Event[Any] | None] = SimpleQueue()
        self._shown: list[str] = []  # the text of the newest message
        self._shown_of = ""  # the id of that message
        self._answered = False  # something was printed before
        for name in _NAMES:
            chat.connect(name, self._put)

    def _put(self, chat: Conversation, event: Event[Any]) -> None:
        self._arrived.put(event)

    def stop(self) -> None:
        """Has `follow` stop the answer. It may be called in a signal handler."""
        self._arrived.put(None)

    def follow(self) -> ChatMessage:
        """Shows an answer that was just asked for up to its end, and returns its last message."""
        self._citations: list[Citation] = []
        self._files: list[AnswerFile] = []
        if self._answered and not self._on_terminal:
            click.echo()
        self._answered = True
        try:
            self._open_view()
            message = self._to_the_end()
        finally:
            self._close_view()
        self._show_what_else(message)
        return message

    def show_again(self, message: ChatMessage) -> None:
        """Shows an answer that was there before."""
        view = self._new_view()
        with view:
            view.show(Event("chunk", message.text))

    def _to_the_end(self) -> ChatMessage:
        while True:
            try:
                event = self._arrived.get(timeout=_TICK)
            except Empty:
                if self._view is not None:
                    self._view.tick()
                continue
            if event is None:
                self._chat.stop()
            elif event.type in _ENDS:
                message: ChatMessage = event.detail
                self._show_rest(message)
                return message
            else:
                self._show(event.type, *event.detail)

    def _show(self, name: str, message_id: str, detail: Any) -> None:
        if name == "citation":
            self._citations.append(detail)
        elif name == "file":
            self._files += [] if detail.partial else [detail]
        elif self._view is not None and name in self._view.names:
            if name == "chunk":
                self._count(message_id, detail)
            self._view.show(Event(name, detail))

    def _count(self, message_id: str, text: str) -> None:
        if message_id != self._shown_of:
            self._shown_of = message_id
            self._shown.clear()
        self._shown.append(text)

    def _show_rest(self, message: ChatMessage) -> None:
        """Shows what an answer that was stopped has got and no event has reported."""
        shown = "".join(self._shown) if message.id == self._shown_of else ""
        rest = message.text[len(shown) :]
        if rest and message.text.startswith(shown) and self._view is not None:
            self._view.show(Event("chunk", rest))

    def _open_view(self) -> None:
        self._view = self._new_view()
        self._view.__enter__()

    def _close_view(self) -> None:
        view, self._view = self._view, None
        if view is not None:
            view.__exit__(None, None, None)

    def _show_what_else(self, message: ChatMessage) -> None:
        show_sources(self._citations, on_terminal=self._on_terminal)
        note_files(self._files, "The chat's file has it")
        if message.error is not None:
            said = visible(" ".join(message.error.message.split()))
            click.echo(f"Error: {said}", err=True)
        elif message.status == "done" and not (message.text or message.parts or self._files):
            click.echo("Note: the answer is empty.", err=True)
