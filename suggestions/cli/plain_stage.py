"""A scene of the demo as plain lines, for a pipe or a log."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import click

from suggestions.cli.plain import Plain
from suggestions.cli.scene import NAMES, Scene, in_a_word
from suggestions.events import Event


class PlainStage:
    """The text as it grows, and a line for each other event as it fires."""

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
        _line(event.type, in_a_word(event))
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
