"""The assistant's message of an answer, as the next question's history takes it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ..dialects.delta import OpaquePiece
from ..events import FunctionCall, ToolCall
from .calls import new_call_id

_NAMES = ("type", "id", "format", "service")
"""Fields that each piece repeats, so that their texts are not joined."""


class _Part:
    """A part while it is assembled, in time that grows with its pieces alone."""

    def __init__(self, place: int) -> None:
        self.place = place  # characters of the text before it
        self.is_complete = False
        self.for_calls = False
        self._fields: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {}

    def add(self, piece: OpaquePiece) -> None:
        if piece.whole:
            self._fields, self._texts = {}, {}
        for name, value in piece.fields.items():
            if isinstance(value, str) and name not in _NAMES:
                self._texts.setdefault(name, []).append(value)
                self._fields[name] = None  # keeps the order of the fields
            else:
                self._fields[name] = value
        self.is_complete |= piece.is_last
        self.for_calls |= piece.for_calls

    @property
    def says_more(self) -> bool:
        """Whether it says what text and calls do not say. Else it only names one of them, which
        is of use beside a part that says more."""
        fields = self.whole()
        if fields.get("type") != "item":
            return fields.get("type") != "call"
        return fields.get("item") not in ("message", "function_call") or "phase" in fields

    def whole(self) -> dict[str, Any]:
        return self._fields | {name: "".join(texts) for name, texts in self._texts.items()}


class OpaqueParts:
    """The parts that only the service can read, and their places in the text."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, _Part] = {}
        self._listed: list[_Part] = []

    def add(self, piece: OpaquePiece, place: int) -> None:
        """A part stands at the place of its first piece, after so many characters of the text."""
        part = self._parts.get(piece.position)
        if part is None:
            part = _Part(place)
            if piece.position is None:
                self._listed.append(part)
            else:
                self._parts[piece.position] = part
        part.add(piece)

    def message(
        self, text: str, calls: Sequence[ToolCall], function: FunctionCall | None
    ) -> dict[str, Any]:
        for part in self._parts.values():
            part.is_complete |= part.for_calls and bool(calls)
        message: dict[str, Any] = {"role": "assistant", "content": self._content(text)}
        if calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in calls
            ]
        if function:
            message["function_call"] = function._asdict()
        if not message["content"] and len(message) > len(("role", "content")):
            message["content"] = None
        return message

    def _content(self, text: str) -> str | list[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        done = 0  # characters of the text that are in `content`
        for part in sorted(self._counting(), key=lambda part: part.place):
            place = max(done, min(part.place, len(text)))
            content += _text_part(text[done:place])
            content.append(part.whole())
            done = place
        return content + _text_part(text[done:]) if content else text

    def _counting(self) -> list[_Part]:
        for parts in (list(self._parts.values()), self._listed):
            complete = [part for part in parts if part.is_complete]
            if any(part.says_more for part in complete):
                return complete
        return []


def calls_of(tool_calls: Sequence[ToolCall], function: FunctionCall | None) -> tuple[ToolCall, ...]:
    """The calls of a whole answer: also the one function that a service without tools, such as
    Jetpack AI, lets the model call. That gets an id, a new one each time."""
    if function is None or tool_calls:
        return tuple(tool_calls)
    return (ToolCall(new_call_id(), *function),)


def is_cut(call: ToolCall) -> bool:
    """Whether the arguments of a call are no whole object."""
    try:
        _ = call.parsed
    except ValueError:
        return True
    return False


def _text_part(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []
