"""The `chat.completion` and `chat.completion.chunk` objects that OpenAI's relatives share.

Source: OpenAI's API reference, "Chat", and the differences that the documents of Azure, DeepSeek,
OpenRouter, llama.cpp and vLLM name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import from_report, is_report
from .attached import attached_to, image_in, reference_in, sources_of
from .base import Dialect
from .delta import (
    DONE,
    Attached,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from .json_message import (
    array_of,
    failure_in,
    id_of,
    index_of,
    is_terminator,
    name_of,
    object_of,
    parse,
    text_of,
    usage_of,
)
from .returned import to_return

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_SCALAR = (str, int, float)
_REASONING = ("reasoning_content", "reasoning", "reasoning_text")  # the last is Copilot's
_SaidIn = Callable[[Mapping[str, Any]], Iterator[Delta]]


class Chat(Dialect):
    """Reads the services that send these objects; a subclass says how to ask."""

    @property
    def service(self) -> str:
        """The host to which what it sent for itself goes back; "" if there is none."""
        return ""

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        """What one server-sent event says. Raises `ValueError` if its data is no chunk."""
        data = message.data.strip()
        if message.type != "message" or data[:1] != "{":
            if message.type == "error":
                return (failure_in(data),)
            if is_terminator(data):
                return (DONE,)
            if not data or data.startswith(":"):
                return ()
            if message.type != "message" and not _is_chunk(data):
                return ()  # an event of another kind, which `message` handlers get
        try:
            chunk = parse(data)
        except ValueError:
            lines = _lines_in(data)
            if not lines:
                raise
            return [d for line in lines for d in self.decode(message._replace(data=line))]
        try:
            # Nearly every chunk is this and nothing more.
            choice = chunk["choices"][0]
            delta = choice["delta"]
            more = (
                choice["finish_reason"]
                or choice["index"]
                or "error" in choice
                or "error" in chunk
                or "citations" in chunk
                or "search_results" in chunk
                or "extra_content" in chunk
                or "vertex_ai_grounding_metadata" in chunk
                or chunk.get("usage")
            )
            text = delta["content"]
            if len(delta) == 1 and not more and type(text) is str:
                return (text,)
        except (LookupError, TypeError):
            pass
        return _decode_chunk(chunk, data, service=self.service)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        return decode_completion(body, self.service)


def decode_completion(body: Any, service: str = "") -> Iterator[Delta]:
    """What a whole `chat.completion` says. Raises `ValueError` if the body is none."""
    if not is_report(body) and not (isinstance(body, Mapping) and body.get("choices")):
        raise ValueError("a JSON value without 'choices'")
    return _decode_chunk(body, said_in=_said_in_completion, service=service)


def _lines_in(data: str) -> list[str]:
    """The chunks in the data of one event, if a service sends no blank lines between them."""
    lines = data.split("\n")
    several = len(lines) > 1 and all(ln.startswith("{") or is_terminator(ln) for ln in lines)
    return lines if several else []


def _is_chunk(data: str) -> bool:
    try:
        chunk = parse(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(chunk, Mapping) and ("choices" in chunk or bool(chunk.get("error")))


def _decode_chunk(
    chunk: Any, data: str | None = None, *, said_in: _SaidIn | None = None, service: str = ""
) -> Iterator[Delta]:
    """`said_in` finds what a choice says; by default as in a stream."""
    if is_report(chunk):
        yield Failure(from_report(chunk, body=data))
        return
    if not isinstance(chunk, Mapping):
        raise ValueError(f"expected a JSON object, got {type(chunk).__name__}")
    if "choices" not in chunk and not chunk.get("usage"):
        return  # an object of another kind
    if said_in is None:
        said_in = _said_at_last if chunk.get("object") == "chat.completion" else _said_in_chunk
    yield Source(name_of(chunk.get("model")), name_of(chunk.get("id")))
    choices = _first_of(list(map(object_of, array_of(chunk.get("choices")))))
    for choice in choices:
        if not index_of(choice.get("index")):
            yield from to_return(choice, service)
        yield from _of_choice(choice, said_in(choice))
    if sources := list(sources_of(chunk)):
        yield from _of_choice(choices[0] if choices else {}, iter(sources))
    groq = object_of(chunk.get("x_groq"))
    for counts in (chunk.get("usage"), groq.get("usage"), *(c.get("usage") for c in choices)):
        if counts and isinstance(counts, Mapping):
            yield usage_of(counts)
            break
    if is_report(groq):
        yield Failure(from_report(groq, body=data))
    # After the counts, because a reason to stop may be a failure, which ends the answer.
    for choice in choices:
        yield from _of_choice(choice, _reason_of(choice))


def _first_of(choices: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is of the first choice, which Copilot sends in several parts; if none is, all."""
    return [choice for choice in choices if not index_of(choice.get("index"))] or choices


