"""What a client of AG-UI posts, a `RunAgentInput`: its messages and tools, as services take them,
and its ids.

Source: the npm package `@ag-ui/core`, its schemas `RunAgentInput`, `Message` and `ContentPart`,
version 1.0; the part `binary` is that of the versions before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..dialects.parts import data_of
from .bad_request import BadRequest

_SPOKEN = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
"""OpenAI's name of the format, by the media type."""
_NO_PARAMETERS = {"type": "object", "properties": {}}
_ROLES = ("developer", "system", "user", "assistant", "tool", "activity", "reasoning")


def messages_from_ag_ui(body: object) -> list[dict[str, Any]]:
    """The messages of a `RunAgentInput`, for `relay(messages, frames="ag-ui")`.

    Texts, images, speech and documents of the person stay, and so do the assistant's texts and its
    calls of tools that have a result. Reasoning and activities are for the page alone, and are left
    out; so is a call without a result, which no service takes. `state`, `context` and
    `forwardedProps` are for your program.

    The client has sent all of it: results of tools and messages of the role "system" too.

    Raises `BadRequest`, a `ValueError`, that names the item, such as `messages[2].content[0]`, and
    what was expected.
    """
    posted = _list_in(body, "messages")
    named = [_checked(f"messages[{n}]", message) for n, message in enumerate(posted)]
    messages = list(_Turns(_results_in(named)).of(named))
    if not any(message["role"] in ("user", "tool") for message in messages):
        raise BadRequest("messages has no question: expected a message of the role 'user'")
    return messages


# Of `Any`, so that a list with functions beside them is one to a type checker.
def tools_from_ag_ui(body: object) -> list[Any]:
    """The tools of a `RunAgentInput`, which the client runs, for `relay(..., tools=tools)`: as a
    service like OpenAI's takes their descriptions. Your own functions may stand beside them.

    Raises `BadRequest`, a `ValueError`, that names the item, such as `tools[0].name`.
    """
    if isinstance(body, Mapping) and body.get("tools") is None:
        return []
    tools = []
    for number, tool in enumerate(_list_in(body, "tools")):
        place = f"tools[{number}]"
        named = _object(place, tool)
        if not (name := _text(place, named, "name")):
            raise BadRequest(f"{place}.name is empty")
        function: dict[str, Any] = {"name": name}
        if description := _text_or_none(place, named, "description"):
            function["description"] = description
        parameters = named.get("parameters") or _NO_PARAMETERS
        function["parameters"] = dict(_object(f"{place}.parameters", parameters))
        tools.append({"type": "function", "function": function})
    return tools


