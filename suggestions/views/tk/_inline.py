"""The text of a paragraph, a cell or a heading of Markdown, as runs of one style. It knows no Tk.

Emphasis, code, links and escapes are read as CommonMark 0.31 says in chapter 6. What is none of
these, such as a tag or a marker without its counterpart, is the text that it is. The time is in
proportion to the length of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import NamedTuple

BOLD, ITALIC, STRIKE, CODE, CELL = 1, 2, 4, 8, 16
"""Flags of a style. A cell is in the font of code, too."""

_TOKEN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<auto><(?:https?://|mailto:)[^\s<>]{1,2000}>)"
    r"|(?P<url>\bhttps?://[^\s<>`]{1,2000})"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|(?P<marks>\*+|_+|~+)"
    r"|(?P<image>!\[)"
    r"|(?P<open>\[)"
    r"|(?P<close>\])"
    r"|(?P<end>\\?\n[ \t]*)"
)
_TARGET = re.compile(
    r"\([ \t\n]*(?:<(?P<angled>[^<>\n]{0,2000})>"
    r"|(?P<plain>[^\s()<>][^\s()]{0,2000}(?:\([^\s()]{0,2000}\)[^\s()]{0,2000}){0,20}))"
    r"(?:[ \t\n]+(?P<title>\"[^\"]{0,500}\"|'[^']{0,500}'))?[ \t\n]*\)"
)
_AFTER_ADDRESS = ".,;:!?*_~'\""


class Run(NamedTuple):
    """Text of one style, and the address that it leads to, or ""."""

    text: str
    style: int = 0
    address: str = ""


class _Marks:
    """A row of `*`, `_` or `~`, and what it begins and ends."""

    def __init__(self, text: str, before: str, after: str) -> None:
        self.text = text
        self.ends: list[int] = []
        self.begins: list[int] = []
        is_left = not after.isspace() and (not _is_mark(after) or _borders(before))
        is_right = not before.isspace() and (not _is_mark(before) or _borders(after))
        if text[0] == "_":
            self.may_begin = is_left and (not is_right or _is_mark(before))
            self.may_end = is_right and (not is_left or _is_mark(after))
        else:
            self.may_begin, self.may_end = is_left, is_right
        if text[0] == "~" and len(text) != 2:
            self.may_begin = self.may_end = False


class _Bracket(NamedTuple):
    place: int
    """Of its token."""
    openers: int
    """How many marks waited for their end before it."""


def runs_of(text: str, style: int = 0) -> list[Run]:
    """Everything in it that is no markup, in order."""
    return _joined(_Tokens(text).read(), style)


class _Tokens:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Run | _Marks] = []
        self._openers: list[_Marks] = []
        self._waiting: Counter[str] = Counter()
        self._brackets: list[_Bracket] = []
        self._last_ticks: dict[int, int] | None = None

    def read(self) -> list[Run | _Marks]:
        text, at = self._text, 0
        while found := _TOKEN.search(text, at):
            before = text[at : found.start()]
            if found["end"] is not None:
                is_hard = before.endswith("  ") or found[0].startswith("\\")
                before = before.rstrip(" \t") + ("\n" if is_hard else " ")
            if before:
                self._tokens.append(Run(before))
            at = self._take(found)
        if at < len(text):
            self._tokens.append(Run(text[at:]))
        return self._tokens

    def _take(self, found: re.Match[str]) -> int:
        """Returns where the next token may begin."""
        kind, shown = found.lastgroup, found[0]
        if kind == "escape":
            self._tokens.append(Run(shown[1]))
        elif kind == "ticks":
            return self._take_code(found)
        elif kind == "auto":
            self._tokens.append(Run(shown[1:-1], 0, shown[1:-1]))
        elif kind == "url":
            shown = _trimmed(shown)
            self._tokens.append(Run(shown, 0, shown))
            return found.start() + len(shown)
        elif kind == "entity":
            self._tokens.append(Run(unescape(shown)))
        elif kind == "marks":
            self._take_marks(found)
        elif kind == "close":
            return self._take_close(found)
        elif kind != "end":
            self._brackets.append(_Bracket(len(self._tokens), len(self._openers)))
            self._tokens.append(Run(shown))
        return found.end()

    def _take_code(self, found: re.Match[str]) -> int:
        if self._last_ticks is None:
            self._last_ticks = {len(m[0]): m.start() for m in re.finditer("`+", self._text)}
        size = len(found[0])
        if self._last_ticks.get(size, -1) > found.start():  # none after an escaped one
            end = re.compile(f"(?<!`)`{{{size}}}(?!`)").search(self._text, found.end())
            if end:
                code = self._text[found.end() : end.start()].replace("\n", " ")
                if code.strip(" ") and code[0] == code[-1] == " ":
                    code = code[1:-1]
                self._tokens.append(Run(code, CODE))
                return end.end()
        self._tokens.append(Run(found[0]))
        return found.end()

    def _take_marks(self, found: re.Match[str]) -> None:
        before = self._text[found.start() - 1] if found.start() else " "
        after = self._text[found.end()] if found.end() < len(self._text) else " "
        marks = _Marks(found[0], before, after)
        self._tokens.append(marks)
        if marks.may_end:
            while marks.text and self._waiting[marks.text[0]]:
                if not self._end_at(marks):
                    break
        if marks.may_begin and marks.text:
            self._openers.append(marks)
            self._waiting[marks.text[0]] += 1

    def _end_at(self, marks: _Marks) -> bool:
        """Ends what the nearest marks of the same kind have begun; returns whether to go on."""
        while self._openers[-1].text[0] != marks.text[0]:
            self._drop_opener()
        opener = self._openers[-1]
        if (opener.may_end or marks.may_begin) and (len(opener.text) + len(marks.text)) % 3 == 0:
            if not opener.may_end:
                return False
            self._drop_opener()  # as in `**a*b**`
            return True
        size = min(2, len(opener.text), len(marks.text))
        style = STRIKE if marks.text[0] == "~" else (ITALIC, BOLD)[size - 1]
        if len(opener.text) == size:
            self._drop_opener()
        opener.text = opener.text[size:]
        marks.text = marks.text[size:]
        opener.begins.append(style)
        marks.ends.append(style)
        return True

    def _drop_opener(self) -> None:
        self._waiting[self._openers.pop().text[0]] -= 1

    def _take_close(self, found: re.Match[str]) -> int:
        self._tokens.append(Run("]"))
        if not self._brackets:
            return found.end()
        bracket = self._brackets.pop()
        target = _TARGET.match(self._text, found.end())
        if target is None:
            return found.end()
        # Emphasis does not reach out of a link, and there is no link in a link.
        while len(self._openers) > bracket.openers:
            self._drop_opener()
        self._brackets.clear()
        self._tokens.pop()
        address = target["angled"] or target["plain"] or ""
        self._tokens[bracket.place] = Run("")
        for place in range(bracket.place + 1, len(self._tokens)):
            token = self._tokens[place]
            if isinstance(token, Run):
                self._tokens[place] = token._replace(address=token.address or address)
        if not any(isinstance(t, Run) and t.text for t in self._tokens[bracket.place :]):
            self._tokens.append(Run(address, 0, address))
        if target["title"]:
            self._tokens.append(Run(f" ({target['title'][1:-1]})"))
        return target.end()


def _joined(tokens: list[Run | _Marks], style: int) -> list[Run]:
    """Neighbors of one style are one run."""
    depth: Counter[int] = Counter()
    runs: list[tuple[list[str], int, str]] = []
    for token in tokens:
        if isinstance(token, _Marks):
            depth.subtract(token.ends)
            run = Run(token.text)
        else:
            run = token
        flags = style | run.style | sum(flag for flag in (BOLD, ITALIC, STRIKE) if depth[flag])
        if isinstance(token, _Marks):
            depth.update(token.begins)
        if runs and runs[-1][1:] == (flags, run.address):
            runs[-1][0].append(run.text)
        elif run.text:
            runs.append(([run.text], flags, run.address))
    return [Run("".join(texts), flags, address) for texts, flags, address in runs]


def _trimmed(address: str) -> str:
    """Without what follows an address in a sentence."""
    shown = address.rstrip(_AFTER_ADDRESS)
    for opening, closing in ("()", "[]"):
        while shown.endswith(closing) and shown.count(opening) < shown.count(closing):
            shown = shown[:-1].rstrip(_AFTER_ADDRESS)
    return shown


def _is_mark(character: str) -> bool:
    return not (character.isalnum() or character.isspace())


def _borders(character: str) -> bool:
    return character.isspace() or _is_mark(character)
