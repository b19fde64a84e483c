"""OpenAI's format: `chat.completion.chunk` objects, whatever format the service itself has.

Source: OpenAI's API reference, "Chat", "Streaming"; `annotations` and `images` as OpenRouter's
documents have them. Each has an `index`, without which openai's own `stream()` cannot put several
together.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from ..._sources.answer_following import TOOL_CALL_PIECE
from ...errors import ModerationError, SuggestionsError
from ...events import AnswerFile, Citation, Event, FunctionCall, ToolCall, Usage
from .openai_errors import error_object, told
from .protocol import ENDINGS, AnswerFacts, Wording, error_of, events_of, sse
from .tool_calls import CallPieces


class OpenAIFrames:
    """Text, reasoning, tool calls in pieces, citations and images. At the end come the reason to
    stop and `[DONE]`, or else an object with `error`, whose `code` is OpenAI's; ours is beside it,
    as `suggestions_code`. The usage is sent if the client has asked for it.

    A text that a filter has cut off is not an error in this format: its reason to stop is
    "content_filter"."""

    optional = ("reasoning", "tool_call", "function_done", "citation", "file", "usage")
    by_default: Collection[str] = optional[:-1]
    message_id: str | None = None

    @classmethod
    def asked_for(cls, parameters: Mapping[str, Any]) -> Collection[str]:
        """The events that a request with these parameters is to get."""
        return cls.optional if asks_for_usage(parameters) else cls.by_default

    def __init__(self, source: AnswerFacts, wording: Wording, events: Collection[str]) -> None:
        self.event_names: tuple[str, ...] = ("chunk", *events_of(events), *ENDINGS)
        self._source = source
        self._wording = wording
        self._has_usage = "usage" in events
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())  # seconds since the epoch
        self._role: dict[str, Any] = {"role": "assistant"}  # in the first chunk only
        self._pieces = CallPieces()
        self._annotations = self._images = 0
        self._called = ""  # the reason to stop, if there were calls
        self.has_begun = False
        """Whether a piece of the answer, or its end, was sent."""
        self.failure: SuggestionsError | None = None
        """What the last event was sent for, if it is an error."""

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
            self._called = self._called or "function_call"
            return {"function_call": detail._asdict()}
        if kind == "citation":
            return self._annotation(detail)
        if kind == "file":
            return self._image(detail)
        self._called = "tool_calls"
        pieces = self._pieces
        piece = pieces.of_piece(detail) if kind == TOOL_CALL_PIECE else pieces.of_whole(detail)
        return {"tool_calls": [_tool_call(piece)]} if piece else None

    def _annotation(self, citation: Citation) -> dict[str, Any]:
        index, self._annotations = self._annotations, self._annotations + 1
        return {"annotations": [{"index": index, **annotation_of(citation)}]}

    def _image(self, file: AnswerFile) -> dict[str, Any] | None:
        if not is_image(file):
            return None
        index, self._images = self._images, self._images + 1
        return {"images": [{"index": index, **image_of(file)}]}

    def _end(self, reason: str = "") -> bytes:
        # Services without a reason of their own for calls say "stop".
        reason = reason or self._called or self._source.finish_reason or "stop"
        parts = [self._chunk({}, reason)]
        usage = self._source.usage
        if usage is not None and self._has_usage:
            parts.append(sse({**self._envelope([]), "usage": counts_of(usage)}))
        return b"".join([*parts, b"data: [DONE]\n\n"])

    def _error(self, event: Event[Any]) -> bytes:
        error = error_of(event)
        if self.has_begun and isinstance(error, ModerationError):
            return self._end("content_filter")
        self.failure = error
        return sse(error_said(self.failure, self._wording))

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        self.has_begun = True
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


def asks_for_usage(parameters: Mapping[str, Any]) -> bool:
    """Whether the parameters of a request ask for a chunk with the usage."""
    options = parameters.get("stream_options")
    return isinstance(options, Mapping) and options.get("include_usage") is True


def error_said(error: SuggestionsError, wording: Wording) -> dict[str, Any]:
    """The error in OpenAI's words, with our code beside them."""
    row = told(error)
    sentence = wording.sentence(error, row.sentence)
    return error_object(sentence, row.type, row.code, row.param, suggestions_code=error.code)


def annotation_of(citation: Citation) -> dict[str, Any]:
    cited: dict[str, Any] = {"url": citation.url, "title": citation.title}
    if citation.start is not None and citation.end is not None:
        cited |= {"start_index": citation.start, "end_index": citation.end}
    if citation.quote:
        cited["content"] = citation.quote
    return {"type": "url_citation", "url_citation": cited}


def is_image(file: AnswerFile) -> bool:
    """The format has no place for another file, nor for a preview."""
    return not file.partial and file.media_type.startswith("image/")


def image_of(file: AnswerFile) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": file.url}}


def counts_of(usage: Usage) -> dict[str, Any]:
    """The counts, with the service's own details of both; Responses names them otherwise."""
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details")
    completion = _details(usage, "completion_tokens_details", "output_tokens_details")
    if usage.cached_tokens:
        prompt["cached_tokens"] = usage.cached_tokens
    if usage.reasoning_tokens:
        completion["reasoning_tokens"] = usage.reasoning_tokens
    if prompt:
        counts["prompt_tokens_details"] = prompt
    if completion:
        counts["completion_tokens_details"] = completion
    return counts


def _details(usage: Usage, *names: str) -> dict[str, Any]:
    found = (usage.details.get(name) for name in names)
    return dict(next((each for each in found if isinstance(each, Mapping)), {}))


def message_of(
    text: str,
    reasoning: str,
    calls: tuple[ToolCall, ...],
    function: FunctionCall | None,
    citations: tuple[Citation, ...],
    files: tuple[AnswerFile, ...],
) -> dict[str, Any]:
    """The whole answer, as `choices[0].message` of a `chat.completion`."""
    has_calls = bool(calls or function)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": text or (None if has_calls else ""),
        "refusal": None,
    }
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in calls
        ]
    elif function is not None:
        message["function_call"] = function._asdict()
    if citations:
        message["annotations"] = [annotation_of(citation) for citation in citations]
    if images := [image_of(file) for file in files if is_image(file)]:
        message["images"] = images
    return message
