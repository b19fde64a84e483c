"""What a `Conversation` consists of: immutable messages, and what changes in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from os import PathLike
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from ..dialects.image import image
from ..errors import SuggestionsError
from ..events import AnswerFile, Citation, ToolCall, Usage
from .running import CANCELLED

MessageStatus = Literal["submitted", "streaming", "waiting", "calling", "done", "stopped", "error"]
"""Of an assistant's message: asked for; being written. Of a tool's: its call waits for the user; it
runs. And of both, how it ended. A user's is "done"."""
UNDER_WAY: tuple[MessageStatus, ...] = ("submitted", "streaming", "waiting", "calling")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ChatError(NamedTuple):
    """Why an answer failed: the fields of its `SuggestionsError`, as a value that can be saved.

    `code` is the name of the event, such as "error_network", or "error_tools" if tools ended the
    turn; `message` is for a person; `retry_after` is in seconds, None if the service has not said
    it. In a tool's message, `message` is what the model was given, and `code` is "failed", "wrong"
    (there is no such tool, or the arguments do not fit), "refused" or "timeout".
    """

    code: str
    message: str
    status: int | None = None
    request_id: str | None = None
    retry_after: float | None = None


class ChatMessage(NamedTuple):
    """One message of a conversation. It never changes: another one with its `id` replaces it.

    `role` is "user", "assistant" or "tool". `text` is all of its text; it only grows. `parts` are
    the parts of its content in the shape of OpenAI's chat messages: texts, images, and what only
    the service can read. `error`, `model`, `reasoning`, `tool_calls`, `usage`, `citations` and
    `files` are those of the answer. A tool's message is one call: `tool_calls` has that call, and
    `text` is its result.
    `more` are the fields that a newer version of this package has saved.
    """

    id: str
    role: str
    text: str = ""
    parts: tuple[Mapping[str, Any], ...] = ()
    status: MessageStatus = "done"
    error: ChatError | None = None
    model: str | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    citations: tuple[Citation, ...] = ()
    files: tuple[AnswerFile, ...] = ()
    more: Mapping[str, Any] = _NOTHING


class ChatChange(NamedTuple):
    """Detail of `change`: what happened to one message, number `position` (from 0).

    `kind` is "added", "changed" or "removed". After "changed", `fields` names those that differ,
    and `text` is new from the character `text_from` on, which is None if the text is the same.
    """

    kind: Literal["added", "changed", "removed"]
    message: ChatMessage
    position: int
    fields: frozenset[str] = frozenset()
    text_from: int | None = None


class ChatDetail(NamedTuple):
    """Detail of an event of an answer's source: the id of the message that it belongs to, and the
    detail that the source gave it."""

    message_id: str
    detail: Any


for _public in (ChatError, ChatMessage, ChatChange, ChatDetail):
    # The body of a named tuple cannot have this line.
    _public.__module__ = __name__.rpartition(".conversation.")[0]


def new_id() -> str:
    return uuid.uuid4().hex


def text_part(text: str) -> tuple[Mapping[str, Any], ...]:
    return ({"type": "text", "text": text},) if text else ()


def user_message(text: str, images: Iterable[Any]) -> ChatMessage:
    """Raises `TypeError`, `ValueError` and `OSError` as `image()` does, and if there is nothing."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    if isinstance(images, (str, bytes, PathLike, Mapping)) or not isinstance(images, Iterable):
        raise TypeError(f"images must be a list of images, not {type(images).__name__}")
    # A copy: the caller may change its own later.
    shown = [deepcopy(dict(each)) if isinstance(each, Mapping) else image(each) for each in images]
    if not text.strip() and not shown:
        raise ValueError("text is empty: expected a text, or images")
    return ChatMessage(new_id(), "user", text, (*text_part(text), *shown))


def images_of(message: ChatMessage) -> Sequence[Mapping[str, Any]]:
    """The parts that are no text."""
    return [part for part in message.parts if part.get("type") != "text"]


def error_of(error: SuggestionsError | None) -> ChatError | None:
    if error is None:
        return None
    fields = (error.code, error.message, error.status, error.request_id, error.retry_after)
    return ChatError(*fields)


def difference(old: ChatMessage, new: ChatMessage, position: int) -> ChatChange | None:
    """What a view has to show anew; None if the messages are equal."""
    if old is new or old == new:
        return None
    named = zip(ChatMessage._fields, old, new, strict=True)
    fields = frozenset(name for name, before, after in named if before != after)
    text_from = None
    if "text" in fields:
        text_from = len(old.text) if new.text.startswith(old.text) else 0
    return ChatChange("changed", new, position, fields, text_from)


def as_stopped(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """The messages, as if what is under way were stopped now: an answer, or the calls of one."""
    stopped = list(messages)
    answer: int | None = None
    for place, message in enumerate(stopped):
        if message.role == "assistant":
            answer = place
        if message.status not in UNDER_WAY:
            continue
        if message.role == "tool":  # a call without a result cannot be sent
            message = message._replace(text=CANCELLED, parts=text_part(CANCELLED))
            if answer is not None:
                stopped[answer] = stopped[answer]._replace(status="stopped")
        stopped[place] = message._replace(status="stopped")
    return stopped
