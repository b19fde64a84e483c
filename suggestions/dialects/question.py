"""A question: one text, or a conversation that ends in the question.

A conversation is a list of messages in the shape of OpenAI's chat completions (its API reference,
"Create chat completion", `messages`). Each dialect makes of it what its service takes. So a program
keeps one history, whichever service it asks.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from .._util.arguments import check_json
from .returned import RETURNED

ROLES = frozenset(("system", "developer", "user", "assistant", "tool"))


class TextPart(TypedDict):
    """A text within the content of a message."""

    type: Literal["text"]
    text: str


class _ImageURL(TypedDict):
    url: str


class ImageURL(_ImageURL, total=False):
    """`url` is a web address or a data URL (RFC 2397); `detail` is "low", "high" or "auto"."""

    detail: str


class ImagePart(TypedDict):
    """An image within the content of a message; `suggestions.image()` makes one."""

    type: Literal["image_url"]
    image_url: ImageURL


class InputAudio(TypedDict):
    """`data` is base64; `format` is "wav" or "mp3"."""

    data: str
    format: str


class AudioPart(TypedDict):
    """Speech within the content of a message."""

    type: Literal["input_audio"]
    input_audio: InputAudio


class File(TypedDict, total=False):
    """`file_data` is a data URL; or else `file_id` is the service's name of a file it has."""

    filename: str
    file_data: str
    file_id: str


class FilePart(TypedDict):
    """A file, such as a PDF, within the content of a message."""

    type: Literal["file"]
    file: File


Part = TextPart | ImagePart | AudioPart | FilePart | Mapping[str, Any]
"""A part of a message's content. One of another type goes to the service as it is."""


class CalledFunction(TypedDict):
    """`arguments` is the JSON text of an object."""

    name: str
    arguments: str


class AssistantCall(TypedDict):
    """A call of a tool that the model has made."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class _Role(TypedDict):
    role: str


class Message(_Role, total=False):
    """One item of a conversation.

    `role` is "system", "developer", "user", "assistant" or "tool". `content` is a text or a list of
    parts. An assistant's message may have `tool_calls`; each of them is answered by a message of
    the role "tool" with its id as `tool_call_id`. `context` is for Jetpack AI alone, with the role
    "jetpack-ai".
    """

    content: str | Sequence[Part] | None
    tool_calls: Sequence[AssistantCall]
    tool_call_id: str
    name: str
    context: Mapping[str, Any]


Question = str | Sequence[Message] | Sequence[Mapping[str, Any]]
"""A text, or a conversation whose last message is the question."""

_OPAQUE = frozenset(("thinking", "redacted_thinking", "reasoning", "item", "call")) | RETURNED
"""Types of parts that a service signed or encrypted, or that name what is beside them (`item`, of
Responses): no other service can read them."""

_FIELDS: Mapping[str, tuple[str, type, str]] = {
    "text": ("text", str, "a str"),
    "image_url": ("image_url", Mapping, "a dict with 'url'"),
    "input_audio": ("input_audio", Mapping, "a dict with 'data' and 'format'"),
    "file": ("file", Mapping, "a dict with 'file_data' or 'file_id'"),
}
"""By the type of a part: the field that it must have, and what that must be."""


def check_question(
    question: object,
    roles: frozenset[str] = ROLES,
    *,
    opaque: frozenset[str] = frozenset(),
    has_items: bool = False,
) -> str | list[dict[str, Any]]:
    """The question as text or as a list of new dicts.

    Of the parts that a service signed or encrypted, only the types in `opaque` are left: a service
    refuses those of another. With `has_items`, what has a `type` and no `role` is an item of the
    service's own, and is not checked.

    Raises `TypeError` or `ValueError`, which name the item and what was expected.
    """
    if isinstance(question, str):
        if not question.strip():
            raise ValueError("question is empty: expected a text or a list of messages")
        return question
    no_list = isinstance(question, (bytes, bytearray, memoryview, Mapping))
    if no_list or not isinstance(question, Sequence):
        raise TypeError(
            f"question must be a str or a sequence of messages, not {type(question).__name__}"
        )
    if not question:
        raise ValueError("question is empty: expected a text or a list of messages")
    messages: list[dict[str, Any]] = []
    for number, item in enumerate(question):
        place = f"question[{number}]"
        if not isinstance(item, Mapping):
            raise TypeError(
                f"{place} must be a mapping with 'role' and 'content', not {type(item).__name__}"
            )
        message = dict(item)
        if not (has_items and _is_item(message)):
            _check_message(place, message, roles)
            if not isinstance(message.get("content"), (str, type(None))):
                message["content"] = _without_opaque(message["content"], _OPAQUE - opaque)
            if message.get("tool_calls"):
                message["tool_calls"] = [_with_json_arguments(c) for c in message["tool_calls"]]
        check_json(place, message)
        messages.append(message)
    return messages


def _is_item(message: Mapping[str, Any]) -> bool:
    """Whether it is an item of a service's own. A part alone is none: its message is missing."""
    kind = message.get("type")
    return "role" not in message and isinstance(kind, str) and kind not in _FIELDS


