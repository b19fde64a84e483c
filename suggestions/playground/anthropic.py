"""Anthropic's Messages API: `/v1/messages`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal

from flask import Response, current_app, request

from .model import Chat, Message, tokenize
from .output_format import anthropic_object
from .request_body import Body, checked, optional, read_body, read_messages, read_tools, said
from .streaming import Fault, Frame, Refused, sse, to_json
from .wire_format import Format, Json, Said, digest, limit_of, respond, wire_format

_ROLES = ("user", "assistant")
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def _error_body(fault: Fault) -> Json:
    kind = _TYPES.get(fault.status, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": fault.message}}


def _check_token() -> None:
    token = current_app.config["PLAYGROUND_TOKEN"]
    if token is not None and request.headers.get("x-api-key") != token:
        raise Refused(Fault(401, "invalid x-api-key"))


anthropic = wire_format("anthropic", _error_body, _check_token)


@anthropic.post("/v1/messages")
def create_message() -> Response:
    body = read_body()
    if "anthropic-version" not in request.headers:
        raise Refused(Fault(400, "anthropic-version: header is required"))
    limit = limit_of(checked(body.get("max_tokens"), int, "max_tokens"), "max_tokens")
    messages = _messages(body)
    answer = anthropic_object(body, messages[-1].text)
    tools = read_tools(_tools(body))
    chat = Chat(messages, optional(body, "model", Chat.model), tools, limit, answer)
    return respond(_FORMAT, chat, stream=optional(body, "stream", False))


def _messages(body: Body) -> tuple[Message, ...]:
    system = body.get("system") or ""
    instructions = (said("system", system, "system"),) if system else ()
    turns = read_messages(body, _ROLES)
    items: list[Body] = checked(body["messages"], list, "messages")
    called: set[object] = set()
    messages: list[Message] = []
    for number, (item, turn) in enumerate(zip(items, turns, strict=True)):
        blocks = [block for block in _blocks_of(item) if block.get("type") == "tool_result"]
        messages += [_result(block, called, f"messages.{number}") for block in blocks]
        called = {block.get("id") for block in _blocks_of(item) if block.get("type") == "tool_use"}
        if turn.text or turn.images or not blocks:
            messages.append(turn)
    return (*instructions, *messages)


def _blocks_of(item: Body) -> list[Body]:
    content = item.get("content")
    return content if isinstance(content, list) else []


def _result(block: Body, called: set[object], path: str) -> Message:
    """What a tool has said. Raises `Refused` if the message before it calls no such tool."""
    answered = block.get("tool_use_id")
    if answered not in called:
        message = (
            f"{path}: unexpected `tool_use_id` found in `tool_result` blocks: {answered}. Each "
            "`tool_result` block must have a corresponding `tool_use` block in the previous "
            "message."
        )
        raise Refused(Fault(400, message))
    return said("tool", block.get("content") or "", f"{path}.content")


def _tools(body: Body) -> Body:
    tools = [checked(tool, dict, "tools") for tool in optional(body, "tools", list[object]())]
    return {"functions": [{**tool, "parameters": tool.get("input_schema")} for tool in tools]}


def _frames(said: Said) -> Iterator[Frame]:
    usage = {"input_tokens": said.reply.prompt_tokens, "output_tokens": 1}
    begun = {**_message(said), "content": [], "stop_reason": None, "usage": usage}
    yield _frame("control", "message_start", message=begun)
    yield _frame("control", "ping")
    for index, block in enumerate(_blocks(said)):
        yield from _block_frames(said, index, block)
    delta = {"stop_reason": _REASONS[said.reply.finish_reason], "stop_sequence": None}
    counted = {"output_tokens": said.completion_tokens}
    yield _frame("control", "message_delta", delta=delta, usage=counted)
    yield _frame("done", "message_stop")


def _frame(kind: Literal["token", "control", "done"], name: str, **fields: object) -> Frame:
    return Frame(kind, sse(to_json({"type": name, **fields}), event=name))


def _block_frames(said: Said, index: int, block: Json) -> Iterator[Frame]:
    pieces: Iterable[str]
    if block["type"] == "tool_use":
        empty, kind, field = {**block, "input": {}}, "input_json_delta", "partial_json"
        pieces = tokenize(json.dumps(block["input"], ensure_ascii=False))
    elif block["type"] == "thinking":
        empty, kind, field = {**block, "thinking": ""}, "thinking_delta", "thinking"
        pieces = said.reply.reasoning
    else:
        empty, kind, field = {**block, "text": ""}, "text_delta", "text"
        pieces = said.reply.tokens
    yield _frame("control", "content_block_start", index=index, content_block=empty)
    for piece in pieces:
        delta = {"type": kind, field: piece}
        yield _frame("token", "content_block_delta", index=index, delta=delta)
    yield _frame("control", "content_block_stop", index=index)


def _blocks(said: Said) -> list[Json]:
    reply = said.reply
    blocks: list[Json] = []
    if reply.reasoning:
        thought = "".join(reply.reasoning)
        blocks.append({"type": "thinking", "thinking": thought, "signature": ""})
    if not reply.calls:
        blocks.append({"type": "text", "text": reply.text})
    for index, call in enumerate(reply.calls):
        call_id = "toolu_" + digest((index, call))
        given = json.loads(call.arguments)
        blocks.append({"type": "tool_use", "id": call_id, "name": call.name, "input": given})
    return blocks


def _message(said: Said) -> Json:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": _blocks(said),
        "stop_reason": _REASONS[said.reply.finish_reason],
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.reply.prompt_tokens,
            "output_tokens": said.completion_tokens,
        },
    }


_FORMAT = Format(
    frames=_frames,
    whole=_message,
    fault=lambda fault: sse(to_json(_error_body(fault)), event="error"),
)
