"""Ollama's own chat API: newline-delimited JSON.

Source: Ollama's API documentation, "Generate a chat message", "Streaming" and "Errors".
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import from_report, is_report
from .attached import image_of_base64
from .base import EVENTS, Asked, Framing, Options, Request
from .delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    Reasoning,
    Source,
    ToolCallPiece,
)
from .json_message import (
    array_of,
    event_in,
    failure_in,
    id_of,
    name_of,
    object_of,
    text_of,
    usage_of,
)
from .model_api import ModelAPI, messages_of
from .parts import arguments_of, calls_of, data_of, refusal
from .returned import OF_MESSAGE, field_to_return, with_returned

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_MEDIA_TYPE = "application/x-ndjson"
_call_numbers = itertools.count()


class Ollama(ModelAPI):
    """`POST {base_url}/api/chat`.

    By default, `base_url` is http://localhost:11434. `api_key` is only for a proxy in front of it
    that demands one. `ModelAPI` says the rest; parameters are `options` (an object with
    `temperature`, `num_ctx` …), `think`, `tools`, `format`, `keep_alive`.
    """

    name = "ollama"
    path = "/api/chat"
    own_url = "http://localhost:11434"
    opaque = frozenset((OF_MESSAGE,))
    framings: Mapping[str, Framing] = {**EVENTS, _MEDIA_TYPE: "lines", "": "lines"}

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        messages = messages_of(question)
        return {**parameters, "messages": list(_messages(messages))}

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        request = super().request(question, options, stream=stream)
        return request._replace(headers={"Accept": _MEDIA_TYPE} if stream else {})

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        answer = event_in(message)
        return () if answer is None else _decode(answer, message.data)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        if not is_report(body) and not (isinstance(body, Mapping) and "message" in body):
            raise ValueError("a JSON value without 'message'")
        return _decode(body)


def _messages(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names: dict[str, str] = {}  # of the tools, by the id of the call
    for number, message in enumerate(messages):
        place = f"question[{number}]"
        message = with_returned(message, Ollama.name)
        sent = {**message, **_content(place, message.get("content"))}
        if message["role"] == "developer":
            sent["role"] = "system"
        if message.get("tool_calls"):
            calls = list(calls_of(place, message))
            names |= {call.get("id", ""): call["function"]["name"] for _, call in calls}
            sent["tool_calls"] = [
                {**call, "function": {**call["function"], "arguments": arguments_of(where, call)}}
                for where, call in calls
            ]
        if message["role"] == "tool" and message.get("tool_call_id") in names:
            sent.setdefault("tool_name", names[message["tool_call_id"]])
        yield sent


def _content(place: str, content: Any) -> dict[str, Any]:
    """The text; and the images, in base64, as a list of their own."""
    if not isinstance(content, list):
        return {"content": content or ""}
    texts: list[str] = []
    images: list[str] = []
    for number, part in enumerate(content):
        if part["type"] == "text":
            texts.append(part["text"])
        elif part["type"] == "image_url" and (data := data_of(part["image_url"]["url"])):
            images.append(data.base64)
        elif part["type"] == "image_url":
            raise ValueError(
                f"{place}['content'][{number}] is an image at a web address, which the dialect "
                "'ollama' does not load: expected the image itself, as suggestions.image() makes it"
            )
        else:
            raise refusal(f"{place}['content'][{number}]", part, "ollama", "text or image_url")
    said = {"content": "\n".join(texts)}
    return {**said, "images": images} if images else said


def _decode(answer: Any, data: str | None = None) -> Iterator[Delta]:
    if is_report(answer):
        yield Failure(from_report(answer, body=data))
        return
    if not isinstance(answer, Mapping):
        raise ValueError(f"expected a JSON object, got {type(answer).__name__}")
    if "message" not in answer and ("response" in answer or not answer.get("done")):
        return  # an object of another kind, such as those of "Generate a completion"
    yield Source(name_of(answer.get("model")))
    message = object_of(answer.get("message"))
    if thinking := text_of(message.get("thinking")):
        yield Reasoning(thinking)
        # The model goes on thinking from there once it has the results of its tools.
        yield field_to_return(Ollama.name, "thinking", thinking)
    yield text_of(message.get("content"))
    for image in array_of(message.get("images")):
        yield from image_of_base64(image)
    yield from map(_call, map(object_of, array_of(message.get("tool_calls"))))
    if answer.get("done"):
        yield from _end(answer)


def _call(call: Mapping[str, Any]) -> ToolCallPiece:
    # Each call is whole, and some have no id, so each gets a position of its own.
    function = object_of(call.get("function"))
    given = function.get("arguments")
    arguments = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
    call_id = id_of(call.get("id"))
    return ToolCallPiece(next(_call_numbers), call_id, text_of(function.get("name")), arguments)


def _end(answer: Mapping[str, Any]) -> Iterator[Delta]:
    counts = {name: value for name, value in answer.items() if type(value) in (int, float)}
    if "eval_count" in counts or "prompt_eval_count" in counts:
        yield usage_of(counts, "prompt_eval_count", "eval_count")
    reason = text_of(answer.get("done_reason"))
    if reason:
        yield Finish(reason)
    yield DONE
