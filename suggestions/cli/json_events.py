"""An answer as events, one JSON object a line: for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from time import monotonic
from typing import Any, TextIO

from ..errors import SuggestionsError
from ..events import NAMES, Event

THROTTLE = 0.1
"""Seconds between two `suggestion` lines, and two of a call so far. Each carries all that there is
so far: with one for each piece, the output would grow with the square of the answer."""
_SO_FAR = ("tool_call_chunk", "function_call_chunk")

_ERROR_FIELDS = (
    "code",
    "message",
    "severity",
    "status",
    "body",
    "request_id",
    "retry_after",
    "partial_text",
)


class JsonEvents:
    """Writes `{"type": …, "detail": …}` for each event, in ASCII, which is safe on a terminal."""

    names = NAMES - {"handler_error"}

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_call = 0.0  # when, by monotonic()

    def __enter__(self) -> JsonEvents:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, event: Event[Any]) -> None:
        if event.type in _SO_FAR:
            if monotonic() < self._next_call:
                return
            self._next_call = monotonic() + THROTTLE
        line = json.dumps({"type": event.type, "detail": _plain(event.detail)})
        self._stream.write(line.replace("\x7f", "\\u007f") + "\n")
        self._stream.flush()

    def tick(self) -> None:
        return


def _plain(detail: Any) -> Any:
    """An event's detail in JSON's types. A named tuple becomes an object of its fields; a float
    that is infinite or not a number becomes null."""
    if isinstance(detail, SuggestionsError):
        fields = {name: getattr(detail, name) for name in _ERROR_FIELDS}
        return {"class": type(detail).__name__, **fields}
    if hasattr(detail, "_asdict"):
        return _plain(detail._asdict())
    if isinstance(detail, Mapping):
        return {str(name): _plain(value) for name, value in detail.items()}
    if isinstance(detail, (list, tuple)):
        return [_plain(item) for item in detail]
    return None if isinstance(detail, float) and not math.isfinite(detail) else detail