def _check_message(place: str, message: Mapping[str, Any], roles: frozenset[str]) -> None:
    role = message.get("role")
    if not isinstance(role, str) or role not in roles:
        expected = ", ".join(sorted(roles))
        raise ValueError(f"{place}['role'] is {reprlib.repr(role)}: expected one of {expected}")
    content = message.get("content")
    # These need no content: a model's call of a function, a request to Jetpack AI.
    alone = any(message.get(name) for name in ("tool_calls", "function_call", "context"))
    if isinstance(content, Sequence) and not isinstance(content, (str, bytes, bytearray)):
        for number, part in enumerate(content):
            _check_part(f"{place}['content'][{number}]", part)
    elif not isinstance(content, str) and not (content is None and alone):
        kind = type(content).__name__
        advice = "; messages with 'parts' are for messages_from_ui()" if "parts" in message else ""
        raise TypeError(f"{place}['content'] must be a str or a list of parts, not {kind}{advice}")
    if role == "user" and not alone and not (content.strip() if type(content) is str else content):
        raise ValueError(f"{place}['content'] is empty: expected a text")
    if "tool_call_id" in message:
        _check_str(f"{place}['tool_call_id']", message["tool_call_id"])
    if message.get("tool_calls") is not None:
        _check_calls(f"{place}['tool_calls']", message["tool_calls"])
    if not isinstance(message.get("context", {}), Mapping):
        context = type(message["context"]).__name__
        raise TypeError(f"{place}['context'] must be a dict, not {context}")


def _check_part(place: str, part: object) -> None:
    if not isinstance(part, Mapping):
        raise TypeError(f"{place} must be a mapping with 'type', not {type(part).__name__}")
    kind = part.get("type")
    _check_str(f"{place}['type']", kind)
    if (field := _FIELDS.get(str(kind))) is not None:
        name, expected, words = field
        if not isinstance(part.get(name), expected):
            raise TypeError(
                f"{place}[{name!r}] must be {words}, not {type(part.get(name)).__name__}"
            )
    if kind == "image_url":
        _check_str(f"{place}['image_url']['url']", part["image_url"].get("url"))


def _check_calls(place: str, calls: object) -> None:
    if isinstance(calls, str) or not isinstance(calls, Sequence):
        raise TypeError(f"{place} must be a list of calls, not {type(calls).__name__}")
    for number, call in enumerate(calls):
        if not isinstance(call, Mapping):
            raise TypeError(f"{place}[{number}] must be a dict, not {type(call).__name__}")
        function = call.get("function")
        if not isinstance(function, Mapping):
            # A custom tool's call, which has `custom` instead, is for the service to check.
            if call.get("type", "function") == "function":
                kind = type(function).__name__
                raise TypeError(
                    f"{place}[{number}]['function'] must be a dict with 'name' and 'arguments', "
                    f"not {kind}"
                )
            continue
        _check_str(f"{place}[{number}]['function']['name']", function.get("name"))
        if not isinstance(function.get("arguments", ""), (str, Mapping)):
            kind = type(function["arguments"]).__name__
            raise TypeError(
                f"{place}[{number}]['function']['arguments'] must be a dict or its JSON text, "
                f"not {kind}"
            )


def _check_str(place: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{place} must be a str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{place} is empty")


def _without_opaque(content: Sequence[Mapping[str, Any]], left_out: frozenset[str]) -> Any:
    """The content without those parts; what is then only text is one text again."""
    kept = [dict(part) for part in content if part["type"] not in left_out]
    if len(kept) < len(content) and all(part["type"] == "text" for part in kept):
        return "".join(part["text"] for part in kept)
    return kept


def _with_json_arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    """The call with its arguments as JSON text, which some services' own messages have as a
    dict."""
    function = call.get("function")
    if not isinstance(function, Mapping) or isinstance(function.get("arguments", ""), str):
        return dict(call)
    arguments = json.dumps(function["arguments"], ensure_ascii=False)
    return {**call, "function": {**function, "arguments": arguments}}
