"""A text that grows piece by piece."""

from __future__ import annotations

from collections.abc import Sequence


class TextSoFar:
    """The text of the first `count` of some pieces, linear when asked for growing counts.

    One thread at a time.
    """

    __slots__ = ("_count", "_pieces", "_text")

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._count = 0
        self._text = ""

    def upto(self, count: int) -> str:
        text = self._text
        if count > self._count:
            # CPython grows a string in place only while one variable holds it, so the attribute
            # lets go of it first. A sum kept in the attribute would be copied at each piece.
            self._text = ""
            if count == self._count + 1:
                text += self._pieces[self._count]
            else:
                text += "".join(self._pieces[self._count : count])
            self._text = text
            self._count = count
        elif count < self._count:
            text = "".join(self._pieces[:count])
        return text
