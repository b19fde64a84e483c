"""What a front end posts: its fields, its calls of tools and its files, as services take them."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..dialects.parts import Data
from ..events import ToolCall
from .bad_request import BadRequest

SPEECH = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
"""OpenAI's name of the format, by the media type."""
_repr = reprlib.Repr()
_repr.maxstring = 80
shown = _repr.repr
"""A wrong value, for a sentence: it may be long, and nested too deeply for `repr`."""


def object_at(place: str, value: object) -> Mapping[str, Any]:
    """Raises `BadRequest` that names the place, as all of these do."""
    if not isinstance(value, Mapping):
        raise BadRequest(f"{place} must be an object, not {type(value).__name__}")
    return value


def list_at(place: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(f"{place} must be a list, not {type(value).__name__}")
    return value


def text_in(place: str, item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{place}.{name} must be a text, not {type(value).__name__}")
    return value


def json_at(place: str, value: object) -> str:
    """The JSON text of a value."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise BadRequest(f"{place} is no JSON that can be sent on") from None


def call_of(id: str, name: str, arguments: str) -> dict[str, Any]:
    """A call of a tool, in a message of the model."""
    from ..conversation.history import sent_call  # most relays have no tools

    return sent_call(ToolCall(id, name, arguments))


def answered(
    text: str, calls: list[dict[str, Any]], results: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """What the model has said and called, and then the results, by the ids of their calls."""
    if calls:
        yield {"role": "assistant", "content": text or None, "tool_calls": calls}
    elif text:
        yield {"role": "assistant", "content": text}
    for call in calls:
        yield {"role": "tool", "tool_call_id": call["id"], "content": results[call["id"]]}


def speech_part(data: Data) -> dict[str, Any]:
    """For data of one of the types of `SPEECH`."""
    said = {"data": data.base64, "format": SPEECH[data.media_type]}
    return {"type": "input_audio", "input_audio": said}


def file_part(url: str, name: object) -> dict[str, Any]:
    """For a data URL of any other type. `name` is what the front end says."""
    filename = name if name and isinstance(name, str) else "file"
    return {"type": "file", "file": {"filename": filename, "file_data": url}}
