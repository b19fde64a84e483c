"""The dialects by name."""

from __future__ import annotations

from collections.abc import Callable

from .base import Dialect

NAMES = (
    "jetpack",
    "openai",
    "responses",
    "anthropic",
    "ollama",
    "auto",
    "chatbot",
    "relay",
    "ui",
    "ag-ui",
    "text",
    "json_lines",
)
"""The names that `dialect=` takes, which are also those of the files; "ag-ui" is `ag_ui.py`."""
_ALSO = {"claude": "anthropic", "gpt": "openai", "chatgpt": "openai", "azure": "openai"}
"""Other words for some of them."""


def class_of(name: str) -> Callable[[], Dialect]:
    """The class of that dialect, of which it imports only the file. Raises `ValueError`.

    "auto" is not among them: it chooses one of them. Each import is written out, because
    PyInstaller and its like do not find one whose name is computed.
    """
    match name:
        case "jetpack":
            from .jetpack import Jetpack

            return Jetpack
        case "openai":
            from .openai import OpenAI

            return OpenAI
        case "responses":
            from .responses import Responses

            return Responses
        case "anthropic":
            from .anthropic import Anthropic

            return Anthropic
        case "ollama":
            from .ollama import Ollama

            return Ollama
        case "chatbot":
            from .chatbot import Chatbot

            return Chatbot
        case "relay":
            from .relay import Relay

            return Relay
        case "ui":
            from .ui import UI

            return UI
        case "ag-ui":
            from .ag_ui import AgUi

            return AgUi
        case "text":
            from .text import Text

            return Text
        case "json_lines":
            from .json_lines import JsonLines

            return JsonLines
    from difflib import get_close_matches  # takes long to import, and only mistakes need it

    close = _ALSO.get(name.lower()) or "".join(get_close_matches(name.lower(), NAMES, 1))
    advice = f"; did you mean {close!r}?" if close else ""
    known = ", ".join(map(repr, NAMES))
    raise ValueError(f"dialect {name!r} is not known: expected one of {known}{advice}")
