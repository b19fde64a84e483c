"""The `chat.completion` shapes, whole and in chunks, that several services answer with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .chat import Call, Reply
from .stream import Frame, sse, to_json
from .tokens import tokenize

Json = dict[str, object]


@dataclass(frozen=True)
class Completion:
    """A reply on its way into these shapes.

    `created` is in seconds since the epoch; `legacy` calls a function the way it was done before
    there were tools; `include_usage` counts the tokens at the end of a stream.
    """

    reply: Reply
    id: str
    created: int
    model: str
    legacy: bool = False
    include_usage: bool = False


def whole(completion: Completion) -> Json:
    """The completion in one object."""
    reply = completion.reply
    message: Json = {"role": "assistant", "content": None if reply.calls else reply.text}
    if reply.reasoning:
        message["reasoning_content"] = "".join(reply.reasoning)
    if reply.calls and completion.legacy:
        message["function_call"] = _function(reply.calls[0])
    elif reply.calls:
        message["tool_calls"] = [
            {"id": _call_id(index, call), "type": "function", "function": _function(call)}
            for index, call in enumerate(reply.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(completion)}
    return _envelope(completion, "chat.completion", [choice]) | {"usage": _usage(reply)}


def frames(completion: Completion) -> Iterator[Frame]:
    """The completion as a stream: the role, the tokens, the finish, the usage, and [DONE]."""
    reply = completion.reply
    yield _chunk(completion, {"role": "assistant", "content": None if reply.calls else ""})
    for token in reply.reasoning:
        yield _chunk(completion, {"content": None, "reasoning_content": token}, "token")
    for token in reply.tokens:
        yield _chunk(completion, {"content": token}, "token")
    for delta in _legacy_deltas(reply) if completion.legacy else _tool_deltas(reply):
        yield _chunk(completion, delta, "token")
    yield _chunk(completion, {}, finish_reason=_finish_reason(completion))
    if completion.include_usage:
        usage = _envelope(completion, "chat.completion.chunk", []) | {"usage": _usage(reply)}
        yield Frame("control", sse(to_json(usage)))
    yield Frame("done", sse(b"[DONE]"))


def _chunk(
    completion: Completion,
    delta: Json,
    kind: Literal["token", "control"] = "control",
    finish_reason: str | None = None,
) -> Frame:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = _envelope(completion, "chat.completion.chunk", [choice])
    return Frame(kind, sse(to_json(chunk)))


def _envelope(completion: Completion, kind: str, choices: list[Json]) -> Json:
    return {
        "id": completion.id,
        "object": kind,
        "created": completion.created,
        "model": completion.model,
        "choices": choices,
    }


def _tool_deltas(reply: Reply) -> Iterator[Json]:
    """Each call opens with its id and name; its arguments follow in pieces under its index."""
    for index, call in enumerate(reply.calls):
        opening = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": _call_id(index, call), "type": "function"}
        yield {"tool_calls": [first | {"function": opening}]}
        for piece in tokenize(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _legacy_deltas(reply: Reply) -> Iterator[Json]:
    for call in reply.calls[:1]:  # there was never more than one
        yield {"function_call": {"name": call.name, "arguments": ""}}
        for piece in tokenize(call.arguments):
            yield {"function_call": {"arguments": piece}}


def _function(call: Call) -> Json:
    return {"name": call.name, "arguments": call.arguments}


def _call_id(index: int, call: Call) -> str:
    return "call_" + digest((index, call))


def digest(value: object) -> str:
    """24 characters that are the same for the same value, as an id has them."""
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:24]


def _finish_reason(completion: Completion) -> str:
    calls = completion.legacy and completion.reply.calls
    return "function_call" if calls else completion.reply.finish_reason


def _usage(reply: Reply) -> Json:
    called = sum(len(tokenize(call.name + call.arguments)) for call in reply.calls)
    count = len(reply.reasoning) + len(reply.tokens) + called
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": count,
        "total_tokens": reply.prompt_tokens + count,
        "completion_tokens_details": {"reasoning_tokens": len(reply.reasoning)},
    }
