"""What of a conversation goes to the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from .._sources.assistant_message import is_cut
from ..events import ToolCall
from .chat_message import ChatMessage

_NOT_IN_NAMES = re.compile("[^a-zA-Z0-9_-]")
Sent = list[Mapping[str, Any]]
History = int | Callable[[Sent], Sequence[Mapping[str, Any]]]


def check_history(history: object) -> Any:
    """Raises `TypeError` and `ValueError`."""
    if history is None or callable(history):
        return history
    if not isinstance(history, int) or isinstance(history, bool):
        raise TypeError(f"history must be an int, a callable or None, not {type(history).__name__}")
    if history < 1:
        raise ValueError("history must be 1 or more: the question itself is sent")
    return history


def history_of(messages: Sequence[ChatMessage], system: str | None, limit: History | None) -> Sent:
    """The messages as the service gets them. Raises `TypeError` if `limit` returns no list."""
    sent: Sent = []
    for place in range(len(messages)):
        sent += _sent(messages, place)
    if callable(limit):
        chosen = limit(sent)
        if not isinstance(chosen, (list, tuple)):
            kind = type(chosen).__name__
            raise TypeError(f"history must return a list of messages, not {kind}")
        sent = list(chosen)
    elif limit is not None:
        sent = _newest(sent, limit)
    return [{"role": "system", "content": system}, *sent] if system else sent


def _newest(sent: Sent, limit: int) -> Sent:
    """At most so many; but always the newest question, and all that came after it."""
    questions = [place for place, message in enumerate(sent) if message["role"] == "user"]
    # Services want a question first.
    fitting = [place for place in questions if place >= len(sent) - limit]
    return sent[(fitting or questions)[0 if fitting else -1] :]


def _sent(messages: Sequence[ChatMessage], place: int) -> Sent:
    """The message at that place, with the results of its calls. Nothing of an assistant's that
    failed or says nothing."""
    message = messages[place]
    if message.role == "user":
        return [{"role": "user", "content": _content(message)}]
    if message.role == "tool" or message.status == "error":
        return []
    if message.tool_calls:
        results = list(takewhile(lambda each: each.role == "tool", messages[place + 1 :]))
        if len(results) == len(message.tool_calls):
            return [_with_calls(message), *map(_result, results)]
        # A service refuses calls of tools that no result follows, and what belongs to them.
        content: Any = message.text
    else:
        content = _content(message)
    # Responses gets an image back that it has drawn, by a part that has the whole item.
    has_item = content is not message.text and any(
        type(part.get("item")) is dict for part in message.parts
    )
    return [{"role": "assistant", "content": content}] if message.text.strip() or has_item else []


def _content(message: ChatMessage) -> str | list[Mapping[str, Any]]:
    is_text = all(part.get("type") == "text" for part in message.parts)
    return message.text if is_text else list(message.parts)


def _with_calls(message: ChatMessage) -> dict[str, Any]:
    content = _content(message) or None
    return {
        "role": "assistant",
        "content": content,
        "tool_calls": [sent_call(call) for call in message.tool_calls],
    }


def sent_call(call: ToolCall) -> dict[str, Any]:
    """A call in a history, as services take it."""
    # They refuse a name that no tool can have, and arguments that are not a JSON object, with each
    # question from then on. The result says what was wrong with them.
    name = _NOT_IN_NAMES.sub("_", call.name)[:64] or "_"
    function = {"name": name, "arguments": "{}" if is_cut(call) else call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _result(message: ChatMessage) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": message.text}
