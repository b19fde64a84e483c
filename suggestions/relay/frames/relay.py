"""Our own format: `{"type": "content" | "done" | "error"}`, which the dialect `relay` reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..._sources.answer_following import TOOL_CALL_PIECE
from ...events import Event
from .protocol import ENDINGS, AnswerFacts, Wording, error_of, sse, text_sse
from .tool_calls import CallPieces


class RelayFrames:
    """Text, and how it ended: the model's reason to stop and the counts of tokens, as far as they
    are known; or a sentence, our code, and the seconds to wait if the service named them.

    Each of the other `events` is a frame with its name as `type`, and with the fields of its detail
    as `data`. A tool call also has its `index`; its pieces have only what each adds. Of the objects
    so far, only the last is sent.
    """

    optional = (
        *("reasoning", "tool_call_chunk", "tool_call", "function_done"),
        *("citation", "file", "object", "usage", "tool_result"),
    )
    by_default: Collection[str] = ()

    def __init__(self, source: AnswerFacts, wording: Wording, events: Collection[str]) -> None:
        pieces = {"tool_call_chunk": TOOL_CALL_PIECE}
        self.event_names: tuple[str, ...] = (
            *("chunk", *ENDINGS),
            *(pieces.get(name, name) for name in events),
            *(("step",) if "tool_result" in events else ()),
        )
        self._source = source
        self._wording = wording
        self._has_usage = "usage" in events
        self._pieces = CallPieces()
        self._object: object = None

    def encode(self, event: Event[Any]) -> bytes:
        if event.type == "chunk":
            return text_sse('data: {"type": "content", "data": ', event.detail)
        if event.type == "done":
            return self._end()
        if event.type not in ENDINGS:
            return self._other(event)
        error = error_of(event)
        told = {"type": "error", "error": self._wording.sentence(error), "code": error.code}
        waits = error.retry_after is not None
        return sse({**told, "retry_after": error.retry_after} if waits else told)

    def _other(self, event: Event[Any]) -> bytes:
        kind, detail = event.type, event.detail
        if kind == "object":
            self._object = detail  # with each piece, all of it would take quadratic time
            return b""
        if kind == "step":
            self._pieces.start_step()
            return b""
        if kind == "reasoning":
            return sse({"type": kind, "data": detail})
        if kind == TOOL_CALL_PIECE:
            piece = self._pieces.of_piece(detail)
            return sse({"type": "tool_call_chunk", "data": piece}) if piece else b""
        data = self._pieces.whole(detail) if kind == "tool_call" else detail._asdict()
        return sse({"type": kind, "data": data})

    def _end(self) -> bytes:
        last = b"" if self._object is None else sse({"type": "object", "data": self._object})
        told: dict[str, Any] = {"type": "done"}
        if reason := self._source.finish_reason:
            told["finish_reason"] = reason
        if usage := self._source.usage:
            told["usage"] = usage._asdict()
            if not self._has_usage:
                del told["usage"]["details"]  # a service's own words are only sent if asked for
        return last + sse(told)
