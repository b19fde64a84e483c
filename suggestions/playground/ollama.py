"""Ollama's own chat API: `/api/chat`, which streams by default."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from flask import Response

from .model import Call, Chat, Message
from .output_format import ollama_object
from .request_body import Body, checked, optional, read_body, read_messages, read_tools
from .streaming import Fault, Frame, to_json
from .wire_format import Format, Json, Said, limit_of, respond, wire_format

_ROLES = ("system", "user", "assistant", "tool")


def _error_body(fault: Fault) -> Json:
    return {"error": fault.message}


ollama = wire_format("ollama", _error_body)


@ollama.post("/api/chat")
def api_chat() -> Response:
    body = read_body()
    options = optional(body, "options", dict[str, object]())
    limit = limit_of(max(optional(options, "num_predict", 0), 0), "num_predict")
    model = checked(body.get("model"), str, "model")
    messages = _messages(body)
    answer = ollama_object(body, messages[-1].text)
    chat = Chat(messages, model, read_tools(body), limit, answer)
    return respond(_FORMAT, chat, stream=optional(body, "stream", True))


def _messages(body: Body) -> tuple[Message, ...]:
    """Images are not among the parts of the content; they have a list of their own."""
    images = [len(optional(item, "images", list[object]())) for item in _items(body)]
    messages = read_messages(body, _ROLES)
    return tuple(replace(m, images=n) for m, n in zip(messages, images, strict=True))


def _items(body: Body) -> list[Body]:
    messages = checked(body.get("messages"), list, "messages")
    return [checked(item, dict, f"messages[{n}]") for n, item in enumerate(messages)]


def _frames(said: Said) -> Iterator[Frame]:
    for token in said.reply.reasoning:
        yield Frame("token", _line(_part(said, content="", thinking=token)))
    for token in said.reply.tokens:
        yield Frame("token", _line(_part(said, content=token)))
    for call in said.reply.calls:
        yield Frame("token", _line(_part(said, content="", tool_calls=[_call(call)])))
    yield Frame("done", _line({**_part(said, content=""), **_end(said)}))


def _whole(said: Said) -> Json:
    reply = said.reply
    message: Json = {"content": reply.text}
    if reply.reasoning:
        message["thinking"] = reply.thinking
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    return {**_part(said, **message), **_end(said)}


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _part(said: Said, **message: object) -> Json:
    return {
        "model": said.model,
        "created_at": datetime.now(timezone.utc).isoformat(),
        "message": {"role": "assistant", **message},
        "done": False,
    }


def _call(call: Call) -> Json:
    return {"function": {"name": call.name, "arguments": json.loads(call.arguments)}}


def _end(said: Said) -> Json:
    # Ollama has no own reason for the call of a tool.
    reason = "stop" if said.reply.calls else said.reply.finish_reason
    return {
        "done": True,
        "done_reason": reason,
        "total_duration": 1_000_000,
        "prompt_eval_count": said.reply.prompt_tokens,
        "eval_count": said.completion_tokens,
    }


_FORMAT = Format(
    frames=_frames,
    whole=_whole,
    fault=lambda fault: _line(_error_body(fault)),
    mimetype="application/x-ndjson",
)
