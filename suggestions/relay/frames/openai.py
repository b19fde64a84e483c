"""OpenAI's format: `chat.completion.chunk` objects, whatever format the service itself has.

Source: OpenAI's API reference, "Chat", "Streaming"; `annotations` and `images` as OpenRouter's
documents have them. Each has an `index`, without which openai's own `stream()` cannot put several
together.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from typing import Any

from ..._sources.answer_following import TOOL_CALL_PIECE
from ..._sources.suggestions_event_source import SuggestionsEventSource
from ...events import AnswerFile, Citation, Event, Usage
from .protocol import ENDINGS, Wording, error_of, sse
from .tool_calls import CallPieces

_TYPES = {
    "error_quota_exceeded": "rate_limit_exceeded",
    "error_moderation": "content_filter",
    "error_service_unavailable": "service_unavailable",
    "error_context_too_large": "context_length_exceeded",
}
"""OpenAI's word for our code; "server_error" for all other codes."""
_FROM = {"tool_call": (TOOL_CALL_PIECE, "tool_call")}
"""The events that a part is made of, if they are not those of its own name."""


class OpenAIFrames:
    """Text, reasoning, tool calls in pieces, citations and images. At the end come the reason to
    stop, the usage and `[DONE]`, or else an object with `error`, whose `code` is ours."""

    optional = ("reasoning", "tool_call", "function_done", "citation", "file", "usage")
    by_default: Collection[str] = optional

    def __init__(
        self, source: SuggestionsEventSource, wording: Wording, events: Collection[str]
    ) -> None:
        others = [part for name in events if name != "usage" for part in _FROM.get(name, (name,))]
        self.event_names: tuple[str, ...] = ("chunk", *others, *ENDINGS)
        self._source = source
        self._wording = wording
        self._has_usage = "usage" in events
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())  # seconds since the epoch
        self._role: dict[str, Any] = {"role": "assistant"}  # in the first chunk only
        self._pieces = CallPieces()
        self._annotations = self._images = 0

    def encode(self, event: Event[Any]) -> bytes:
        if event.type == "done":
            return self._end()
        if event.type in ENDINGS:
            return self._error(event)
        delta = self._delta(event)
        return self._chunk(delta) if delta else b""

    def _delta(self, event: Event[Any]) -> dict[str, Any] | None:
        """None if there is nothing to send."""
        kind, detail = event.type, event.detail
        if kind == "chunk":
            return {"content": detail}
        if kind == "reasoning":
            return {"reasoning_content": detail}
        if kind == "function_done":
            return {"function_call": detail._asdict()}
        if kind == "citation":
            return self._annotation(detail)
        if kind == "file":
            return self._image(detail)
        pieces = self._pieces
        piece = pieces.of_piece(detail) if kind == TOOL_CALL_PIECE else pieces.of_whole(detail)
        return {"tool_calls": [_tool_call(piece)]} if piece else None

    def _annotation(self, citation: Citation) -> dict[str, Any]:
        index, self._annotations = self._annotations, self._annotations + 1
        cited: dict[str, Any] = {"url": citation.url, "title": citation.title}
        if citation.start is not None and citation.end is not None:
            cited |= {"start_index": citation.start, "end_index": citation.end}
        if citation.quote:
            cited["content"] = citation.quote
        return {"annotations": [{"index": index, "type": "url_citation", "url_citation": cited}]}

    def _image(self, file: AnswerFile) -> dict[str, Any] | None:
        if file.partial or not file.media_type.startswith("image/"):
            return None  # the format has no place for it
        index, self._images = self._images, self._images + 1
        image = {"index": index, "type": "image_url", "image_url": {"url": file.url}}
        return {"images": [image]}

    def _end(self) -> bytes:
        parts = [self._chunk({}, self._source.finish_reason or "stop")]
        usage = self._source.usage
        if usage is not None and self._has_usage:
            parts.append(sse({**self._envelope([]), "usage": _counts(usage)}))
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


def _tool_call(piece: dict[str, Any]) -> dict[str, Any]:
    function = {name: piece[name] for name in ("name", "arguments") if name in piece}
    begun = {"id": piece["id"], "type": "function"} if "id" in piece else {}
    return {"index": piece["index"], **begun, "function": function}


def _counts(usage: Usage) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.cached_tokens:
        counts["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens:
        counts["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return counts
