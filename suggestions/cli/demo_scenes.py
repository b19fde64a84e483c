"""A scene of the demo, and how it is shown as plain lines, for a pipe or a log."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from ..errors import SuggestionsError
from ..events import Event
from .plain_text import Plain

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


def described(event: Event[Any]) -> str:
    """An event's detail in a few words, to show beside its name."""
    if isinstance(event.detail, SuggestionsError):
        return f"status {event.detail.status}"
    describe = _DESCRIBED.get(event.type)
    return describe(event.detail) if describe else ""


_DESCRIBED: dict[str, Callable[[Any], str]] = {
    "open": lambda info: f"status {info.status}",
    "chunk": repr,
    "suggestion": lambda text: f"{len(text)} characters",
    "usage": lambda usage: f"{usage.prompt_tokens} + {usage.completion_tokens} tokens",
    "done": lambda text: f"{len(text)} characters",
    "abort": lambda text: f"{len(text)} characters so far",
}


class PlainStage:
    """Shows the text as it grows, and a line for each other event as it fires."""

    names = NAMES

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._text: Plain | None = None  # while the answer is being written
        self._counts: Counter[str] = Counter()

    def __enter__(self) -> PlainStage:
        title, question, code = self._scene
        click.echo(f"{title}\n  {code}\n  > {question}\n")
        return self

    def __exit__(self, *_: object) -> None:
        click.echo()

    def show(self, event: Event[Any]) -> None:
        if event.type in ("chunk", "suggestion"):
            self._counts[event.type] += 1
            self._text = self._text or _paragraph()
            self._text.show(event)
            return
        self._end_text()
        _line(event.type, described(event))
        if event.type == "error":
            click.echo(f"\n{event.detail.message}\n")

    def tick(self) -> None:
        return

    def _end_text(self) -> None:
        if self._text:
            self._text.end()
            self._text = None
            click.echo()
            for name, count in self._counts.items():
                _line(name, f"{count} times")


def _paragraph() -> Plain:
    click.echo()
    return Plain(sys.stdout)


def _line(name: str, words: str) -> None:
    click.echo(f"  {name:<22}{words}".rstrip())
