"""OpenAI's format: `chat.completion.chunk` objects, whatever format the service itself has.

Source: OpenAI's API reference, "Chat", "Streaming".
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from ..._sources.suggestions_event_source import SuggestionsEventSource
from ...events import Event, FunctionCall, ToolCall
from .protocol import ENDINGS, Wording, error_of, sse

_TYPES = {
    "error_quota_exceeded": "rate_limit_exceeded",
    "error_moderation": "content_filter",
    "error_service_unavailable": "service_unavailable",
    "error_context_too_large": "context_length_exceeded",
}
"""OpenAI's word for our code; "server_error" for all other codes."""
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class OpenAIFrames:
    """Text, reasoning and whole tool calls. At the end come the reason to stop, the usage and
    `[DONE]`, or else an object with `error`, whose `code` is ours."""

    event_names: tuple[str, ...] = ("chunk", "reasoning", "tool_call", "function_done", *ENDINGS)

    def __init__(self, source: SuggestionsEventSource, wording: Wording) -> None:
        self._source = source
        self._wording = wording
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())  # seconds since the epoch
        self._role: dict[str, Any] = {"role": "assistant"}  # in the first chunk only
        self._calls = 0

    def encode(self, event: Event[Any]) -> bytes:
        if event.type == "done":
            return self._end()
        if event.type in ENDINGS:
            return self._error(event)
        return self._chunk(self._delta(event))

    def _delta(self, event: Event[Any]) -> dict[str, Any]:
        detail = event.detail
        if event.type == "chunk":
            return {"content": detail}
        if event.type == "reasoning":
            return {"reasoning_content": detail}
        if event.type == "function_done":
            return {"function_call": _function(detail)}
        index, self._calls = self._calls, self._calls + 1
        call = {"index": index, "id": detail.id, "type": "function", "function": _function(detail)}
        return {"tool_calls": [call]}

    def _end(self) -> bytes:
        parts = [self._chunk({}, self._source.finish_reason or "stop")]
        usage = self._source.usage
        if usage is not None:
            counts = {name: usage._asdict()[name] for name in _COUNTS}
            parts.append(sse({**self._envelope([]), "usage": counts}))
        return b"".join([*parts, b"data: [DONE]\n\n"])

    def _error(self, event: Event[Any]) -> bytes:
        error = error_of(event)
        kind = _TYPES.get(error.code, "server_error")
        message = self._wording.sentence(error)
        return sse({"error": {"message": message, "type": kind, "param": None, "code": error.code}})

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        delta, self._role = {**self._role, **delta}, {}
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return sse(self._envelope([choice]))

    def _envelope(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._source.model or "",
            "choices": choices,
        }


def _function(call: FunctionCall | ToolCall) -> dict[str, str]:
    return {"name": call.name, "arguments": call.arguments}
