"""The text of pieces that are still being added, in linear time."""

from __future__ import annotations

from collections.abc import Sequence


class TextSoFar:
    """The text of the first `count` pieces, in linear time if the counts grow. Not thread-safe."""

    __slots__ = ("_count", "_pieces", "_text")

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._count = 0
        self._text = ""

    def whole(self) -> str:
        return self.upto(len(self._pieces))

    def upto(self, count: int) -> str:
        text = self._text
        if count < self._count:  # a late handler: from here on, its counts grow
            self._text = text = "".join(self._pieces[:count])
            self._count = count
        elif count > self._count:
            # CPython extends a string in place only while one variable refers to it, so the
            # attribute drops it first. With `self._text += piece`, each piece would copy it all.
            self._text = ""
            if count == self._count + 1:
                text += self._pieces[self._count]
            else:
                text += "".join(self._pieces[self._count : count])
            self._text = text
            self._count = count
        return text
