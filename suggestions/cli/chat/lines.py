"""Where the user's lines come from: a line editor on a terminal, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from ..plain_text import visible
from .interrupts import Interrupts

FIRST, FURTHER = "> ", ". "
_MOST_IN_HISTORY = 1_000
_BLOCK = '"""'


class Lines:
    """Reads questions. `is_interactive`: a person types them.

    A question is one line. One that ends with a backslash goes on in the next line; so does
    everything between two lines with three quotation marks.
    """

    def __init__(self, history: Callable[[], Path], interrupts: Interrupts) -> None:
        self.is_interactive = sys.stdin is not None and sys.stdin.isatty()
        if self.is_interactive and isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        self._interrupts = interrupts
        self._editor = _editor(history) if self.is_interactive else None

    def question(self) -> str:
        """The next question or command. Raises `EOFError` at the end of the input, and
        `LineDropped` at the first Ctrl-C."""
        line = self._read(FIRST)
        if line.lstrip().startswith(_BLOCK):
            return self._block(line.lstrip()[len(_BLOCK) :])
        lines = [line]
        with suppress(EOFError):
            while lines[-1].endswith("\\"):
                lines[-1] = lines[-1][:-1]
                lines.append(self._read(FURTHER))
        return "\n".join(lines)

    def edited(self, text: str) -> str:
        """A text that the user has changed. Raises as `question` does."""
        if self._editor is None:
            return self._read(f"{FIRST}{visible(text)}\n{FIRST}")
        return self._editor.with_text(text, lambda: self._read(FIRST))

    def says_yes(self, prompt: str) -> bool:
        """Whether a person at the terminal answers yes. Raises `LineDropped` at a Ctrl-C."""
        _forget_what_was_typed()
        try:
            said = self._interrupts.read(lambda: _ask(prompt))
        except EOFError:
            click.echo(err=True)
            return False
        return said.strip().lower() in ("y", "yes")

    def _block(self, line: str) -> str:
        lines = [line]
        with suppress(EOFError):
            while not lines[-1].rstrip().endswith(_BLOCK):
                lines.append(self._read(FURTHER))
            lines[-1] = lines[-1].rstrip()[: -len(_BLOCK)]
        return "\n".join(lines).strip("\n")

    def _read(self, prompt: str) -> str:
        if not self.is_interactive:
            return self._interrupts.read(_from_pipe)
        line = self._interrupts.read(lambda: _ask(prompt))
        if self._editor is not None and line.strip():
            self._editor.remember(line)
        return line


def _from_pipe() -> str:
    line = sys.stdin.buffer.readline() if sys.stdin is not None else b""
    if not line:
        raise EOFError
    return line.decode("utf-8-sig", "replace").rstrip("\r\n")


def _ask(prompt: str) -> str:
    if sys.stdout is not None and sys.stdout.isatty():
        return input(prompt)
    # Python's own prompt would go into the pipe, together with the answers.
    click.echo(prompt, nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _forget_what_was_typed() -> None:
    """Keys that were pressed while an answer was written do not allow what is asked afterwards."""
    try:
        import termios
    except ImportError:  # on Windows
        return
    termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _editor(history: Callable[[], Path]) -> _Editor | None:
    try:
        import readline
    except ImportError:  # on Windows, whose console has an editor of its own
        return None
    try:
        return _Editor(readline, history())
    except click.UsageError:  # there is no home, so there is no history
        return _Editor(readline, None)


class _Editor:
    """Python's line editor, with a history in a file if there is a place for one."""

    def __init__(self, readline: Any, file: Path | None) -> None:
        self._readline = readline
        self._file = file
        self._newest = ""
        readline.set_auto_history(False)  # it would have the answers to "Allow?" too
        if file is None:
            return
        with suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            readline.read_history_file(file)
            length = readline.get_current_history_length()
            self._newest = readline.get_history_item(length) or ""
            if length > _MOST_IN_HISTORY:
                readline.set_history_length(_MOST_IN_HISTORY)
                readline.write_history_file(file)  # the newest ones alone

    def with_text(self, text: str, read: Callable[[], str]) -> str:
        """Reads a line that begins with a text."""
        self._readline.set_startup_hook(lambda: self._readline.insert_text(text))
        try:
            return read()
        finally:
            self._readline.set_startup_hook(None)

    def remember(self, line: str) -> None:
        """Adds a line to the history, at once, in case the program does not end in peace."""
        if line == self._newest:
            return
        self._newest = line
        self._readline.add_history(line)
        if self._file is None:
            return
        # Another chat may write to the same file, so a line is appended if it can be.
        append = getattr(self._readline, "append_history_file", None)
        with suppress(OSError):
            if append is not None:
                append(1, self._file)
            else:
                self._readline.write_history_file(self._file)
