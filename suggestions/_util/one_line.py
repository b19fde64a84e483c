"""Words of others in a line of ours: no control character, and no end of the line."""

from __future__ import annotations

_LONGEST_QUOTE = 500
_LONGEST_READ = 64 * 1024


def printable(text: str) -> str:
    """The text with a blank for each character that cannot be printed.

    Those are the control characters, line ends among them, what changes the direction of text, and
    lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def one_line(text: str) -> str:
    """Words of others as a message quotes them: `printable`, with single blanks, and at most 500
    characters, cut at a blank if there is one near."""
    line = " ".join(printable(text[:_LONGEST_READ]).split())
    if len(line) <= _LONGEST_QUOTE:
        return line
    cut = line[: _LONGEST_QUOTE - 2]
    words = line[: _LONGEST_QUOTE - 1].rpartition(" ")[0]
    return f"{words if len(words) > _LONGEST_QUOTE // 2 else cut} \u2026"
