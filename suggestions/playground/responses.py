"""The OpenAI API's newer way to ask: `/v1/responses`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Literal

from flask import Response

from .model import Chat, Message, tokenize
from .output_format import responses_object
from .request_body import Body, checked, optional, read_body, read_messages, read_tools, said
from .streaming import Fault, Frame, Refused, openai_body, sse, to_json
from .wire_format import Format, Json, Said, digest, limit_of, respond, wire_format

_ROLES = ("system", "developer", "user", "assistant")
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
_Event = tuple[Literal["token", "control", "done"], str, Json]
"""The kind of its frame, its type, and its fields."""

responses = wire_format("responses", openai_body)


@responses.post("/v1/responses")
def create_response() -> Response:
    body = read_body()
    limit = limit_of(optional(body, "max_output_tokens", 0), "max_output_tokens")
    tools = read_tools({"functions": body.get("tools")})
    messages = _messages(body)
    answer = responses_object(body, messages[-1].text)
    chat = Chat(messages, optional(body, "model", Chat.model), tools, limit, answer)
    return respond(_FORMAT, chat, stream=optional(body, "stream", False))


def _messages(body: Body) -> tuple[Message, ...]:
    text = optional(body, "instructions", "")
    instructions = (Message("system", text),) if text else ()
    asked = body.get("input")
    if isinstance(asked, list):
        return (*instructions, *_conversation(asked))
    return (*instructions, Message("user", checked(body.get("input") or None, str, "input")))


def _conversation(items: list[object]) -> tuple[Message, ...]:
    """Messages, and the results of tools. Raises `Refused` for the result of no call."""
    called: set[object] = set()
    messages: list[Message] = []
    for number, value in enumerate(items):
        path = f"input[{number}]"
        item: Body = checked(value, dict, path)
        kind = item.get("type", "message")
        if kind == "message":
            messages += read_messages({"messages": [item]}, _ROLES)
        elif kind == "function_call":
            called.add(item.get("call_id"))
        elif kind == "function_call_output":
            call_id = item.get("call_id")
            if call_id not in called:
                message = f"No tool call found for function call output with call_id {call_id}."
                raise Refused(Fault(400, message, param="input"))
            messages.append(said("tool", item.get("output"), f"{path}.output"))
    if not messages:
        raise Refused(Fault(400, "Missing required parameter: 'input'.", param="input"))
    return tuple(messages)


def _frames(said: Said) -> Iterator[Frame]:
    for number, (kind, name, fields) in enumerate(_events(said)):
        event = {"type": name, **fields, "sequence_number": number}
        yield Frame(kind, sse(to_json(event), event=name))


def _events(said: Said) -> Iterator[_Event]:
    begun: Json = {"response": _response(said, "in_progress", [])}
    yield "control", "response.created", begun
    yield "control", "response.in_progress", begun
    items = _items(said)
    for index, item in enumerate(items):
        at: Json = {"output_index": index}
        empty: Json = {"arguments": ""} if item["type"] == "function_call" else {"content": []}
        opened = {**item, **empty, "status": "in_progress"}
        yield "control", "response.output_item.added", {**at, "item": opened}
        yield from _content(said, item, {**at, "item_id": item["id"]})
        yield "control", "response.output_item.done", {**at, "item": item}
    status = _status(said)
    yield "done", f"response.{status}", {"response": _response(said, status, items)}


def _content(said: Said, item: Json, place: Json) -> Iterator[_Event]:
    if item["type"] == "function_call":
        arguments = str(item["arguments"])
        yield from _deltas("function_call_arguments", tokenize(arguments), place)
        whole: Json = {**place, "name": item["name"], "arguments": arguments}
        yield "control", "response.function_call_arguments.done", whole
        return
    kind, tokens = "output_text", said.reply.tokens
    if item["type"] == "reasoning":
        kind, tokens = "reasoning_text", said.reply.reasoning
    place = {**place, "content_index": 0}
    yield "control", "response.content_part.added", {**place, "part": _part(kind, "")}
    yield from _deltas(kind, tokens, place)
    text = "".join(tokens)
    yield "control", f"response.{kind}.done", {**place, "text": text}
    yield "control", "response.content_part.done", {**place, "part": _part(kind, text)}


def _deltas(kind: str, tokens: Iterable[str], place: Json) -> Iterator[_Event]:
    for token in tokens:
        yield "token", f"response.{kind}.delta", {**place, "delta": token}


def _part(kind: str, text: str) -> Json:
    return {"type": kind, "text": text, "annotations": []}


def _items(said: Said) -> list[Json]:
    reply = said.reply
    items: list[Json] = []
    if reply.reasoning:
        content = [_part("reasoning_text", "".join(reply.reasoning))]
        items.append({"type": "reasoning", "summary": [], "content": content})
    if not reply.calls:
        content = [_part("output_text", reply.text)]
        items.append({"type": "message", "role": "assistant", "content": content})
    for index, call in enumerate(reply.calls):
        call_id = "call_" + digest((index, call))
        names = {"call_id": call_id, "name": call.name, "arguments": call.arguments}
        items.append({"type": "function_call", **names})
    return [
        {"id": f"item_{said.id}_{n}", "status": "completed", **item} for n, item in enumerate(items)
    ]


def _status(said: Said) -> str:
    return "incomplete" if said.reply.finish_reason in _REASONS else "completed"


def _response(said: Said, status: str, output: list[Json]) -> Json:
    prompt, completion = said.reply.prompt_tokens, said.completion_tokens
    reason = _REASONS.get(said.reply.finish_reason)
    usage: Json = {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": len(said.reply.reasoning)},
        "total_tokens": prompt + completion,
    }
    return {
        "id": f"resp_{said.id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": said.model,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None if status == "in_progress" else usage,
    }


def _fault(fault: Fault) -> bytes:
    code = fault.code or fault.type
    event = {"type": "error", "code": code, "message": fault.message, "param": fault.param}
    return sse(to_json(event), event="error")


_FORMAT = Format(
    frames=_frames,
    whole=lambda said: _response(said, _status(said), _items(said)),
    fault=_fault,
)
