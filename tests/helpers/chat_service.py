"""A service for conversations: each answer is what a test feeds to the request of its number."""

from __future__ import annotations

import json
import queue
import threading
from typing import Any

import requests
from script import Script

from suggestions import Conversation

CUT = object()
"""Fed to an answer: the connection ends."""


class ChatService(Script):
    """The number of a request is in a header, because one that is stopped early is never sent."""

    def __init__(self) -> None:
        super().__init__([])
        self._one_at_a_time = threading.Lock()
        self._fed: dict[str, queue.SimpleQueue[object]] = {}
        self.asked: dict[str, Any] = {}

    def feed(self, number: object, *steps: object) -> None:
        for step in steps:
            self._queue(str(number)).put(step)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        number = request.headers["X-Number"]
        self.asked[number] = json.loads(request.body or b"")
        with self._one_at_a_time:
            self._steps = iter(self._queue(number).get, CUT)
            return super().send(request)

    def _queue(self, number: str) -> queue.SimpleQueue[object]:
        return self._fed.setdefault(number, queue.SimpleQueue())

    def cut(self) -> None:
        for number in list(self._fed):
            self.feed(number, CUT)

    def given(self) -> dict[str, Any]:
        """Arguments of a conversation that asks it."""
        return {
            "dialect": "openai",
            "url": "https://service.example/chat",
            "token": "very-secret",
            "options": {"model": "m1"},
            "session": self.session(),
        }


def numbered(number: object) -> dict[str, Any]:
    """An option of a command: the number of its request."""
    return {"headers": {"X-Number": str(number)}}


class ChatView:
    """Applies each change to a list, as a view does, and writes down the rest."""

    def __init__(self, chat: Conversation) -> None:
        self.chat = chat
        self.shown = list(chat.messages)
        self.status: str = chat.status
        self.statuses: list[str] = []
        self.texts: list[str] = []
        self.ends: list[tuple[str, str]] = []
        """The id of each answer that has ended, and its status then."""
        self.wrong: list[str] = []
        self.threads: set[int] = set()
        for name in ("change", "status", "done", "error"):
            chat.connect(name, getattr(self, f"_{name}"))

    def _change(self, chat: Conversation, event: Any) -> None:
        self.threads.add(threading.get_ident())
        change = event.detail
        if change.kind == "added":
            self.shown.insert(change.position, change.message)
            self.texts.append(change.message.text)
        elif change.kind == "removed":
            gone = self.shown.pop(change.position)
            self._check(gone.id == change.message.id, f"{change.position} is removed")
        else:
            old = self.shown[change.position]
            self._check(old.id == change.message.id, f"{change.position} is another message")
            if change.text_from is not None:
                text = old.text[: change.text_from] + change.message.text[change.text_from :]
                self._check(text == change.message.text, f"{old.text!r} becomes {text!r}")
                self.texts.append(text)
            self.shown[change.position] = change.message

    def _status(self, chat: Conversation, event: Any) -> None:
        self._check(event.detail != self.status, f"{event.detail} is reported twice")
        self.status = event.detail
        self.statuses.append(event.detail)

    def _done(self, chat: Conversation, event: Any) -> None:
        self._check(event.detail.status in ("done", "stopped"), f"done: {event.detail.status}")
        self.ends.append((event.detail.id, event.detail.status))

    def _error(self, chat: Conversation, event: Any) -> None:
        self._check(event.detail.error is not None, "an error without one")
        self.ends.append((event.detail.id, event.detail.status))

    def _check(self, holds: bool, what: str) -> None:
        # What a handler raises is only logged.
        if not holds:
            self.wrong.append(what)

    @property
    def is_up_to_date(self) -> bool:
        return (tuple(self.shown), self.status) == (self.chat.messages, self.chat.status)
