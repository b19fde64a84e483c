"""What was asked and answered, in the JSON that the conventions have for it.

Source: OpenTelemetry's semantic conventions for GenAI, v0.1.0, the JSON schemas of
`gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.system_instructions` and
`gen_ai.tool.definitions`. The bytes of images and files are left out: an attribute is not a place
for megabytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from .._util.redaction import REMOVED, Redact, without_values
from .._util.secret import reveal
from ..dialects.base import Asked
from ..dialects.model_api import messages_of

if TYPE_CHECKING:
    from .._sources.answer import Answer
    from .attributes import Attributes

_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}
_APART = {"anthropic": "system", "responses": "instructions"}
"""The field of the body for instructions, by dialect. Anthropic has no other place for them."""


def of_question(asked: Asked, dialect: str, body: Mapping[str, Any], redact: Redact) -> Attributes:
    """The messages, the instructions apart from them, and the descriptions of tools."""
    messages = messages_of(asked)
    apart = body.get(_APART.get(dialect, ""))
    if dialect == "anthropic":
        messages = [each for each in messages if each.get("role") not in ("system", "developer")]
    found = {
        "gen_ai.input.messages": list(map(_message, messages)),
        "gen_ai.system_instructions": list(_parts(apart)) if apart else [],
        "gen_ai.tool.definitions": list(_definitions(body.get("tools") or body.get("functions"))),
    }
    return {name: redact(_as_json(value)) for name, value in found.items() if value}


def of_answer(answer: Answer, redact: Redact) -> Attributes:
    """The message of the answer, as far as it has come."""
    message = answer.message
    parts = [{"type": "reasoning", "content": answer.reasoning}] if answer.reasoning else []
    if answer.full_message:
        parts.append({"type": "text", "content": answer.full_message})
    parts += _calls(message)
    reason = answer.finish_reason or ("stop" if answer.state == "done" else "error")
    said = {"role": "assistant", "parts": parts, "finish_reason": _REASONS.get(reason, reason)}
    return {"gen_ai.output.messages": redact(_as_json([said]))}


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if role is None:  # an item of the service's own
        return {"role": "user", "parts": [{"type": str(message.get("type"))}]}
    if role == "tool":
        response = {"type": "tool_call_response", "id": message.get("tool_call_id")}
        return {"role": "tool", "parts": [{**response, "response": content}]}
    said = {"role": role, "parts": [*_parts(content), *_calls(message)]}
    return {**said, "name": message["name"]} if isinstance(message.get("name"), str) else said


def _parts(content: object) -> Iterator[dict[str, Any]]:
    if isinstance(content, str):
        if content:
            yield {"type": "text", "content": content}
    elif isinstance(content, Sequence):
        for part in content:
            yield _part(part) if isinstance(part, Mapping) else {"type": "text", "content": part}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(part.get("type"))
    if isinstance(part.get("text"), str):
        return {"type": "text", "content": part["text"]}
    if isinstance(part.get("thinking"), str):
        return {"type": "reasoning", "content": part["thinking"]}
    detail = part.get(kind)
    detail = detail if isinstance(detail, Mapping) else {}
    if kind == "image_url" and isinstance(url := detail.get("url"), str):
        return _of_address(url)
    if kind == "input_audio":
        return {"type": "blob", "modality": "audio", "mime_type": _audio(detail), "content": ""}
    if kind == "file" and isinstance(id := detail.get("file_id"), str):
        return {"type": "file", "modality": "document", "file_id": id}
    if kind == "file":
        return {"type": "blob", "modality": "document", "content": ""}
    return {"type": kind}


def _of_address(url: str) -> dict[str, Any]:
    if not url.startswith("data:"):
        return {"type": "uri", "modality": "image", "uri": _without_secrets(url)}
    media_type = url[5:].partition(",")[0].partition(";")[0]
    return {"type": "blob", "modality": "image", "mime_type": media_type, "content": ""}


def _without_secrets(url: str) -> str:
    """Without the user's name and password, and the values of its query: a signature, mostly."""
    try:
        parts = urlsplit(without_values(url))
    except ValueError:
        return REMOVED
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _audio(detail: Mapping[str, Any]) -> str:
    return f"audio/{detail.get('format', 'wav')}"


def _calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls") or ()
    function = message.get("function_call")
    found = [(call.get("id"), call.get("function") or {}) for call in calls]
    if isinstance(function, Mapping):
        found.append((None, function))
    return [
        {
            "type": "tool_call",
            "id": id,
            "name": called.get("name"),
            "arguments": _parsed(called.get("arguments")),
        }
        for id, called in found
    ]


def _parsed(arguments: object) -> object:
    """As an object, if the model has written one."""
    try:
        return json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        return arguments


def _definitions(tools: object) -> Iterator[dict[str, Any]]:
    """As OpenAI's chat, its Responses, Anthropic's Messages and Jetpack AI describe them."""
    for tool in tools if isinstance(tools, Sequence) else ():
        nested = tool.get("function")
        function = nested if isinstance(nested, Mapping) else tool
        name = reveal(function.get("name"))
        if not isinstance(name, str):
            yield {"type": str(tool.get("type")), "name": str(tool.get("type"))}  # of the service
            continue
        schema = function.get("parameters") or function.get("input_schema")
        yield {
            "type": "function",
            "name": name,
            "description": function.get("description"),
            "parameters": schema,
        }
