"""How a body is framed: what its media type says, checked against its first bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

from . import Decoder
from .headers import charset, media_type
from .plain import LineDecoder, TextDecoder
from .sse import EventDecoder, ServerSentEvent

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b"error:", b":")
# Under a media type of text, a text may begin as events or lines of JSON do.
_FIELDS_IN_TEXT = (b"data:", b"event:")
_PAGE = rb"(?i)<(?:!doctype html|html|head)\b"
_LONGEST_START = 64 * 1024
"""Bytes that are held at most until the framing is clear: a first line of JSON, or blank lines."""
_LONGEST_PAGE = len(b"<!doctype html ")

BodyFraming = Literal["events", "lines", "text", "whole"]
"""A `Framing`, or "whole" for an answer in one piece, or for none."""


class Sniffer(Decoder[list[ServerSentEvent]]):
    """The decoder of a body, chosen as soon as its first bytes say how it is framed.

    `framings` says how the dialect reads each media type. But services and proxies send events
    under other types, raw text under the type of events, and lines of JSON under that of JSON.

    `framing` is the choice, and `decoder` is the decoder, None until it is made. If the choice is
    "whole", nothing is decoded: `held` has the bytes so far.
    """

    def __init__(self, content_type: str, framings: Mapping[str, BodyFraming]) -> None:
        self.framing: BodyFraming | None = None
        self.held = b""
        self._declared: BodyFraming | None = framings.get(media_type(content_type))
        self._known = frozenset(framings.values())
        self._charset = charset(content_type)
        self.decoder: Decoder[list[ServerSentEvent]] | None = None
        if self._declared == "events" and "text" not in self._known:
            self._choose("events")

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        if self.decoder is None:
            data = self.held = self.held + data
            framing = self.framing or self._framing_of(data)
            if framing is None and len(data) > _LONGEST_START:
                framing = self._declared or "whole"
            if framing is not None:
                self._choose(framing)
            if self.decoder is None:
                return []
        batch = self.decoder.feed(data)
        self.ended = self.decoder.ended
        return batch

    def finish(self) -> list[ServerSentEvent]:
        batch: list[ServerSentEvent] = []
        if self.framing is None:
            # What is held begins as a field does, and ends there: so it is not an event.
            is_text = "text" in self._known and self.held.strip()
            framing = self._declared or "whole"
            self._choose("text" if framing == "events" and is_text else framing)
            batch = self.decoder.feed(self.held) if self.decoder else []
        return batch + (self.decoder.finish() if self.decoder else [])

    @property
    def unframed(self) -> str:
        """Text in a stream of events that is not framed as an event."""
        return self.decoder.unframed if isinstance(self.decoder, EventDecoder) else ""

    def rest(self) -> list[ServerSentEvent]:
        """The messages that are whole when the connection is lost."""
        if isinstance(self.decoder, EventDecoder):
            return self.decoder.rest()
        is_text = self.framing is None and self._declared == "text"
        return self.finish() if is_text else []

    def _choose(self, framing: BodyFraming) -> None:
        self.framing = framing
        if framing == "events":
            self.decoder = EventDecoder(strict=True)
        elif framing == "lines":
            self.decoder = LineDecoder()
        elif framing == "text":
            self.decoder = TextDecoder(self._charset)

    def _framing_of(self, data: bytes) -> BodyFraming | None:
        """The framing of a body that begins with `data`, None if it is too short to say."""
        start = data.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n")
        if not start or _BYTE_ORDER_MARK.startswith(data):
            return None
        if "events" in self._known:
            fields = _FIELDS_IN_TEXT if self._declared == "text" else _FIELDS
            if start.startswith(fields):
                return "events"
            if any(field.startswith(start) for field in fields):
                return None
        if self._declared == "events":
            return _events_or_text(start)
        if self._declared is None and "lines" in self._known and start.startswith(b"{"):
            return _lines_or_whole(start)
        return self._declared or "whole"


def _events_or_text(start: bytes) -> BodyFraming | None:
    """Under the type of events, for a dialect that reads raw text too."""
    if start.startswith(b"<") and len(start) < _LONGEST_PAGE:
        return None
    # JSON that is not framed may be an error, and a web page is not an answer.
    return "events" if start.startswith((b"{", b"[")) or re.match(_PAGE, start) else "text"


def _lines_or_whole(start: bytes) -> BodyFraming | None:
    """Under a type that is none of lines: what the first line says."""
    line, _, rest = start.partition(b"\n")
    if not rest.strip():
        return None
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return "whole"
    return "lines"
