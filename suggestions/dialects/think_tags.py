"""Reasoning at the beginning of the text, between `<think>` and `</think>`.

Open models write it so, and many servers and gateways pass it on as a part of the answer.
"""

from __future__ import annotations

import re

from .delta import Reasoning

_OPEN = "<think>"
_CLOSE = "</think>"
_NEWLINES = re.compile(r"[\r\n]*")
_BLANKS = re.compile(r"\s*")


class ThinkTags:
    """Separates the reasoning from the text, however they are cut.

    Only the beginning of an answer is looked at: white space, then one block or several, with white
    space between them. Whatever follows is the text, even if it has such tags in it. In a block,
    only the closing tag is looked for; without it, the rest is reasoning. Newlines after a tag are
    dropped, so that a model which does not think in its block has no reasoning.

    If the opening tag was in the prompt, as DeepSeek's template has it, the answer begins in mid
    reasoning, and nothing shows that before `</think>`. Such an answer is all text.
    """

    def __init__(self) -> None:
        self.is_over = False
        """The text has begun: `feed` would return every piece as it is."""
        self._is_in_block = False
        self._is_after_tag = False  # so newlines are dropped
        self._blanks: list[str] = []  # white space that is text, unless a block follows
        self._tag = ""  # what may be the beginning of a tag
        self.fed: list[str] = []
        """Each piece that was fed before the text had begun."""
        self.length_fed = 0
        self._before = ""

    @property
    def held(self) -> str:
        """The text that is held back while it may be the beginning of a block."""
        return "" if self._is_in_block else "".join(self._blanks) + self._tag

    @property
    def held_reasoning(self) -> str:
        """The reasoning that is held back while it may be the beginning of the closing tag."""
        return self._tag if self._is_in_block else ""

    @property
    def before(self) -> str:
        """All that was sent before the text, as it was sent. An event that repeats the whole
        answer has it too."""
        return self._before if self.is_over else self._all_but(self.held)

    def _all_but(self, text: str) -> str:
        return "".join(self.fed)[: self.length_fed - len(text)]

    def feed(self, piece: str) -> list[str | Reasoning]:
        """What is known to be text or reasoning now."""
        if self.is_over:
            return [piece] if piece else []
        self.fed.append(piece)
        self.length_fed += len(piece)
        found: list[str | Reasoning] = []
        piece, self._tag = self._tag + piece, ""
        place = 0  # there may be many blocks in one piece, so it is not cut for each
        while place < len(piece) and not self.is_over:
            if self._is_after_tag:
                place = _end_of(_NEWLINES, piece, place)
                self._is_after_tag = place == len(piece)
            if self._is_in_block:
                place = self._read_block(piece, place, found)
            else:
                place = self._read_start(piece, place)
        if self.is_over:
            found.append(text := "".join(self._blanks) + piece[place:])
            self._begin_text(text)
        return found

    def finish(self) -> list[str | Reasoning]:
        """The answer is over: what was held back is no tag."""
        found: list[str | Reasoning] = []
        if self.held_reasoning:
            found.append(Reasoning(self.held_reasoning))
        elif self.held:
            found.append(self.held)
        self._begin_text(self.held)
        return found

    def _begin_text(self, text: str) -> None:
        self.is_over, self._before = True, self._all_but(text)
        self._blanks.clear()
        self._tag = ""

    def _read_start(self, text: str, place: int) -> int:
        """Reads up to the end of an opening tag, if there is one. Returns the place after it."""
        start = _end_of(_BLANKS, text, place)
        tag = text[start : start + len(_OPEN)]
        if tag == _OPEN:
            self._is_in_block = self._is_after_tag = True
            self._blanks.clear()
            return start + len(_OPEN)
        if _OPEN.startswith(tag):
            self._blanks.append(text[place:start])
            self._tag = tag
            return len(text)
        self.is_over = True
        return place

    def _read_block(self, text: str, place: int, found: list[str | Reasoning]) -> int:
        """Reads up to the end of the closing tag, if there is one. Returns the place after it."""
        end = text.find(_CLOSE, place)
        if end >= 0:
            self._is_in_block, self._is_after_tag = False, True
            after = end + len(_CLOSE)
        else:
            self._tag = _beginning_of_tag(text[max(place, len(text) - len(_CLOSE)) :])
            end, after = len(text) - len(self._tag), len(text)
        if end > place:
            found.append(Reasoning(text[place:end]))
        return after


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return place if match is None else match.end()


def _beginning_of_tag(text: str) -> str:
    """The end of the text that may be the beginning of the closing tag."""
    place = text.rfind("<", 1 - len(_CLOSE))
    end = text[place:] if place >= 0 else ""
    return end if _CLOSE.startswith(end) else ""
