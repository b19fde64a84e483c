"""Dialects: one file a wire format. A dialect makes the request and decodes the response.

To add a dialect, touch:

1. `dialects/NAME.py`: the class, with `name = "NAME"`.
2. `NAMES` below, and a case in `_class_of`.
3. `dialects/auto.py`, only if the dialect "auto" is to recognise its answers.
4. `docs/dialects.md`: a row, and a section `## NAME`; `docs/reference/dialects.md`: its `:::` line;
   `README.md`: its row of services.
5. Its tests in `tests/dialects/`.

`NAMES`, `find` and the command line follow from `NAMES`.
"""

from __future__ import annotations

from collections.abc import Callable

from suggestions.dialects.base import Dialect, Framing, Request
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
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
    "OtherChoice",
    "Question",
    "Reasoning",
    "Request",
    "Source",
    "ToolCallPiece",
    "WholeReasoning",
    "WholeText",
    "find",
]

DialectName = str | Dialect
"""One of `NAMES`, or a `Dialect`."""

NAMES = (
    "jetpack",
    "openai",
    "responses",
    "anthropic",
    "ollama",
    "auto",
    "chatbot",
    "relay",
    "text",
    "json_lines",
)
"""The names that `dialect=` takes, which are also those of the files."""


def find(dialect: DialectName) -> Dialect:
    """The dialect of that name, or the given object. Raises `ValueError`, `TypeError`."""
    if isinstance(dialect, Dialect):
        return dialect
    if isinstance(dialect, type):
        raise TypeError(f"dialect must be an object, not the class: {dialect.__name__}()")
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be a name or a Dialect, not {type(dialect).__name__}")
    return _class_of(dialect)()


def _class_of(name: str) -> Callable[[], Dialect]:
    """Imports only the file of that dialect. Each import is written out, because a program that
    freezes another one, such as PyInstaller, finds none whose name is computed."""
    match name:
        case "jetpack":
            from suggestions.dialects.jetpack import Jetpack

            return Jetpack
        case "openai":
            from suggestions.dialects.openai import OpenAI

            return OpenAI
        case "responses":
            from suggestions.dialects.responses import Responses

            return Responses
        case "anthropic":
            from suggestions.dialects.anthropic import Anthropic

            return Anthropic
        case "ollama":
            from suggestions.dialects.ollama import Ollama

            return Ollama
        case "auto":
            from suggestions.dialects.auto import Auto

            return Auto
        case "chatbot":
            from suggestions.dialects.chatbot import Chatbot

            return Chatbot
        case "relay":
            from suggestions.dialects.relay import Relay

            return Relay
        case "text":
            from suggestions.dialects.text import Text

            return Text
        case "json_lines":
            from suggestions.dialects.json_lines import JsonLines

            return JsonLines
    known = ", ".join(map(repr, NAMES))
    raise ValueError(f"dialect {name!r} is not known: expected one of {known}")


for _name in __all__:
    _public = globals()[_name]
    if isinstance(_public, type):
        _public.__module__ = __name__  # what a traceback and a `repr` say
