"""OpenAI's Responses API.

Source: OpenAI's API reference, "Responses" and "Streaming events".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from suggestions.dialects.base import Asked
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    Reasoning,
    Source,
    ToolCallPiece,
)
from suggestions.dialects.json_message import (
    array_of,
    failure_in,
    index_of,
    name_of,
    object_of,
    parse_object,
    text_of,
    usage_of,
)
from suggestions.dialects.model_api import ModelAPI
from suggestions.dialects.question import ROLES
from suggestions.errors import from_report, is_report

if TYPE_CHECKING:
    from suggestions._wire.sse import ServerSentEvent

_REASONS = {"max_output_tokens": "length"}


class Responses(ModelAPI):
    """`POST {base_url}/responses`, with the question as `input`.

    By default, `base_url` is `OPENAI_BASE_URL` or else OpenAI's own, `api_key` is `OPENAI_API_KEY`
    and `model` is `AI_MODEL_NAME`. `ModelAPI` says the rest; parameters are `instructions`,
    `max_output_tokens`, `reasoning`, `tools` and so on.
    """

    name = "responses"
    path = "/responses"
    own_url = "https://api.openai.com/v1"
    url_variable = "OPENAI_BASE_URL"
    key_variable = "OPENAI_API_KEY"
    model_variable = "AI_MODEL_NAME"
    question_field = "input"
    roles = (ROLES - {"jetpack-ai"}) | {"developer"}

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        return {**parameters, "input": question}

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        data = message.data.strip()
        if message.type == "error":
            return (failure_in(data),)
        # Some similar services end with the terminator of chats, which says nothing here: an
        # answer is complete after `response.completed`.
        if not data or data == "[DONE]":
            return ()
        event = parse_object(data)
        if is_report(event):
            return (failure_in(data),)
        decode = _EVENTS.get(text_of(event.get("type")))
        return decode(event) if decode else ()

    def decode_body(self, body: Any) -> Iterable[Delta]:
        if is_report(body):
            return (Failure(from_report(body)),)
        if not isinstance(body, Mapping) or not isinstance(body.get("output"), list):
            raise ValueError("a JSON value without 'output'")
        if body.get("status", "completed") not in ("completed", "incomplete", "failed"):
            raise ValueError("a response that is not complete yet")
        return (_source(body), *_output(body["output"]), *_end(body))


def _begin(event: Mapping[str, Any]) -> Iterable[Delta]:
    return (_source(object_of(event.get("response"))),)


def _text(event: Mapping[str, Any]) -> Iterable[Delta]:
    return (text_of(event.get("delta")),)


def _reasoning(event: Mapping[str, Any]) -> Iterable[Delta]:
    return (Reasoning(text_of(event.get("delta"))),)


def _item(event: Mapping[str, Any]) -> Iterable[Delta]:
    item = object_of(event.get("item"))
    # Text and arguments follow in pieces.
    return (_call(item, event),) if item.get("type") == "function_call" else ()


def _arguments(event: Mapping[str, Any]) -> Iterable[Delta]:
    index = index_of(event.get("output_index"))
    return (ToolCallPiece(index, arguments=text_of(event.get("delta"))),)


def _completed(event: Mapping[str, Any]) -> Iterable[Delta]:
    return (*_end(object_of(event.get("response"))), DONE)


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Iterable[Delta]]] = {
    "response.created": _begin,
    "response.output_text.delta": _text,
    # A refusal is what the model says to the person instead of an answer.
    "response.refusal.delta": _text,
    "response.reasoning_text.delta": _reasoning,
    "response.reasoning_summary_text.delta": _reasoning,
    "response.output_item.added": _item,
    "response.function_call_arguments.delta": _arguments,
    "response.completed": _completed,
    "response.incomplete": _completed,
    "response.failed": _completed,
}
"""By `type`. There are many more, which repeat these or are about other things."""


def _source(response: Mapping[str, Any]) -> Source:
    return Source(name_of(response.get("model")), name_of(response.get("id")))


def _call(item: Mapping[str, Any], event: Mapping[str, Any]) -> ToolCallPiece:
    return ToolCallPiece(
        index_of(event.get("output_index")),
        name_of(item.get("call_id")) or "",
        text_of(item.get("name")),
        text_of(item.get("arguments")),
    )


def _output(items: list[Any]) -> Iterator[Delta]:
    for item in map(object_of, items):
        if item.get("type") == "function_call":
            yield _call(item, {})
        for part in map(object_of, array_of(item.get("summary"))):
            yield Reasoning(text_of(part.get("text")))
        for part in map(object_of, array_of(item.get("content"))):
            if item.get("type") == "reasoning":
                yield Reasoning(text_of(part.get("text")))
            elif item.get("type") == "message":
                yield text_of(part.get("text")) or text_of(part.get("refusal"))


def _end(response: Mapping[str, Any]) -> Iterator[Delta]:
    """What the whole response says besides its output."""
    usage = object_of(response.get("usage"))
    if usage:
        yield usage_of(usage, "input_tokens", "output_tokens")
    if response.get("status") == "failed" or response.get("error"):
        yield Failure(from_report(response.get("error")))
        return
    reason = text_of(object_of(response.get("incomplete_details")).get("reason"))
    items = map(object_of, array_of(response.get("output")))
    if reason:
        yield Finish(_REASONS.get(reason, reason))
    elif any(item.get("type") == "function_call" for item in items):
        yield Finish("tool_calls")
    else:
        yield Finish("stop")
