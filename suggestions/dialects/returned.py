"""What a service of chats wants back as it came, in the message with the calls of tools.

Without it, the next request is a 400: DeepSeek and Moonshot want `reasoning_content` back, Gemini
the signature in `extra_content` of a call, and OpenRouter `reasoning_details`, which has the
signatures of the services that it asks. Others refuse a request with one of these fields. So each
is kept with the name of the service that sent it, goes back to that one alone, and only beside
calls.

Source: DeepSeek's "Thinking mode", Moonshot's "Use the Kimi thinking model", Google's "Thought
signatures", OpenRouter's "Reasoning tokens".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .attached import objects_in
from .delta import OpaquePiece
from .json_message import id_of, index_of

_DETAILS = frozenset(("reasoning.text", "reasoning.summary", "reasoning.encrypted"))
"""The types of `reasoning_details`."""
OF_MESSAGE = "message_fields"
"""The type of a part that has fields of the message."""
OF_CALL = "call_fields"
"""The type of a part that has fields of one of its calls."""
RETURNED = _DETAILS | {OF_MESSAGE, OF_CALL}
"""The types of these parts."""


def field_to_return(service: str, name: str, text: str, *, whole: bool = False) -> OpaquePiece:
    """A piece of a field of the message."""
    fields = {"type": OF_MESSAGE, "service": service, name: text}
    return OpaquePiece(name, fields, whole=whole, for_calls=True)


def to_return(choice: Mapping[str, Any], service: str) -> Iterator[OpaquePiece]:
    """What is to go back of a choice of that service."""
    whole = not choice.get("delta")
    said = choice.get("message" if whole else "delta")
    if not isinstance(said, dict):
        return
    thought = said.get("reasoning_content")
    if isinstance(thought, str):
        yield field_to_return(service, "reasoning_content", thought, whole=whole)
    if said.get("reasoning_details"):
        yield from _details(said["reasoning_details"], service, whole=whole)
    if said.get("tool_calls"):
        for call in objects_in(said["tool_calls"]):
            if (extra := call.get("extra_content")) and (call_id := id_of(call.get("id"))):
                named = {"type": OF_CALL, "service": service, "tool_call_id": call_id}
                fields = {**named, "extra_content": extra}
                yield OpaquePiece((OF_CALL, call_id), fields, whole=True, for_calls=True)


def _details(details: object, service: str, *, whole: bool) -> Iterator[OpaquePiece]:
    """The pieces of `reasoning_details`, of which those with one index are one."""
    for number, detail in enumerate(objects_in(details)):
        kind = detail.get("type")
        if isinstance(kind, str) and kind in _DETAILS:
            index = index_of(detail.get("index"))
            position = (kind, number if index is None else index, _own_id(detail))
            said = {name: value for name, value in detail.items() if value is not None}
            yield OpaquePiece(position, {**said, "service": service}, whole=whole, for_calls=True)


def with_returned(message: dict[str, Any], service: str) -> dict[str, Any]:
    """The message as that service takes it: with the fields that it sent, and no part of these."""
    content = message.get("content")
    if not isinstance(content, list) or not any(part["type"] in RETURNED for part in content):
        return message
    said: Any = [part for part in content if part["type"] not in RETURNED]
    if all(part["type"] == "text" for part in said):
        said = "".join(part["text"] for part in said)
    if not message.get("tool_calls"):
        return {**message, "content": said}
    own = [part for part in content if part["type"] in RETURNED and part.get("service") == service]
    return {**message, "content": said or None, **_fields(message["tool_calls"], own)}


def _fields(calls: list[dict[str, Any]], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of the message that the parts stand for."""
    of_calls = {part.get("tool_call_id"): part for part in parts if part["type"] == OF_CALL}
    named = ((call, of_calls.get(call["id"], {}) if call.get("id") else {}) for call in calls)
    fields: dict[str, Any] = {
        "tool_calls": [{**call, **_bare(part, "type", "tool_call_id")} for call, part in named]
    }
    details = [_bare(part) for part in parts if part["type"] in _DETAILS]
    if details:  # they say what `reasoning_content` says, and more
        return {"reasoning_details": details, **fields}
    for part in parts:
        if part["type"] == OF_MESSAGE:
            fields |= _bare(part, "type")
    return fields


def _own_id(detail: Mapping[str, Any]) -> str:
    """The id of what is encrypted: that of its call, so that several may have one index."""
    return id_of(detail.get("id")) if detail["type"] == "reasoning.encrypted" else ""


def _bare(part: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in ("service", *names)}
