"""An answer in OpenAI's format, whichever the service has: `chat.completion.chunk` objects.

Source: OpenAI's API reference, "Chat", "Streaming".
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.events import Event, FunctionCall, ToolCall
from suggestions.relay.frames import ENDINGS, error_of, sse
from suggestions.relay.wording import Wording

_TYPES = {
    "error_quota_exceeded": "rate_limit_exceeded",
    "error_moderation": "content_filter",
    "error_service_unavailable": "service_unavailable",
    "error_context_too_large": "context_length_exceeded",
}
"""OpenAI's word for a code of ours; "server_error" for all others."""
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class OpenAIFrames:
    """Text, reasoning and whole tool calls; at the end the reason to stop, usage and `[DONE]`,
    or an object with `error`, whose `code` is ours."""

    heard: tuple[str, ...] = ("chunk", "reasoning", "tool_call", "function_done", *ENDINGS)

    def __init__(self, source: SuggestionsEventSource, wording: Wording) -> None:
        self._source = source
        self._wording = wording
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())  # seconds since the epoch
        self._role: dict[str, Any] = {"role": "assistant"}  # in the first chunk only
        self._calls = 0

    def of(self, event: Event[Any]) -> bytes:
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
        told = {"message": self._wording.of(error), "type": kind, "param": None, "code": error.code}
        return sse({"error": told})

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
