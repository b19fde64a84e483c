"""A conversation as JSON: one object with `version`, `system` and `messages`.

Each message has `id`, `role`, `text`, and those of its other fields that are not empty. `parts` are
only there if they are not the text alone. Fields that this version does not know are kept, and
written again: a file that a newer version has written loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from ..events import AnswerFile, Citation, ToolCall, Usage
from .chat_message import ChatError, ChatMessage, MessageStatus, as_stopped, text_part

VERSION = 1
_NEEDED = ("id", "role", "text")
_ROLES = ("user", "assistant", "tool")
_TUPLES: dict[str, type] = {"error": ChatError, "usage": Usage}
_LISTS: dict[str, type] = {"tool_calls": ToolCall, "citations": Citation, "files": AnswerFile}
_Kinds = dict[str, tuple[type | tuple[type, ...], str]]
_KINDS: _Kinds = {
    "id": (str, "a text"),
    "text": (str, "a text"),
    "reasoning": (str, "a text"),
    "model": (str, "a text"),
    "parts": (list, "a list"),
    **dict.fromkeys(_LISTS, (list, "a list")),
    "error": (dict, "an object"),
    "usage": (dict, "an object"),
}
_KINDS_WITHIN: _Kinds = {
    **dict.fromkeys(("id", "name", "arguments"), (str, "a text")),
    **dict.fromkeys(("code", "message", "request_id"), (str, "a text")),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), (int, "a number")),
    **dict.fromkeys(("cached_tokens", "reasoning_tokens", "status"), (int, "a number")),
    "retry_after": ((int, float), "a number"),
    "details": (dict, "an object"),
    **dict.fromkeys(("url", "title", "quote", "media_type"), (str, "a text")),
    **dict.fromkeys(("start", "end"), (int, "a number")),
    "partial": (bool, "true or false"),
}
"""Those of the fields of an error, a usage, a call, a citation and a file."""


class Saved(NamedTuple):
    messages: list[ChatMessage]
    system: str | None
    more: dict[str, Any]
    """The fields that this version does not know, and its `version`, if it is a newer one."""


def write(messages: Sequence[ChatMessage], system: str | None, more: Mapping[str, Any]) -> str:
    saved = {"version": VERSION, "system": system, **more, "messages": list(map(_saved, messages))}
    text = json.dumps(saved, ensure_ascii=False, indent=2, default=dict)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair of UTF-16, which no file in UTF-8 can have
        text = json.dumps(saved, indent=2, default=dict)
    return text + "\n"


def _saved(message: ChatMessage) -> dict[str, Any]:
    fields = message._asdict()
    more = fields.pop("more")
    if message.parts == text_part(message.text):
        del fields["parts"]
    for name in _TUPLES:
        fields[name] = fields[name] and fields[name]._asdict()
    for name in _LISTS:
        fields[name] = [each._asdict() for each in fields[name]]
    kept = {name: value for name, value in fields.items() if value or name in _NEEDED}
    return {**kept, **more}


def read(text: str) -> Saved:
    """Raises `ValueError` that names what is wrong and what was expected; `TypeError` if it is no
    text."""
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"a conversation is read from a str, not {type(text).__name__}")
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"this is no conversation: expected its JSON, and not a path ({error})"
        ) from None
    if not isinstance(saved, dict) or not isinstance(saved.get("messages"), list):
        raise ValueError("this is no conversation: expected an object with a list 'messages'")
    system = saved.get("system")
    if not isinstance(system, (str, type(None))):
        raise ValueError("'system' must be a text or null")
    version = saved.get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"'version' is {version!r}: expected {VERSION}, or that of a newer file")
    known = ("messages", "system", *(("version",) if version <= VERSION else ()))
    messages = [_read(f"messages[{n}]", each) for n, each in enumerate(saved["messages"])]
    if len({message.id for message in messages}) < len(messages):
        raise ValueError("two messages have the same 'id'")
    return Saved(
        as_stopped(messages),
        system,
        {n: value for n, value in saved.items() if n not in known},
    )


def _read(place: str, saved: object) -> ChatMessage:
    if not isinstance(saved, dict):
        raise ValueError(f"{place} must be an object, not {type(saved).__name__}")
    for name in _NEEDED:
        if name not in saved:
            raise ValueError(f"{place} has no {name!r}")
    _check_kinds(place, saved, _KINDS)
    _check_one_of(f"{place}['role']", saved["role"], _ROLES)
    _check_one_of(f"{place}['status']", saved.get("status", "done"), get_args(MessageStatus))
    fields = {name: saved[name] for name in ChatMessage._fields if name in saved}
    fields["parts"] = _parts(f"{place}['parts']", saved)
    for name, type_ in _LISTS.items():
        fields[name] = tuple(
            _tuple(f"{place}[{name!r}][{n}]", type_, each)
            for n, each in enumerate(saved.get(name, []))
        )
    for name, type_ in _TUPLES.items():
        if name in saved:
            fields[name] = _tuple(f"{place}[{name!r}]", type_, saved[name])
    if saved["role"] == "tool" and len(fields["tool_calls"]) != 1:
        raise ValueError(f"{place}['tool_calls'] must have one call, which is the tool's")
    fields["more"] = {name: value for name, value in saved.items() if name not in fields}
    return ChatMessage(**fields)


def _check_kinds(place: str, saved: Mapping[str, Any], kinds: _Kinds) -> None:
    for name, (kind, words) in kinds.items():
        if name in saved and not isinstance(saved[name], kind):
            raise ValueError(f"{place}[{name!r}] must be {words}")


def _check_one_of(place: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{place} is {value!r}: expected one of {', '.join(known)}")


def _parts(place: str, saved: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    parts = saved.get("parts") or text_part(saved["text"])
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise ValueError(f"each of {place} must be an object with 'type'")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"each of {place} with the type 'text' must have a text")
    return tuple(parts)


def _tuple(place: str, type_: Any, saved: object) -> Any:
    """A named tuple that was saved as an object; what a newer version has added to it is lost."""
    needed = set(type_._fields).difference(type_._field_defaults)
    if not isinstance(saved, dict) or not needed <= saved.keys():
        raise ValueError(f"{place} must be an object with {', '.join(type_._fields)}")
    fields = {n: saved[n] for n in type_._fields if n in needed or saved.get(n) is not None}
    _check_kinds(place, fields, _KINDS_WITHIN)
    return type_(**fields)
