"""The assistant's message of an answer, as the next question's history takes it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ..dialects.delta import OpaquePiece
from ..events import FunctionCall, ToolCall

_NAMES = ("type", "id", "format", "service")
"""Fields that each piece repeats, so that their texts are not joined."""


class _Part:
    """A part while it is assembled, in time that grows with its pieces alone."""

    def __init__(self, place: int) -> None:
        self.place = place
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

    def whole(self) -> dict[str, Any]:
        return self._fields | {name: "".join(texts) for name, texts in self._texts.items()}


class OpaqueParts:
    """The parts that only the service can read, and their places among `pieces` of the text."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._parts: dict[Hashable, _Part] = {}

    def add(self, piece: OpaquePiece) -> None:
        part = self._parts.get(piece.position)
        if part is None:
            part = self._parts[piece.position] = _Part(len(self._pieces))
        part.add(piece)

    def message(
        self, text: str, calls: Sequence[ToolCall], function: FunctionCall | None
    ) -> dict[str, Any]:
        """`text` is the pieces joined, and what is held back."""
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
        parts = [part for part in self._parts.values() if part.is_complete]
        if not parts:
            return text
        content: list[dict[str, Any]] = []
        done = place = 0  # characters and pieces of the text that are in `content`
        for part in parts:
            said = "".join(self._pieces[place : part.place])
            content += _text_part(said)
            content.append(part.whole())
            done, place = done + len(said), part.place
        return content + _text_part(text[done:])


def _text_part(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []
