"""`messages_from_ui`: the messages of `useChat`, as the services take them.

Source: the npm package `ai`, `src/ui/ui-messages.ts` and `src/ui/convert-to-model-messages.ts`,
versions 5 to 7.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..dialects.parts import data_of
from .bad_request import BadRequest

_LEFT_OUT = frozenset(
    ("reasoning", "reasoning-file", "source-url", "source-document", "file", "custom")
)
"""Parts of an assistant's message that a service does not take back."""
_STATES = (
    *("input-streaming", "input-available", "output-available", "output-error"),
    *("approval-requested", "approval-responded", "output-denied"),
)
_SPEECH = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
"""OpenAI's name of the format, by the media type."""


def messages_from_ui(messages: object) -> list[dict[str, Any]]:
    """The field `messages` of a request of `useChat`, for `relay(messages, frames="ui")`.

    Texts, images, speech and files of the person stay. Of the assistant's messages, the texts and
    the calls of tools that have a result stay; a `step-start` begins another message. Reasoning,
    sources, files of the model and `data-` parts are for the page alone, and are left out. So are a
    call without a result, which no service takes, and one that the service has run itself.

    The browser has sent all of it: results of tools and messages of the role "system" too.

    Raises `BadRequest`, a `ValueError`, that names the item, such as `messages[2].parts[0]`, and
    what was expected.
    """
    place = "messages"
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(messages, Sequence):
        raise BadRequest(f"{place} must be a list of messages, not {type(messages).__name__}")
    converted = [
        each
        for number, message in enumerate(messages)
        for each in _converted(f"{place}[{number}]", message)
    ]
    if not any(message["role"] in ("user", "tool") for message in converted):
        raise BadRequest(f"{place} has no question: expected a message of the role 'user'")
    return converted


def _converted(place: str, message: object) -> Iterator[dict[str, Any]]:
    if not isinstance(message, Mapping):
        raise BadRequest(f"{place} must be an object, not {type(message).__name__}")
    parts, role = message.get("parts"), message.get("role")
    if role not in ("system", "user", "assistant"):
        raise BadRequest(f"{place}.role is {role!r}: expected 'system', 'user' or 'assistant'")
    if not isinstance(parts, list):
        raise BadRequest(f"{place}.parts must be a list of parts, not {type(parts).__name__}")
    named = [(f"{place}.parts[{n}]", _part(f"{place}.parts[{n}]", p)) for n, p in enumerate(parts)]
    if role == "user":
        yield _asked(f"{place}.parts", named)
    elif role == "system":
        texts = [_field(where, part, "text") for where, part in named if part["type"] == "text"]
        if text := "".join(texts):
            yield {"role": "system", "content": text}
    else:
        yield from _Rounds().of(named)


def _part(place: str, part: object) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise BadRequest(f"{place} must be an object with 'type', not {type(part).__name__}")
    _field(place, part, "type")
    return part


