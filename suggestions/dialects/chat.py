"""The `chat.completion` and `chat.completion.chunk` objects that OpenAI's relatives share.

Source: OpenAI's API reference, "Chat", and the differences that the documents of Azure, DeepSeek,
OpenRouter, llama.cpp and vLLM name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from suggestions.dialects.base import Dialect
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
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
    parse,
    text_of,
    usage_of,
)
from suggestions.errors import from_report, is_report

if TYPE_CHECKING:
    from suggestions._wire.sse import ServerSentEvent

_BROKEN_OFF = {"error": None, "insufficient_system_resource": "overloaded"}
"""Reasons to stop that are failures (OpenRouter's, DeepSeek's), and the error that each is."""


class Chat(Dialect):
    """Reads the services that send these objects; a subclass says how to ask."""

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        """What one server-sent event says. Raises `ValueError` if its data is no chunk."""
        data = message.data.strip()
        if message.type != "message" or not data.startswith("{"):
            if message.type == "error":
                return (failure_in(data),)
            if data == "[DONE]":
                return (DONE,)
            if not data or data.startswith(":"):
                return ()
            if message.type != "message" and not _is_chunk(data):
                return ()  # an event of another kind, which `message` handlers get
        chunk = parse(data)
        try:
            # Nearly every chunk is this and nothing more.
            choice = chunk["choices"][0]
            delta = choice["delta"]
            more = choice["finish_reason"] or choice["index"] or "error" in choice
            more = more or chunk.get("usage")
            text = delta["content"]
            if len(delta) == 1 and not more and type(text) is str and "error" not in chunk:
                return (text,)
        except (LookupError, TypeError):
            pass
        return _decode_chunk(chunk, data)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        return decode_completion(body)


def decode_completion(body: Any) -> Iterator[Delta]:
    """What a whole `chat.completion` says. Raises `ValueError` if the body is none."""
    if not is_report(body) and not (isinstance(body, Mapping) and body.get("choices")):
        raise ValueError("a JSON value without 'choices'")
    return _decode_chunk(body, text_in=("message", "delta"))


def _is_chunk(data: str) -> bool:
    try:
        chunk = parse(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(chunk, Mapping) and ("choices" in chunk or bool(chunk.get("error")))


def _decode_chunk(
    chunk: Any, data: str | None = None, text_in: Iterable[str] = ("delta", "message")
) -> Iterator[Delta]:
    """`text_in` are the fields of a choice that may have its text; the first that is there counts.

    Some services send two with each piece: the new text, and the whole text so far.
    """
    if is_report(chunk):
        yield Failure(from_report(chunk, body=data))
        return
    if not isinstance(chunk, Mapping):
        raise ValueError(f"expected a JSON object, got {type(chunk).__name__}")
    yield Source(name_of(chunk.get("model")), name_of(chunk.get("id")))
    for choice in map(object_of, array_of(chunk.get("choices"))):
        # The others are alternatives to the first (parameter n), not its continuation.
        if not choice.get("index"):
            said = (choice[name] for name in text_in if choice.get(name) is not None)
            yield from _decode_choice(choice, object_of(next(said, None)))
    usage = chunk.get("usage")
    if usage and isinstance(usage, Mapping):
        yield usage_of(usage)


def _decode_choice(choice: Mapping[str, Any], delta: Mapping[str, Any]) -> Iterator[Delta]:
    reasoning = name_of(delta.get("reasoning_content")) or name_of(delta.get("reasoning"))
    if reasoning:
        yield Reasoning(reasoning)
    content = delta.get("content")
    # A refusal is what the model says to the person instead of an answer.
    for said in (content, delta.get("refusal")):
        if isinstance(said, list):
            yield from _parts(said)
        elif text := text_of(said):
            yield text
    function = object_of(delta.get("function_call"))
    if function:
        yield FunctionCallPiece(text_of(function.get("name")), text_of(function.get("arguments")))
    for call in map(object_of, array_of(delta.get("tool_calls"))):
        function = object_of(call.get("function"))
        yield ToolCallPiece(
            index_of(call.get("index")),
            name_of(call.get("id")) or "",
            text_of(function.get("name")),
            text_of(function.get("arguments")),
        )
    reason = choice.get("finish_reason")
    if str(reason) in _BROKEN_OFF or choice.get("error"):
        yield Failure(from_report(choice.get("error") or _BROKEN_OFF[str(reason)]))
    elif reason:
        yield Finish(str(reason))


def _parts(content: list[Any]) -> Iterator[Delta]:
    """Mistral's reasoning models send a list: parts with `thinking`, then parts with `text`."""
    for part in map(object_of, content):
        for thought in map(object_of, array_of(part.get("thinking"))):
            yield Reasoning(text_of(thought.get("text")))
        if text := text_of(part.get("text")):
            yield text
