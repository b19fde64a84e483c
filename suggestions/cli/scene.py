"""A scene of the demo: what is asked, and each event in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from suggestions.errors import SuggestionsError
from suggestions.events import Event

NAMES = (
    "open",
    "chunk",
    "suggestion",
    "usage",
    "done",
    "abort",
    "error_quota_exceeded",
    "error_response",
    "error",
    "end",
)
"""The events that a scene shows."""


class Scene(NamedTuple):
    """`code` is the line of a program that the scene is about."""

    title: str
    question: str
    code: str


def in_a_word(event: Event[Any]) -> str:
    """What an event's detail says, short enough to stand beside its name."""
    if isinstance(event.detail, SuggestionsError):
        return f"status {event.detail.status}"
    tell = _TOLD.get(event.type)
    return tell(event.detail) if tell else ""


_TOLD: dict[str, Callable[[Any], str]] = {
    "open": lambda info: f"status {info.status}",
    "chunk": repr,
    "suggestion": lambda text: f"{len(text)} characters",
    "usage": lambda usage: f"{usage.prompt_tokens} + {usage.completion_tokens} tokens",
    "done": lambda text: f"{len(text)} characters",
    "abort": lambda text: f"{len(text)} characters so far",
}
