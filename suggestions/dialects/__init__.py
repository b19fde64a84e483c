"""Dialects: one file per wire format. A dialect makes the request and decodes what comes back."""

from __future__ import annotations

import importlib

from suggestions.dialects.base import Dialect, Framing, Request
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    Reasoning,
    Source,
    ToolCallPiece,
)
from suggestions.dialects.question import Message, Question

__all__ = [
    "DONE",
    "NAMES",
    "Delta",
    "Dialect",
    "DialectName",
    "Done",
    "Failure",
    "Finish",
    "Framing",
    "FunctionCallPiece",
    "Message",
    "Question",
    "Reasoning",
    "Request",
    "Source",
    "ToolCallPiece",
    "find",
]

DialectName = str | Dialect
"""One of `NAMES`, or a dialect object."""

_CLASSES = {
    "jetpack": "Jetpack",
    "openai": "OpenAI",
    "responses": "Responses",
    "anthropic": "Anthropic",
    "ollama": "Ollama",
    "auto": "Auto",
    "chatbot": "Chatbot",
    "relay": "Relay",
    "text": "Text",
    "json_lines": "JsonLines",
}
"""By the name of a dialect, which is that of its file; only the file that is asked for is read."""

NAMES = tuple(_CLASSES)
"""What `dialect=` takes: "jetpack", "openai", "responses", "anthropic", "ollama", "auto",
"chatbot", "relay", "text", "json_lines"."""


def find(dialect: DialectName) -> Dialect:
    """The dialect object for a name or an object. Raises `ValueError`, `TypeError`."""
    if isinstance(dialect, Dialect):
        return dialect
    if isinstance(dialect, type):
        raise TypeError(f"dialect must be an object, not the class: {dialect.__name__}()")
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be a name or a Dialect, not {type(dialect).__name__}")
    if dialect not in _CLASSES:
        known = ", ".join(map(repr, _CLASSES))
        raise ValueError(f"dialect {dialect!r} is not known: expected one of {known}")
    module = importlib.import_module(f"suggestions.dialects.{dialect}")
    found: Dialect = getattr(module, _CLASSES[dialect])()
    return found
