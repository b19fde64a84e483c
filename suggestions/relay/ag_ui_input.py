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
        named = object_at(place, tool)
        if not (name := text_in(place, named, "name")):
            raise BadRequest(f"{place}.name is empty")
        function: dict[str, Any] = {"name": name}
        if description := _text_or_none(place, named, "description"):
            function["description"] = description
        parameters = named.get("parameters") or _NO_PARAMETERS
        function["parameters"] = dict(object_at(f"{place}.parameters", parameters))
        json_at(f"{place}.parameters", parameters)
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
    return list_at(name, body.get(name))


def _text_or_none(place: str, item: Mapping[str, Any], name: str) -> str:
    return "" if item.get(name) is None else text_in(place, item, name)


_Named = tuple[str, Mapping[str, Any]]
"""An item, after its place."""


def _checked(place: str, message: object) -> _Named:
    said = object_at(place, message)
    if (role := said.get("role")) not in _ROLES:
        expected = ", ".join(map(repr, _ROLES))
        raise BadRequest(f"{place}.role is {shown(role)}: expected one of {expected}")
    return place, said


# What the model has said and called, and what the tools gave


def _results_in(messages: list[_Named]) -> dict[str, str]:
    """The text of each result, by the id of its call."""
    results = {}
    for place, message in messages:
        if message["role"] == "tool":
            text = _text_alone(f"{place}.content", message.get("content"))
            id = text_in(place, message, "toolCallId")
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
                        f"{place}.toolCallId is {shown(message['toolCallId'])}: "
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
        for number, call in enumerate(list_at(f"{place}.toolCalls", message["toolCalls"])):
            where = f"{place}.toolCalls[{number}]"
            named = object_at(where, call)
            id = text_in(where, named, "id")
            function = object_at(f"{where}.function", named.get("function"))
            name = text_in(f"{where}.function", function, "name")
            arguments = text_in(f"{where}.function", function, "arguments")
            if not id or not name:
                raise BadRequest(f"{where} has no {'function.name' if id else 'id'}")
            if id in self._called:
                continue  # a client may have the same call again
            self._called.add(id)
            if id in self._results:
                yield call_of(id, name, arguments if arguments.strip() else "{}")

    def _end(self) -> Iterator[dict[str, Any]]:
        text, calls = self._text, self._calls
        self._text, self._calls = "", []
        yield from answered(text, calls, self._results)


def _text_alone(place: str, content: object) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for number, part in enumerate(list_at(place, content)):
        where = f"{place}[{number}]"
        named = object_at(where, part)
        if named.get("type") != "text":
            raise BadRequest(f"{where}.type is {shown(named.get('type'))}: expected 'text'")
        texts.append(text_in(where, named, "text"))
    return "".join(texts)


# What others have said


def _said(place: str, message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    role, content = message["role"], message.get("content")
    if role != "user":
        if text := text_in(place, message, "content"):
            yield {"role": role, "content": text}
        return
    if isinstance(content, str):
        if not content.strip():
            raise BadRequest(f"{place}.content is empty: expected a text")
        yield {"role": role, "content": content}
        return
    parts = [
        _part(f"{place}.content[{number}]", object_at(f"{place}.content[{number}]", part))
        for number, part in enumerate(list_at(f"{place}.content", content))
    ]
    parts = [part for part in parts if part["type"] != "text" or part["text"]]
    if not any(part["type"] != "text" or part["text"].strip() for part in parts):
        raise BadRequest(f"{place}.content is empty: expected a text or a file")
    yield {"role": role, "content": parts}


def _part(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind == "text":
        return {"type": "text", "text": text_in(place, part, "text")}
    if kind == "binary":  # before 1.0
        return _file(place, _kind_of(part.get("mimeType")), _old_source(part), part)
    if kind not in ("image", "audio", "document"):
        raise BadRequest(
            f"{place}.type is {shown(kind)}: expected 'text', 'image', 'audio' or 'document'"
        )
    return _file(place, kind, object_at(f"{place}.source", part.get("source")), part)


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
        raise BadRequest(f"{where}.type is {shown(origin)}: expected 'data', 'url' or 'file'")
    value = text_in(where, source, "value")
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
        if data.media_type not in SPEECH:
            known, kind = ", ".join(SPEECH), shown(data.media_type)
            raise BadRequest(f"{where} is of the type {kind}: expected any of {known}")
        return speech_part(data)
    said = part.get("metadata")
    name = part.get("filename") or (said.get("filename") if isinstance(said, Mapping) else None)
    return file_part(url, name)