class AgUiRun:
    """The argument `frames` of `relay` for one run: its events have the ids of the thread and of
    the run that the client has sent. (With "ag-ui", they are new ones.)

    `body`: what the client has posted, a `RunAgentInput`. Raises `BadRequest`.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(self, body: object) -> None:
        if not isinstance(body, Mapping):
            kind = type(body).__name__
            raise BadRequest(f"the body must be an object with 'threadId' and 'runId', not {kind}")
        self.thread_id = _id_in(body, "threadId")
        self.run_id = _id_in(body, "runId")


# The fields


def _id_in(body: Mapping[str, Any], name: str) -> str:
    id = body.get(name)
    if not isinstance(id, str):
        raise BadRequest(f"{name} must be a text, not {type(id).__name__}")
    return id


def _list_in(body: object, name: str) -> Sequence[object]:
    if not isinstance(body, Mapping):
        raise BadRequest(f"the body must be an object with {name!r}, not {type(body).__name__}")
    items = body.get(name)
    if not isinstance(items, list):
        raise BadRequest(f"{name} must be a list, not {type(items).__name__}")
    return items


def _object(place: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadRequest(f"{place} must be an object, not {type(value).__name__}")
    return value


def _text(place: str, item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{place}.{name} must be a text, not {type(value).__name__}")
    return value


def _text_or_none(place: str, item: Mapping[str, Any], name: str) -> str:
    return "" if item.get(name) is None else _text(place, item, name)


_Named = tuple[str, Mapping[str, Any]]
"""An item, after its place."""


def _checked(place: str, message: object) -> _Named:
    said = _object(place, message)
    if (role := said.get("role")) not in _ROLES:
        expected = ", ".join(map(repr, _ROLES))
        raise BadRequest(f"{place}.role is {role!r}: expected one of {expected}")
    return place, said


# What the model has said and called, and what the tools gave


def _results_in(messages: list[_Named]) -> dict[str, str]:
    """The text of each result, by the id of its call."""
    results = {}
    for place, message in messages:
        if message["role"] == "tool":
            text = _text_alone(f"{place}.content", message.get("content"))
            id = _text(place, message, "toolCallId")
            results[id] = text or _text_or_none(place, message, "error")
    return results


class _Turns:
    """The conversation in the order that services want: the results of calls at once after them.

    A client has each call in a message of its own, if the backend did not say which it is of.
    """

    def __init__(self, results: dict[str, str]) -> None:
        self._results = results
        self._called: set[str] = set()
        self._text = ""
        self._calls: list[dict[str, Any]] = []

    def of(self, messages: list[_Named]) -> Iterator[dict[str, Any]]:
        for place, message in messages:
            role = message["role"]
            if role == "assistant":
                if text := _text_or_none(place, message, "content"):
                    if self._calls:  # it was said with the results at hand
                        yield from self._end()
                    self._text += text
                self._calls += self._calls_in(place, message)
            elif role == "tool":
                if message["toolCallId"] not in self._called:
                    raise BadRequest(
                        f"{place}.toolCallId is {message['toolCallId']!r}: "
                        "expected the id of a call in a message before it"
                    )
                yield from self._end()
            elif role not in ("activity", "reasoning"):
                yield from self._end()
                yield from _said(place, message)
        yield from self._end()

    def _calls_in(self, place: str, message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        if message.get("toolCalls") is None:
            return
        for number, call in enumerate(_list_of(f"{place}.toolCalls", message["toolCalls"])):
            where = f"{place}.toolCalls[{number}]"
            named = _object(where, call)
            id = _text(where, named, "id")
            function = _object(f"{where}.function", named.get("function"))
            name = _text(f"{where}.function", function, "name")
            arguments = _text(f"{where}.function", function, "arguments")
            if not id or not name:
                raise BadRequest(f"{where} has no {'function.name' if id else 'id'}")
            if id in self._called:
                continue  # a client may have the same call again
            self._called.add(id)
            if id in self._results:
                called = {"name": name, "arguments": arguments or "{}"}
                yield {"id": id, "type": "function", "function": called}

    def _end(self) -> Iterator[dict[str, Any]]:
        text, calls = self._text, self._calls
        self._text, self._calls = "", []
        if calls:
            yield {"role": "assistant", "content": text or None, "tool_calls": calls}
        elif text:
            yield {"role": "assistant", "content": text}
        for call in calls:
            content = self._results[call["id"]]
            yield {"role": "tool", "tool_call_id": call["id"], "content": content}


def _list_of(place: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(f"{place} must be a list, not {type(value).__name__}")
    return value


def _text_alone(place: str, content: object) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for number, part in enumerate(_list_of(place, content)):
        where = f"{place}[{number}]"
        named = _object(where, part)
        if named.get("type") != "text":
            raise BadRequest(f"{where}.type is {named.get('type')!r}: expected 'text'")
        texts.append(_text(where, named, "text"))
    return "".join(texts)


# What others have said


def _said(place: str, message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    role, content = message["role"], message.get("content")
    if role != "user":
        if text := _text(place, message, "content"):
            yield {"role": role, "content": text}
        return
    if isinstance(content, str):
        if not content.strip():
            raise BadRequest(f"{place}.content is empty: expected a text")
        yield {"role": role, "content": content}
        return
    parts = [
        _part(f"{place}.content[{number}]", _object(f"{place}.content[{number}]", part))
        for number, part in enumerate(_list_of(f"{place}.content", content))
    ]
    parts = [part for part in parts if part["type"] != "text" or part["text"]]
    if not any(part["type"] != "text" or part["text"].strip() for part in parts):
        raise BadRequest(f"{place}.content is empty: expected a text or a file")
    yield {"role": role, "content": parts}


def _part(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind == "text":
        return {"type": "text", "text": _text(place, part, "text")}
    if kind == "binary":  # before 1.0
        return _file(place, _kind_of(part.get("mimeType")), _old_source(part), part)
    if kind not in ("image", "audio", "document"):
        raise BadRequest(
            f"{place}.type is {kind!r}: expected 'text', 'image', 'audio' or 'document'"
        )
    return _file(place, kind, _object(f"{place}.source", part.get("source")), part)


def _kind_of(media_type: object) -> str:
    kind = str(media_type).split("/")[0]
    return kind if kind in ("image", "audio") else "document"


def _old_source(part: Mapping[str, Any]) -> dict[str, Any]:
    for field, kind in (("data", "data"), ("url", "url"), ("id", "file")):
        if part.get(field):
            return {"type": kind, "value": part[field], "mimeType": part.get("mimeType")}
    return {}


def _file(
    place: str, kind: str, source: Mapping[str, Any], part: Mapping[str, Any]
) -> dict[str, Any]:
    where, origin = f"{place}.source", source.get("type")
    if origin not in ("data", "url", "file"):
        raise BadRequest(f"{where}.type is {origin!r}: expected 'data', 'url' or 'file'")
    value = _text(where, source, "value")
    media_type = _text_or_none(where, source, "mimeType").lower()
    if not value or (origin == "data" and not media_type):
        raise BadRequest(f"{where} has no {'mimeType' if value else 'value'}")
    if origin == "file":
        if kind != "document":
            raise BadRequest(f"{where}.type is 'file': for {kind!r}, expected 'data' or 'url'")
        return {"type": "file", "file": {"file_id": value}}
    url = f"data:{media_type};base64,{value}" if origin == "data" else value
    data = data_of(url)
    if data is None and (kind != "image" or not url.lower().startswith("https://")):
        expected = "an address that begins with 'https://'" if kind == "image" else "a data URL"
        raise BadRequest(f"{where}.value is {value[:40]!r}: for {kind!r}, expected {expected}")
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    assert data is not None
    if kind == "audio":
        if (spoken := _SPOKEN.get(data.media_type)) is None:
            known = ", ".join(_SPOKEN)
            raise BadRequest(f"{where} is of the type {data.media_type!r}: expected any of {known}")
        return {"type": "input_audio", "input_audio": {"data": data.base64, "format": spoken}}
    said = part.get("metadata")
    name = part.get("filename") or (said.get("filename") if isinstance(said, Mapping) else None)
    named = {"filename": name if name and isinstance(name, str) else "file"}
    return {"type": "file", "file": {**named, "file_data": url}}
