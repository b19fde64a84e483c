"""The frames of an answer: what stands in the server-sent events that a browser gets."""

from __future__ import annotations

import json
from typing import Any, Literal, Protocol

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.errors import NetworkError, SuggestionsError
from suggestions.events import Event
from suggestions.relay.wording import Wording

FramesName = Literal["relay", "openai"]
ENDINGS = ("done", "error", "abort")
"""The events of which every source tells exactly one, before nothing more is sent."""


class Frames(Protocol):
    """One answer in one format."""

    heard: tuple[str, ...]
    """The events that something is sent for."""

    def of(self, event: Event[Any]) -> bytes:
        """What is sent for one of them: server-sent events, as bytes."""
        ...


class RelayFrames:
    """`{"type": "content" | "done" | "error"}`, which the dialect `relay` reads."""

    heard: tuple[str, ...] = ("chunk", *ENDINGS)

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def of(self, event: Event[Any]) -> bytes:
        if event.type == "chunk":
            return sse({"type": "content", "data": event.detail})
        if event.type == "done":
            return sse({"type": "done"})
        error = error_of(event)
        return sse({"type": "error", "error": self._wording.of(error), "code": error.code})


def make_frames(name: object, source: SuggestionsEventSource, wording: Wording) -> Frames:
    """The format of that name. Raises `ValueError`."""
    if name == "relay":
        return RelayFrames(wording)
    if name == "openai":
        from suggestions.relay.openai_frames import OpenAIFrames

        return OpenAIFrames(source, wording)
    raise ValueError(f"frames is {name!r}: expected 'relay' or 'openai'")


def error_of(event: Event[Any]) -> SuggestionsError:
    """What an `error` or an `abort` is to the browser, which has not closed it itself."""
    if isinstance(event.detail, SuggestionsError):
        return event.detail
    return NetworkError("The answer was stopped before it was complete.")


def sse(value: object) -> bytes:
    """One server-sent event with JSON as its data (WHATWG HTML, section 9.2.5)."""
    try:
        data = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        data = json.dumps(value).encode()  # half a surrogate pair: JSON can tell it, UTF-8 cannot
    return b"data: " + data + b"\n\n"
