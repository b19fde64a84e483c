"""An answer with the given pieces of text, in the wire of each dialect that asks for an object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class ObjectWire(NamedTuple):
    """`asked_in` is where the request has the format, and what the field of the schema is in it."""

    parts: list[bytes]
    whole: bytes
    content_type: str
    asked_in: tuple[str, ...]


def _events(*events: Mapping[str, Any]) -> list[bytes]:
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def _openai(pieces: Sequence[str], length: bool) -> ObjectWire:
    reason = "length" if length else "stop"
    said = [{"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces]
    end = {"index": 0, "delta": {}, "finish_reason": reason}
    parts = [f"data: {json.dumps({'choices': [each]})}\n\n".encode() for each in (*said, end)]
    message = {"role": "assistant", "content": "".join(pieces)}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    place = ("response_format", "json_schema", "schema")
    return ObjectWire(
        [*parts, b"data: [DONE]\n\n"], json.dumps(whole).encode(), "text/event-stream", place
    )


def _responses(pieces: Sequence[str], length: bool) -> ObjectWire:
    text = "".join(pieces)
    item = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    status = "incomplete" if length else "completed"
    details = {"reason": "max_output_tokens"} if length else None
    response = {"status": status, "output": [item], "incomplete_details": details}
    place = {"output_index": 0, "content_index": 0}
    parts = _events(
        *({"type": "response.output_text.delta", "delta": piece, **place} for piece in pieces),
        {"type": "response.output_text.done", "text": text, **place},
        {"type": f"response.{status}", "response": response},
    )
    whole = json.dumps({"object": "response", **response}).encode()
    return ObjectWire(parts, whole, "text/event-stream", ("text", "format", "schema"))


def _anthropic(pieces: Sequence[str], length: bool) -> ObjectWire:
    reason = "max_tokens" if length else "end_turn"
    parts = _events(
        {"type": "message_start", "message": {"model": "m", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": piece},
            }
            for piece in pieces
        ),
        {"type": "message_delta", "delta": {"stop_reason": reason}},
        {"type": "message_stop"},
    )
    content = [{"type": "text", "text": "".join(pieces)}]
    whole = json.dumps({"type": "message", "content": content, "stop_reason": reason}).encode()
    return ObjectWire(parts, whole, "text/event-stream", ("output_config", "format", "schema"))


def _ollama(pieces: Sequence[str], length: bool) -> ObjectWire:
    reason = "length" if length else "stop"
    said = [{"message": {"content": piece}, "done": False} for piece in pieces]
    end = {"message": {"content": ""}, "done": True, "done_reason": reason}
    parts = [json.dumps(each).encode() + b"\n" for each in (*said, end)]
    whole = json.dumps({**end, "message": {"content": "".join(pieces)}}).encode()
    return ObjectWire(parts, whole, "application/x-ndjson", ("format",))


_WIRES = {
    "openai": _openai,
    "responses": _responses,
    "anthropic": _anthropic,
    "ollama": _ollama,
}
DIALECTS = tuple(_WIRES)


def object_wire(dialect: str, pieces: Sequence[str], *, length: bool = False) -> ObjectWire:
    """With `length`, the answer was cut off by a limit of tokens."""
    return _WIRES[dialect](pieces, length)
