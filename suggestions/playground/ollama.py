"""Ollama's own chat API: `/api/chat`, which streams unless told not to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone

from flask import Response

from .chat import Call, Chat
from .chat_body import checked, optional, read_body, read_messages, read_tools
from .faults import Fault
from .model_stream import Format, Json, Said, limit_of, respond
from .stream import Frame, to_json
from .wire_format import wire_format

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
    chat = Chat(read_messages(body, _ROLES), model, read_tools(body), limit)
    return respond(_FORMAT, chat, stream=optional(body, "stream", True))


def _frames(said: Said) -> Iterator[Frame]:
    for token in said.reply.reasoning:
        yield Frame("token", _line(_told(said, content="", thinking=token)))
    for token in said.reply.tokens:
        yield Frame("token", _line(_told(said, content=token)))
    for call in said.reply.calls:
        yield Frame("token", _line(_told(said, content="", tool_calls=[_call(call)])))
    yield Frame("done", _line({**_told(said, content=""), **_end(said)}))


def _whole(said: Said) -> Json:
    reply = said.reply
    message: Json = {"content": reply.text}
    if reply.reasoning:
        message["thinking"] = "".join(reply.reasoning)
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    return {**_told(said, **message), **_end(said)}


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _told(said: Said, **message: object) -> Json:
    return {
        "model": said.model,
        "created_at": datetime.now(timezone.utc).isoformat(),
        "message": {"role": "assistant", **message},
        "done": False,
    }


def _call(call: Call) -> Json:
    return {"function": {"name": call.name, "arguments": json.loads(call.arguments)}}


def _end(said: Said) -> Json:
    # A call of a tool is no reason of its own there.
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
