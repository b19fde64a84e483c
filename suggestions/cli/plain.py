"""An answer as plain text, piece by piece: for a pipe, a file, or a simple terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

from suggestions.events import Event


class Plain:
    """Writes each piece at once and ends the text in exactly one line end.

    `form` is applied to each piece: `visible` for a terminal; for a pipe `str`, which changes
    nothing, since what reads a pipe or a file wants the answer as it is.
    """

    names = ("chunk",)

    def __init__(self, stream: TextIO, form: Callable[[str], str] = str) -> None:
        self._stream = stream
        self._form = form
        self._line_ends = 0  # of those at the end so far, the ones after the first are held back
        self._written = False

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.end()

    def show(self, event: Event[Any]) -> None:
        if event.type == "chunk":
            self.add(event.detail)

    def tick(self) -> None:
        return

    def add(self, piece: str) -> None:
        """Writes a piece of the answer."""
        text = piece.rstrip("\n")
        line_ends = len(piece) - len(text)
        if not text:
            if not self._line_ends:
                self._write("\n")
            self._line_ends += line_ends
            return
        held = "\n" * (self._line_ends - 1)
        self._line_ends = line_ends
        self._write(held + self._form(text) + "\n" * min(line_ends, 1))

    def end(self) -> None:
        """Ends the last line."""
        if self._written and not self._line_ends:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._written = True
        self._stream.write(text)
        self._stream.flush()
