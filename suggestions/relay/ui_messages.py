"""`messages_from_ui`: the messages of `useChat`, as the services take them.

Source: the npm package `ai`, `src/ui/ui-messages.ts` and `src/ui/convert-to-model-messages.ts`,
versions 5 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..dialects.parts import data_of
from .bad_request import BadRequest
from .posted import (
    SPEECH,
    answered,
    call_of,
    file_part,
    json_at,
    list_at,
    object_at,
    shown,
    speech_part,
    text_in,
)

_LEFT_OUT = frozenset(
    ("reasoning", "reasoning-file", "source-url", "source-document", "file", "custom")
)
"""Parts of an assistant's message that a service does not take back."""
_STATES = (
    *("input-streaming", "input-available", "output-available", "output-error"),
    *("approval-requested", "approval-responded", "output-denied"),
)


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
    said = object_at(place, message)
    role = said.get("role")
    if role not in ("system", "user", "assistant"):
        raise BadRequest(f"{place}.role is {shown(role)}: expected 'system', 'user' or 'assistant'")
    parts = list_at(f"{place}.parts", said.get("parts"))
    named = [(f"{place}.parts[{n}]", _part(f"{place}.parts[{n}]", p)) for n, p in enumerate(parts)]
    if role == "user":
        yield _asked(f"{place}.parts", named)
    elif role == "system":
        texts = [text_in(where, part, "text") for where, part in named if part["type"] == "text"]
        if text := "".join(texts):
            yield {"role": "system", "content": text}
    else:
        yield from _Rounds().of(named)


def _part(place: str, part: object) -> Mapping[str, Any]:
    named = object_at(place, part)
    text_in(place, named, "type")
    return named


# What a person has said


def _asked(place: str, parts: list[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for where, part in parts:
        kind = part["type"]
        if kind == "text":
            if text := text_in(where, part, "text"):
                content.append({"type": "text", "text": text})
        elif kind == "file":
            content.append(_file(where, part))
        elif not kind.startswith("data-"):
            raise BadRequest(
                f"{where}.type is {shown(kind)}: expected 'text', 'file' or 'data-...'"
            )
    if not any(part["type"] != "text" or part["text"].strip() for part in content):
        raise BadRequest(f"{place} has no question: expected a text or a file")
    if len(content) == 1 and content[0]["type"] == "text":
        return {"role": "user", "content": content[0]["text"]}
    return {"role": "user", "content": content}


def _file(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    url, media_type = text_in(place, part, "url"), text_in(place, part, "mediaType").lower()
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
            f"{place} is of the type {shown(media_type)}: expected an image, or a file as a data "
            "URL"
        )
    if media_type in SPEECH:
        return speech_part(data._replace(media_type=media_type))
    return file_part(url, part.get("filename"))


# What the model has said and called


class _Rounds:
    """The rounds of an assistant's message: a text and calls, and then the results of those."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._results: dict[str, str] = {}

    def of(self, parts: list[tuple[str, Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
        for place, part in parts:
            kind = part["type"]
            if kind == "text":
                if self._calls:  # it was said with the results at hand
                    yield from self._end()
                self._texts.append(text_in(place, part, "text"))
            elif kind == "step-start":
                yield from self._end()
            elif kind == "dynamic-tool" or kind.startswith("tool-"):
                self._add_call(place, part)
            elif kind == "steering-message":  # a person has said something in between
                yield from self._end()
                yield from _converted(place, {"role": "user", "parts": part.get("parts")})
            elif not (kind in _LEFT_OUT or kind.startswith("data-")):
                raise BadRequest(
                    f"{place}.type is {shown(kind)}: expected 'text', 'reasoning', 'file', "
                    "'step-start', 'tool-...', 'dynamic-tool', 'source-...' or 'data-...'"
                )
        yield from self._end()

    def _end(self) -> Iterator[dict[str, Any]]:
        yield from answered("".join(self._texts), self._calls, self._results)
        self._texts, self._calls, self._results = [], [], {}

    def _add_call(self, place: str, part: Mapping[str, Any]) -> None:
        kind, state = part["type"], part.get("state")
        id = text_in(place, part, "toolCallId")
        name = kind[len("tool-") :]
        if kind == "dynamic-tool":
            name = text_in(place, part, "toolName")
        if not id or not name:
            raise BadRequest(f"{place} has no {'name' if id else 'toolCallId'}")
        if state not in _STATES:
            raise BadRequest(
                f"{place}.state is {shown(state)}: expected one of {', '.join(_STATES)}"
            )
        result = _result(place, part, state)
        if result is None or part.get("providerExecuted") is True:
            return
        if id not in self._results:
            self._calls.append(call_of(id, name, _arguments(place, part, state)))
        self._results[id] = result


def _result(place: str, part: Mapping[str, Any], state: str) -> str | None:
    """What the tool has returned; None if there is no result."""
    if state == "output-available":
        output = part.get("output")
        return output if isinstance(output, str) else json_at(f"{place}.output", output)
    if state == "output-error":
        return text_in(place, part, "errorText")
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
        return json_at(f"{place}.input", given)
    if given is None or state == "output-error":
        # What the model wrote there was not an object, so that no service would take it back. The
        # result says so.
        return "{}"
    raise BadRequest(f"{place}.input must be an object, not {type(given).__name__}")
