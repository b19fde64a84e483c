"""The UI message stream of Vercel's AI SDK, version 1, which its `useChat` reads.

Source: the npm package `ai`, `docs/04-ai-sdk-ui/50-stream-protocol.mdx` and
`src/ui-message-stream/ui-message-chunks.ts`. Versions 5 (from 5.0.92 on), 6 and 7 of the package
read what is sent here. The first of them refuse a chunk with a field that they do not know, so a
field that only later ones have, such as the `reason` of an `abort`, is not sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..._sources.answer_following import TOOL_CALL_PIECE
from ..._sources.suggestions_event_source import SuggestionsEventSource
from ...errors import AbortedError
from ...events import AnswerFile, Citation, Event, ToolCall
from ..server_stop import is_stopping
from ..tool_result import RelayedResult
from .protocol import (
    ENDINGS,
    PARTS,
    Wording,
    as_text,
    counts_of,
    error_of,
    events_of,
    sse,
    text_sse,
)
from .tool_calls import CallPieces, with_id

_HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}
_DONE = b"data: [DONE]\n\n"
_REASONS = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content-filter",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
}
"""The format's word for the reason to stop; "other" for all that are not here."""


class UIFrames:
    """Text and reasoning in blocks, tool calls in pieces and their results, citations and files. At
    the end come the reason to stop, the usage and the model; or an `error`, or `abort`.

    What fails before its first piece has no `start`, so that no empty message stays on the page.
    """

    headers: Mapping[str, str] = _HEADERS
    optional = PARTS
    by_default: Collection[str] = PARTS

    def __init__(
        self, source: SuggestionsEventSource, wording: Wording, events: Collection[str]
    ) -> None:
        self.event_names: tuple[str, ...] = ("chunk", "step", *events_of(events), *ENDINGS)
        self.message_id: str | None = None
        self._source = source
        self._wording = wording
        self._has_usage = "usage" in events
        self._has_begun = False
        self._is_in_step = False
        self._block = ""  # "text" or "reasoning", if one is open
        self._blocks = self._sources = 0
        self._block_id = self._before_piece = ""
        self._calls = CallPieces()
        self._call_ids: dict[int, str] = {}
        self._called: set[str] = set()
        """The ids of all calls. A client fails at the result of a call that it does not know."""

    def encode(self, event: Event[Any]) -> bytes:
        kind, detail = event.type, event.detail
        if kind in ("chunk", "reasoning"):
            return self._piece("text" if kind == "chunk" else kind, detail)
        if kind == "step":
            return self._end_step()
        if kind == "done":
            return self._end()
        if kind in ENDINGS:
            return self._end_block() + self._failure(event)
        if kind == "citation":
            return self._begin() + self._source_of(detail)
        if kind == "file":
            return self._file(detail)
        if kind == "tool_result":
            return self._begin() + _result(detail) if detail.call_id in self._called else b""
        return self._call(kind, detail)

    # Where what is sent begins and ends

    def _begin(self) -> bytes:
        """What comes before the first thing of the answer, and of each step."""
        begun = b""
        if not self._has_begun:
            self._has_begun = True
            named = {} if self.message_id is None else {"messageId": self.message_id}
            begun = sse({"type": "start", **named})
        if not self._is_in_step:
            self._is_in_step = True
            begun += sse({"type": "start-step"})
        return begun

    def _piece(self, block: str, text: str) -> bytes:
        """A piece of a block, which begins with its first piece and ends when another begins."""
        begun = b"" if self._block == block else self._begin_block(block)
        return begun + text_sse(self._before_piece, text)

    def _begin_block(self, block: str) -> bytes:
        ended = self._end_block() + self._begin()
        self._blocks += 1
        self._block, self._block_id = block, str(self._blocks)
        self._before_piece = f'data: {{"type": "{block}-delta", "id": "{self._block_id}", "delta": '
        return ended + sse({"type": f"{block}-start", "id": self._block_id})

    def _end_block(self) -> bytes:
        if not self._block:
            return b""
        block, self._block = self._block, ""
        return sse({"type": f"{block}-end", "id": self._block_id})

    def _end_step(self) -> bytes:
        if not self._is_in_step:
            return b""
        ended = self._end_block()
        self._is_in_step = False
        self._calls, self._call_ids = CallPieces(), {}
        return ended + sse({"type": "finish-step"})

    def _end(self) -> bytes:
        source = self._source
        reason = _REASONS.get(source.finish_reason or "stop", "other")
        finish: dict[str, Any] = {"type": "finish", "finishReason": reason}
        about: dict[str, Any] = {"model": source.model} if source.model else {}
        if source.usage is not None and self._has_usage:
            about["usage"] = counts_of(source.usage)
        if about:
            finish["messageMetadata"] = about
        return self._begin() + self._end_step() + sse(finish) + _DONE

    def _failure(self, event: Event[Any]) -> bytes:
        error = error_of(event)
        was_stopped = event.type == "abort" and not is_stopping()
        if was_stopped or isinstance(error, AbortedError):
            # Not an error: a person or the program has stopped it.
            return sse({"type": "abort"}) + _DONE
        return sse({"type": "error", "errorText": self._wording.sentence(error)}) + _DONE

    # What an answer has besides its text

    def _call(self, kind: str, detail: Any) -> bytes:
        before = self._end_block() + self._begin()
        if kind == TOOL_CALL_PIECE:
            piece = self._calls.of_piece(detail)
            return before + self._call_piece(piece) if piece else b""
        call = with_id(detail)
        rest = self._calls.of_whole(call)
        self._called.add(call.id)
        return before + (self._call_piece(rest) if rest else b"") + _whole_call(call)

    def _call_piece(self, piece: Mapping[str, Any]) -> bytes:
        data, index = b"", piece["index"]
        if "id" in piece:
            self._call_ids[index] = piece["id"]
            start = {"toolCallId": piece["id"], "toolName": piece["name"]}
            data = sse({"type": "tool-input-start", **start})
        if not piece["arguments"]:
            return data
        delta = {"toolCallId": self._call_ids[index], "inputTextDelta": piece["arguments"]}
        return data + sse({"type": "tool-input-delta", **delta})

    def _source_of(self, citation: Citation) -> bytes:
        self._sources += 1
        source: dict[str, Any] = {"type": "source-url", "sourceId": f"source-{self._sources}"}
        if citation.url:
            source["url"] = citation.url
        else:
            source |= {"type": "source-document", "mediaType": "text/plain"}
        if citation.title or not citation.url:
            source["title"] = citation.title or citation.quote
        where = {"start": citation.start, "end": citation.end, "quote": citation.quote or None}
        if said := {name: value for name, value in where.items() if value is not None}:
            source["providerMetadata"] = {"suggestions": said}
        return sse(source)

    def _file(self, file: AnswerFile) -> bytes:
        if file.partial:
            return b""  # a second file would be shown beside it
        before = self._end_block() + self._begin()
        return before + sse({"type": "file", "mediaType": file.media_type, "url": file.url})


def _whole_call(call: ToolCall) -> bytes:
    named = {"toolCallId": call.id, "toolName": call.name}
    try:
        return sse({"type": "tool-input-available", **named, "input": call.parsed})
    except ValueError as error:
        said = {"input": call.arguments, "errorText": f"The model's call is not valid: {error}"}
        return sse({"type": "tool-input-error", **named, **said})


def _result(result: RelayedResult) -> bytes:
    named = {"toolCallId": result.call_id}
    if result.is_error:
        return sse({"type": "tool-output-error", **named, "errorText": as_text(result.output)})
    return sse({"type": "tool-output-available", **named, "output": result.output})
