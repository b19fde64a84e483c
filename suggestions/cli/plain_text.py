"""An answer as plain text, piece by piece, for a pipe, a file or a simple terminal; and `visible`,
which makes a text of others safe to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

from ..events import Event

_PICTURES = 0x2400  # U+2400 is the picture of NUL, and so on
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))

_SHOWN: dict[int, str] = {
    **{code: chr(_PICTURES + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    # They change the order in which text is shown.
    **{code: f"\\u{code:04x}" for code in _BIDI},
    # Halves of a surrogate pair, which no encoding can write.
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
}


def visible(text: str) -> str:
    """The text with each control character in a form that is seen and not obeyed.

    C0 but tab and line feed, and DEL, become their pictures (ESC becomes U+241B); C1, the
    bidirectional overrides and isolates, and lone surrogates become their escape as text.
    """
    return text.translate(_SHOWN)


class Plain:
    """Writes each piece at once and ends the text in exactly one line end.

    `form` is applied to each piece: `visible` for a terminal, and for a pipe or a file `str`,
    which changes nothing: a program that reads them wants the answer as it is.
    """

    names = ("chunk",)

    def __init__(self, stream: TextIO, form: Callable[[str], str] = str) -> None:
        self._stream = stream
        self._form = form
        self._line_ends = 0  # at the end so far; only the first of them is written
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
