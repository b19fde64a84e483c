"""Shows the answers of a conversation, each as `ask` shows one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import click

from ...conversation.chat_message import ChatMessage
from ...conversation.conversation import Conversation
from ...events import AnswerFile, Citation, Event
from ..after_answer import note_files, show_sources
from ..following import View
from ..plain_text import visible
from .shown_calls import Calls

_TICK = 0.1  # seconds
_OF_CALLS = ("tool_call", "tool_result")
_ENDS = ("done", "error")
_NAMES = ("open", "retry", "reasoning", "chunk", "citation", "file", *_OF_CALLS, *_ENDS)
Arrived = SimpleQueue[Event[Any] | None]
"""What has happened; None for the user's wish to stop."""


class Screen:
    """Follows a conversation from the main thread. It is made before the first question.

    `new_view()` returns what one answer is shown through. An event, or None for the user's wish to
    stop, is put into `arrived`.
    """

    def __init__(
        self,
        chat: Conversation,
        arrived: Arrived,
        new_view: Callable[[], View],
        calls: Calls,
        *,
        on_terminal: bool,
    ) -> None:
        self._chat = chat
        self._arrived = arrived
        self._new_view = new_view
        self._calls = calls
        self.on_terminal = on_terminal
        self._view: View | None = None
        self._shown: list[str] = []  # the text of the newest message
        self._shown_of = ""  # the id of that message
        self._answered = False  # something was printed before
        for name in _NAMES:
            chat.connect(name, self._put)

    def _put(self, chat: Conversation, event: Event[Any]) -> None:
        self._arrived.put(event)

    def begin(self) -> None:
        """Forgets a Ctrl-C that came after the end of the answer before."""
        with suppress(Empty):
            while True:
                self._arrived.get_nowait()

    def follow(self) -> ChatMessage:
        """Shows an answer that was just asked for up to its end, and returns its last message."""
        self._citations: list[Citation] = []
        self._files: list[AnswerFile] = []
        if self._answered and not self.on_terminal:
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
        """Shows an answer, or a call of a tool, that was there before."""
        if message.role == "tool":
            self._calls.show(message)
            self._calls.show_result(message)
        elif message.text:
            with self._new_view() as view:
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
            elif event.type in _OF_CALLS:
                self._show_call(event)
            else:
                self._show(event.type, *event.detail)

    def _show_call(self, event: Event[ChatMessage]) -> None:
        self._close_view()
        message = event.detail
        if event.type == "tool_result":
            self._calls.show_result(message)
            return
        self._calls.show(message)
        if message.status == "waiting":
            may_run = self._calls.may_run(message)
            if may_run is None:
                self._chat.stop()
            elif may_run:
                self._chat.approve(message)
            else:
                self._chat.refuse(message)

    def _show(self, name: str, message_id: str, detail: Any) -> None:
        if name == "citation":
            self._citations.append(detail)
        elif name == "file":
            self._files += [] if detail.partial else [detail]
        else:
            if name == "chunk":
                self._count(message_id, detail)
            view = self._open_view()
            if name in view.names:
                view.show(Event(name, detail))

    def _count(self, message_id: str, text: str) -> None:
        if message_id != self._shown_of:
            self._shown_of = message_id
            self._shown.clear()
        self._shown.append(text)

    def _show_rest(self, message: ChatMessage) -> None:
        """Shows what an answer that was stopped has got and no event has reported."""
        shown = "".join(self._shown) if message.id == self._shown_of else ""
        rest = message.text[len(shown) :]
        if rest and message.text.startswith(shown):
            self._open_view().show(Event("chunk", rest))

    def _open_view(self) -> View:
        if self._view is None:
            self._view = self._new_view()
            self._view.__enter__()
        return self._view

    def _close_view(self) -> None:
        view, self._view = self._view, None
        if view is not None:
            view.__exit__(None, None, None)

    def _show_what_else(self, message: ChatMessage) -> None:
        show_sources(self._citations, on_terminal=self.on_terminal)
        is_kept = any(part["type"] != "text" for part in message.parts)
        where = "The chat's file has it" if is_kept else "The chat does not keep it"
        note_files(self._files, where)
        if message.error is not None:
            said = visible(" ".join(message.error.message.split()))
            click.echo(f"Error: {said}", err=True)
        elif message.status == "done" and not (message.text or message.parts or self._files):
            click.echo("Note: the answer is empty.", err=True)
