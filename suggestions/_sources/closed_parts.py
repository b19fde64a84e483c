"""What an event that closes a part of a text, and repeats all of it, adds to the part's pieces."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ..dialects.delta import WholeText


class ClosedParts:
    """Which parts of a text have been closed by an event that repeats all of the part."""

    def __init__(self) -> None:
        # Where they begin, in characters of the text: of each part, and of each text of one.
        self._closed: dict[Hashable, int] = {}
        self._begin = 0  # of the part that is being written
        self.end = 0
        """Characters of the text up to the end of what was closed last, a part or the whole."""

    def begin_of(self, part: Hashable, from_end: int | None) -> int:
        """Where a part begins: one that is closed, or one so far before the `end`, or else the one
        that is being written."""
        if from_end is not None:
            return max(0, self.end - from_end)
        return self._closed.get(part, self._begin)

    def rest_of(self, whole: WholeText, length: int, sent_from: Callable[[int], str]) -> str:
        """What the pieces of the part lack of the whole.

        They are at the end of what was sent, which has that length; `sent_from` returns it from a
        place on.
        """
        if whole.part in self._closed:
            return ""
        start = 0 if whole.part is None else self.end
        # A whole that differs from its pieces adds nothing: they have been shown already. Nor does
        # one that has been closed before: vLLM gives a part another number in each event. The
        # lengths come first: otherwise, many short ones would each copy a long text.
        adds = len(whole.text) >= length - start and whole.text not in self._closed
        adds = adds and whole.text.startswith(sent_from(start))
        rest = whole.text[length - start :] if adds else ""
        self.end = length + len(rest)
        if whole.part is not None:
            is_repeated = length == start
            begin = self._closed.get(whole.text, start) if is_repeated else start
            self._closed[whole.part] = self._closed[whole.text] = begin
            self._begin = self.end
        return rest