def _of_choice(choice: Mapping[str, Any], said: Iterator[Delta]) -> Iterator[Delta]:
    index = index_of(choice.get("index"))
    return iter((OtherChoice(index, tuple(said)),)) if index else said


def _said_in_chunk(choice: Mapping[str, Any]) -> Iterator[Delta]:
    """Some services send two with each piece: the new text, and in `message` the text so far."""
    if choice.get("delta") is None:
        # Older completions have the text in the choice itself.
        return _said(object_of(choice.get("message")) or {"content": choice.get("text")})
    return _said_at_last(choice)


def _said_at_last(choice: Mapping[str, Any]) -> Iterator[Delta]:
    """The last chunk of some services repeats the whole message."""
    yield from _said(object_of(choice.get("delta")))
    message = object_of(choice.get("message"))
    if message and _reason_in(choice):
        yield from _repeated(list(_said(message)))
    elif choice.get("delta") is None:
        yield from _said(message)


def _said_in_completion(choice: Mapping[str, Any]) -> Iterator[Delta]:
    said = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
    # Nothing here is a piece, so that each item is a call of its own.
    for position, delta in enumerate(_said(object_of(said))):
        if isinstance(delta, ToolCallPiece) and delta.position is None:
            delta.position = position
        yield delta


def _repeated(said: list[Delta]) -> Iterator[Delta]:
    """The same as a repetition of what the pieces have said, or should have said."""
    yield from (delta for delta in said if isinstance(delta, Attached))
    yield WholeReasoning("".join(delta.text for delta in said if isinstance(delta, Reasoning)))
    yield WholeText("".join(delta for delta in said if isinstance(delta, str)))
    calls = [delta for delta in said if isinstance(delta, (FunctionCallPiece, ToolCallPiece))]
    for position, call in enumerate(calls):
        call.whole = True
        if isinstance(call, ToolCallPiece) and call.position is None:
            call.position = position  # without an index, the order says which it is
        yield call


def _said(delta: Mapping[str, Any]) -> Iterator[Delta]:
    for reasoning in map(delta.get, _REASONING):
        if reasoning is None:
            continue
        if isinstance(reasoning, Mapping):
            reasoning = reasoning.get("text")  # Envoy AI gateway's
        if isinstance(reasoning, _SCALAR) and (text := text_of(reasoning)):
            yield Reasoning(text)
            break
    # A refusal is what the model says to the person instead of an answer.
    for said in (delta.get("content"), delta.get("refusal")):
        if isinstance(said, list):
            yield from _parts(said)
        elif (text := text_of(said)) or said == "":
            yield text
    yield from attached_to(delta)
    function = object_of(delta.get("function_call"))
    name, arguments = text_of(function.get("name")), function.get("arguments")
    if name or arguments is not None:
        yield FunctionCallPiece(name, text_of(arguments), whole=isinstance(arguments, Mapping))
    calls = delta.get("tool_calls")
    # Text Generation Inference sends one call without a list around it.
    for call in [calls] if isinstance(calls, Mapping) else array_of(calls):
        yield _tool_call(object_of(call))


def _tool_call(call: Mapping[str, Any]) -> ToolCallPiece:
    # Some proxies have the function's fields beside the id.
    function, custom = object_of(call.get("function")) or call, object_of(call.get("custom"))
    arguments = custom.get("input") if custom else function.get("arguments")
    is_object = isinstance(arguments, Mapping)
    return ToolCallPiece(
        index_of(call.get("index")),
        id_of(call.get("id")),
        text_of((custom or function).get("name")),
        json.dumps(arguments, ensure_ascii=False) if is_object else text_of(arguments),
        whole=is_object,
    )


def _reason_in(choice: Mapping[str, Any]) -> str:
    """The reason to stop; "" if there is none."""
    reason = choice.get("finish_reason") or choice.get("finishReason")
    return "" if not reason or reason == "null" else str(reason)


def _reason_of(choice: Mapping[str, Any]) -> Iterator[Delta]:
    if choice.get("error"):
        yield Failure(from_report(choice["error"]))
    elif reason := _reason_in(choice):
        yield Finish(reason)


def _parts(content: list[Any]) -> Iterator[Delta]:
    """Mistral sends a list: parts with `thinking`, with `text`, with `reference_ids`."""
    for part in content:
        if isinstance(part, str):
            yield part
            continue
        part = object_of(part)
        summary = part.get("summary")  # Databricks'
        thoughts = summary if isinstance(summary, list) else array_of(part.get("thinking"))
        for thought in map(object_of, thoughts):
            yield Reasoning(text_of(thought.get("text")))
        if text := text_of(part.get("text")):
            yield text
        if part.get("type") == "image_url":
            yield from image_in(part)
        yield from reference_in(part)
