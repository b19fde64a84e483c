"""Reasoning at the beginning of the text, between `<think>` and `</think>`.

Open models write it so, and many servers and gateways pass it on as a part of the answer.
"""

from __future__ import annotations

from suggestions.dialects.delta import Reasoning

_OPEN = "<think>"
_CLOSE = "</think>"
_NEWLINES = "\r\n"


class ThinkTags:
    """Separates the reasoning from the text, however they are cut.

    Only the beginning of an answer is looked at: white space, then one block or several, with
    white space between them. Whatever follows is the text, also if it has such tags in it. In a
    block, only the closing tag is looked for; without it, the rest is reasoning. Newlines after a
    tag are dropped, so that a model which does not think in its block has no reasoning.

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
        self._fed: list[str] = []
        self._text = ""  # the end of it that was found to be text

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
        fed = "".join(self._fed)
        return fed[: len(fed) - len(self.held) - len(self._text)]

    def feed(self, piece: str) -> list[str | Reasoning]:
        """What is known to be text or reasoning now."""
        if self.is_over:
            return [piece] if piece else []
        self._fed.append(piece)
        found: list[str | Reasoning] = []
        rest, self._tag = self._tag + piece, ""
        while rest and not self.is_over:
            if self._is_after_tag:
                rest = rest.lstrip(_NEWLINES)
                self._is_after_tag = not rest
            rest = self._read_block(rest, found) if self._is_in_block else self._read_start(rest)
        if rest:
            self._text = rest
            found.append(rest)
        return found

    def finish(self) -> list[str | Reasoning]:
        """The answer is over: what was held back is no tag."""
        found: list[str | Reasoning] = []
        if self.held_reasoning:
            found.append(Reasoning(self.held_reasoning))
        elif self.held:
            self._text = self.held
            found.append(self._text)
        self.is_over = True
        self._blanks.clear()
        self._tag = ""
        return found

    def _read_start(self, text: str) -> str:
        """Reads up to the end of an opening tag, if there is one. Returns what is left."""
        tag = text.lstrip()
        if tag.startswith(_OPEN):
            self._is_in_block = self._is_after_tag = True
            self._blanks.clear()
            return tag[len(_OPEN) :]
        if _OPEN.startswith(tag):
            self._blanks.append(text[: len(text) - len(tag)])
            self._tag = tag
            return ""
        self.is_over = True
        text = "".join(self._blanks) + text
        self._blanks.clear()
        return text

    def _read_block(self, text: str, found: list[str | Reasoning]) -> str:
        """Reads up to the end of the closing tag, if there is one. Returns what is left."""
        reasoning, closing, rest = text.partition(_CLOSE)
        if closing:
            self._is_in_block, self._is_after_tag = False, True
        else:
            self._tag = _beginning_of_tag(text)
            reasoning = text[: len(text) - len(self._tag)]
        if reasoning:
            found.append(Reasoning(reasoning))
        return rest


def _beginning_of_tag(text: str) -> str:
    """The end of the text that may be the beginning of the closing tag."""
    place = text.rfind("<", 1 - len(_CLOSE))
    end = text[place:] if place >= 0 else ""
    return end if _CLOSE.startswith(end) else ""
