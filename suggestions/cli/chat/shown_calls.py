"""Calls of tools: each is shown in a line, and the user is asked whether it may run."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from ...conversation.chat_message import ChatMessage
from ...conversation.tool import Tool
from ...events import ToolCall
from ..plain_text import visible
from .interrupts import LineDropped
from .lines import Lines

_LONGEST = 200  # characters of a line; of a call that the user is to allow, all is shown


class Calls:
    """On a terminal they stand among the answers. Otherwise they go to standard error, because a
    program that reads the answers wants nothing else."""

    def __init__(self, tools: Mapping[str, Tool], lines: Lines, *, on_terminal: bool) -> None:
        self._tools = tools
        self._lines = lines
        self._on_terminal = on_terminal

    def show(self, message: ChatMessage) -> None:
        """A call that begins, or waits for the user."""
        line = _in_line(message.tool_calls[0])
        self._print(f"→ {line if message.status == 'waiting' else _cut(line)}")

    def show_result(self, message: ChatMessage) -> None:
        """The first line of what came of it."""
        first, *others = message.text.strip().splitlines() or [""]
        line = f"← {message.tool_calls[0].name}: {first}"
        self._print(_cut(f"{line} …" if others else line))

    def may_run(self, message: ChatMessage) -> bool | None:
        """Whether the user allows it; None for a Ctrl-C instead of an answer."""
        call = message.tool_calls[0]
        try:
            self._tools[call.name].arguments(call.arguments)
        except ValueError:
            return False  # it cannot run: there is nothing to ask for
        if not self._lines.is_interactive:
            click.echo("Note: without a terminal, tools run only with --yes.", err=True)
            return False
        try:
            return self._lines.says_yes("  Allow? [y/N] ")
        except LineDropped:
            return None

    def _print(self, line: str) -> None:
        click.echo(visible(line), err=not self._on_terminal)


def _in_line(call: ToolCall) -> str:
    """The call, as one writes it in Python."""
    try:
        given = call.parsed
    except ValueError:
        inside = call.arguments
    else:
        inside = ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in given.items())
    return " ".join(f"{call.name}({inside})".splitlines())


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"
