"""What an event that closes a part of a text, and repeats all of it, adds to the part's pieces."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ..dialects.delta import WholeText


class ClosedParts:
    """Which parts of a text have been closed by an event that repeats all of the part."""

    def __init__(self) -> None:
        self._closed: set[Hashable] = set()  # the parts, and the texts of them
        self.end = 0
        """Characters of the text up to the end of the last part that was closed."""

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
        # lengths come first, because many short ones must not copy a long text each.
        adds = len(whole.text) >= length - start and whole.text not in self._closed
        adds = adds and whole.text.startswith(sent_from(start))
        rest = whole.text[length - start :] if adds else ""
        if whole.part is not None:
            self._closed |= {whole.part, whole.text}
        self.end = length + len(rest)
        return rest