def _field(place: str, part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{place}.{name} must be a text, not {type(value).__name__}")
    return value


# What a person has said


def _asked(place: str, parts: list[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for where, part in parts:
        kind = part["type"]
        if kind == "text":
            if text := _field(where, part, "text"):
                content.append({"type": "text", "text": text})
        elif kind == "file":
            content.append(_file(where, part))
        elif not kind.startswith("data-"):
            raise BadRequest(f"{where}.type is {kind!r}: expected 'text', 'file' or 'data-...'")
    if not any(part["type"] != "text" or part["text"].strip() for part in content):
        raise BadRequest(f"{place} has no question: expected a text or a file")
    if len(content) == 1 and content[0]["type"] == "text":
        return {"role": "user", "content": content[0]["text"]}
    return {"role": "user", "content": content}


def _file(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    url, media_type = _field(place, part, "url"), _field(place, part, "mediaType").lower()
    data = data_of(url)
    if data is None and not url.lower().startswith("https://"):
        raise BadRequest(
            f"{place}.url is {url[:40]!r}: expected a data URL, or an address that begins with "
            "'https://'"
        )
    if data is not None and not data.base64:
        raise BadRequest(f"{place}.url has no data: expected 'data:TYPE;base64,...'")
    if media_type.split("/")[0] == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    if data is None:
        raise BadRequest(
            f"{place} is of the type {media_type!r}: expected an image, or a file as a data URL"
        )
    if (speech := _SPEECH.get(media_type)) is not None:
        return {"type": "input_audio", "input_audio": {"data": data.base64, "format": speech}}
    name = part.get("filename")
    file = {"filename": name if name and isinstance(name, str) else "file", "file_data": url}
    return {"type": "file", "file": file}


# What the model has said and called


class _Rounds:
    """The rounds of an assistant's message: a text and calls, and then the results of those."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._results: list[dict[str, Any]] = []

    def of(self, parts: list[tuple[str, Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
        for place, part in parts:
            kind = part["type"]
            if kind == "text":
                if self._calls:  # it was said with the results at hand
                    yield from self._end()
                self._texts.append(_field(place, part, "text"))
            elif kind == "step-start":
                yield from self._end()
            elif kind == "dynamic-tool" or kind.startswith("tool-"):
                self._add_call(place, part)
            elif kind == "steering-message":  # a person has said something in between
                yield from self._end()
                yield from _converted(place, {"role": "user", "parts": part.get("parts")})
            elif not (kind in _LEFT_OUT or kind.startswith("data-")):
                raise BadRequest(
                    f"{place}.type is {kind!r}: expected 'text', 'reasoning', 'file', 'step-start',"
                    " 'tool-...', 'dynamic-tool', 'source-...' or 'data-...'"
                )
        yield from self._end()

    def _end(self) -> Iterator[dict[str, Any]]:
        text = "".join(self._texts)
        if self._calls:
            yield {"role": "assistant", "content": text or None, "tool_calls": self._calls}
        elif text:
            yield {"role": "assistant", "content": text}
        yield from self._results
        self._texts, self._calls, self._results = [], [], []

    def _add_call(self, place: str, part: Mapping[str, Any]) -> None:
        kind, state = part["type"], part.get("state")
        id = _field(place, part, "toolCallId")
        name = kind[len("tool-") :]
        if kind == "dynamic-tool":
            name = _field(place, part, "toolName")
        if not id or not name:
            raise BadRequest(f"{place} has no {'name' if id else 'toolCallId'}")
        if state not in _STATES:
            raise BadRequest(f"{place}.state is {state!r}: expected one of {', '.join(_STATES)}")
        result = _result(place, part, state)
        if result is None or part.get("providerExecuted") is True:
            return
        function = {"name": name, "arguments": _arguments(place, part, state)}
        self._calls.append({"id": id, "type": "function", "function": function})
        self._results.append({"role": "tool", "tool_call_id": id, "content": result})


def _result(place: str, part: Mapping[str, Any], state: str) -> str | None:
    """What the tool has returned; None if there is no result."""
    if state == "output-available":
        output = part.get("output")
        return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    if state == "output-error":
        return _field(place, part, "errorText")
    approval = part.get("approval")
    said = approval if isinstance(approval, Mapping) else {}
    if state == "output-denied" or (state == "approval-responded" and not said.get("approved")):
        reason = said.get("reason")
        because = f" Their reason: {reason}" if reason and isinstance(reason, str) else ""
        return f"The user did not allow this call.{because}"
    return None


def _arguments(place: str, part: Mapping[str, Any], state: str) -> str:
    given = part.get("input")
    if isinstance(given, Mapping):
        return json.dumps(given, ensure_ascii=False)
    if given is None or state == "output-error":
        # What the model wrote there was no object, so that no service would take it back. The
        # result says so.
        return "{}"
    raise BadRequest(f"{place}.input must be an object, not {type(given).__name__}")
