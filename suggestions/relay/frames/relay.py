"""Our own format: `{"type": "content" | "done" | "error"}`, which the dialect `relay` reads."""

from __future__ import annotations

from typing import Any

from ..._sources.suggestions_event_source import SuggestionsEventSource
from ...events import Event
from .protocol import ENDINGS, Wording, error_of, in_json, sse, sse_of


class RelayFrames:
    """Text, and how it ended; an error has a sentence and our code."""

    event_names: tuple[str, ...] = ("chunk", *ENDINGS)

    def __init__(self, source: SuggestionsEventSource, wording: Wording) -> None:
        self._wording = wording

    def encode(self, event: Event[Any]) -> bytes:
        if event.type == "chunk":
            return sse_of('{"type": "content", "data": ' + in_json(event.detail) + "}")
        if event.type == "done":
            return sse({"type": "done"})
        error = error_of(event)
        return sse({"type": "error", "error": self._wording.sentence(error), "code": error.code})
