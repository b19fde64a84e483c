"""The `chat.completion` and `chat.completion.chunk` objects that OpenAI's relatives share.

Source: OpenAI's API reference, "Chat", and the differences of Azure, DeepSeek, OpenRouter,
llama.cpp and vLLM as their documents tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

from suggestions.delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
    Reasoning,
    Source,
    ToolCallPiece,
)
from suggestions.errors import from_report, is_report
from suggestions.events import Usage

if TYPE_CHECKING:
    from suggestions.wire.sse import ServerSentEvent

_decode_json = JSONDecoder().raw_decode


def decode_message(message: ServerSentEvent) -> Iterable[Delta]:
    """What one server-sent event with a chunk says. Raises `ValueError` where it has none."""
    data = message.data.strip()
    if message.type == "error":
        return (_failure(data),)
    if data == "[DONE]":
        return (DONE,)
    if not data or data.startswith(":"):
        return ()
    if message.type != "message" and not _is_chunk(data):
        return ()  # an event of another kind, told under its own name
    chunk = _parse(data)
    try:
        # Nearly every chunk is this and nothing more.
        choice = chunk["choices"][0]
        delta = choice["delta"]
        more = choice["finish_reason"] or choice["index"] or chunk.get("usage")
        text = delta["content"]
        if len(delta) == 1 and not more and type(text) is str and "error" not in chunk:
            return (text,)
    except (LookupError, TypeError):
        pass
    return _decode_chunk(chunk, data)


def decode_completion(body: Any) -> Iterator[Delta]:
    """What a whole `chat.completion` says. Raises `ValueError` where it is none."""
    if not is_report(body) and not (isinstance(body, Mapping) and body.get("choices")):
        raise ValueError("a JSON value without 'choices'")
    return _decode_chunk(body)


def _parse(data: str) -> Any:
    chunk, end = _decode_json(data)
    if end < len(data):
        raise ValueError("something follows the JSON value")
    return chunk


def _is_chunk(data: str) -> bool:
    try:
        chunk = _parse(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(chunk, Mapping) and ("choices" in chunk or bool(chunk.get("error")))


def _failure(data: str) -> Failure:
    try:
        report = _parse(data)
    except (ValueError, RecursionError):
        report = data
    return Failure(from_report(report, body=data))


def _decode_chunk(chunk: Any, data: str | None = None) -> Iterator[Delta]:
    if is_report(chunk):
        yield Failure(from_report(chunk, body=data))
        return
    if not isinstance(chunk, Mapping):
        raise ValueError(f"expected a JSON object, got {type(chunk).__name__}")
    yield Source(_name(chunk.get("model")), _name(chunk.get("id")))
    for choice in map(_object, _list(chunk.get("choices"))):
        # The others are alternatives to the first (parameter n), not its continuation.
        if not choice.get("index"):
            yield from _decode_choice(choice)
    usage = chunk.get("usage")
    if usage and isinstance(usage, Mapping):
        yield _usage(usage)


def _decode_choice(choice: Mapping[str, Any]) -> Iterator[Delta]:
    delta = _object(choice.get("delta") or choice.get("message"))
    reasoning = _name(delta.get("reasoning_content")) or _name(delta.get("reasoning"))
    if reasoning:
        yield Reasoning(reasoning)
    # A refusal is what the model says to the person instead of an answer.
    for text in (_text(delta.get("content")), _text(delta.get("refusal"))):
        if text:
            yield text
    function = _object(delta.get("function_call"))
    if function:
        yield FunctionCallPiece(_text(function.get("name")), _text(function.get("arguments")))
    for call in map(_object, _list(delta.get("tool_calls"))):
        index = call.get("index")
        function = _object(call.get("function"))
        yield ToolCallPiece(
            index if isinstance(index, int) else None,
            _name(call.get("id")) or "",
            _text(function.get("name")),
            _text(function.get("arguments")),
        )
    reason = choice.get("finish_reason")
    if reason == "error" or choice.get("error"):
        yield Failure(from_report(choice.get("error")))
    elif reason:
        yield Finish(str(reason))


def _name(value: object) -> str | None:
    return value if value and isinstance(value, str) else None


# What the answer itself is made of: missing, null or empty is none, but to pass over a value of
# another type would lose a part of the answer in silence.


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    _check_empty(value, "string")
    return ""


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    _check_empty(value, "object")
    return {}


def _list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    _check_empty(value, "array")
    return []


def _check_empty(value: object, expected: str) -> None:
    if value:
        raise ValueError(f"expected a JSON {expected}, got {type(value).__name__}")


def _usage(counts: Mapping[str, Any]) -> Usage:
    prompt, completion, total = (
        value if isinstance(value := counts.get(name), int) else 0
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    return Usage(prompt, completion, total or prompt + completion, counts)
