"""The OpenAI API, as far as a chat needs it: `/v1/chat/completions` and `/v1/models`."""

from __future__ import annotations

from flask import Response

from .chat_body import read_body, read_messages
from .chat_response import respond
from .faults import openai_body
from .model import MODELS
from .wire_format import json_response, wire_format

openai = wire_format("openai", openai_body)

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_MODELS_CREATED = 1_700_000_000  # seconds since the epoch


@openai.post("/v1/chat/completions")
def chat_completions() -> Response:
    body = read_body()
    return respond(body, read_messages(body, _ROLES), stream=False)


@openai.get("/v1/models")
def models() -> Response:
    rows = [
        {"id": name, "object": "model", "created": _MODELS_CREATED, "owned_by": "playground"}
        for name in MODELS
    ]
    return json_response({"object": "list", "data": rows})
