"""What is posted to an agent of AG-UI: the messages and the tools of a `RunAgentInput`.

Source: the npm package `@ag-ui/core`, its schemas `Message`, `ContentPart` and `Tool`, version 1.0.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from .parts import calls_of, data_of, refusal, text_alone

ASKED = "asked-"
"""The ids of the messages that are sent begin with it, so that a snapshot shows which of its
messages are the answer."""


def tool_of(tool: object) -> object:
    """A description of a tool; one in the shape of chat completions is turned into the format's."""
    if not isinstance(tool, Mapping):
        return tool  # the backend says what is wrong with it
    said = tool["function"] if isinstance(tool.get("function"), Mapping) else tool
    return {"description": "", **said}  # agents before 1.0 want one


def message_of(place: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """A message in the format's shape. Raises `ValueError` for what it has no place for."""
    role, content = message["role"], message.get("content")
    made: dict[str, Any] = {"id": f"{ASKED}{uuid.uuid4()}", "role": role}
    if role == "user" and isinstance(content, list):
        parts = enumerate(content)
        return {**made, "content": [_part(f"{place}['content'][{n}]", part) for n, part in parts]}
    text = text_alone(place, content, "ag-ui")
    if role == "tool":
        return {**made, "content": text, "toolCallId": message.get("tool_call_id", "")}
    calls = [_called(call) for _, call in calls_of(place, message)]
    if not calls:
        return {**made, "content": text}
    return {**made, **({"content": text} if text else {}), "toolCalls": calls}


def _called(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    named = {"name": function["name"], "arguments": function.get("arguments") or "{}"}
    return {"id": call.get("id") or str(uuid.uuid4()), "type": "function", "function": named}


def _part(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": part["text"]}
    if kind == "image_url":
        return {"type": "image", "source": _source(part["image_url"]["url"])}
    if kind == "input_audio":
        audio = part["input_audio"]
        media_type = "audio/mpeg" if audio.get("format") == "mp3" else "audio/wav"
        source = {"type": "data", "value": audio.get("data") or "", "mimeType": media_type}
        return {"type": "audio", "source": source}
    if kind != "file":
        raise refusal(place, part, "ag-ui", "text, image_url, input_audio or file")
    file = part["file"]
    named = {"metadata": {"filename": file["filename"]}} if file.get("filename") else {}
    if file.get("file_data"):
        return {"type": "document", "source": _source(file["file_data"]), **named}
    source = {"type": "file", "value": file.get("file_id") or ""}
    return {"type": "document", "source": source, **named}


def _source(url: str) -> dict[str, Any]:
    data = data_of(url)
    if data is None:
        return {"type": "url", "value": url}
    return {"type": "data", "value": data.base64, "mimeType": data.media_type}
