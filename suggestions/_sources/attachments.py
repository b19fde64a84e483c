"""The citations and the files of an answer, each of them once."""

from __future__ import annotations

from collections.abc import Callable

from ..events import AnswerFile, Citation, Event


class Attachments:
    def __init__(self) -> None:
        self.citations: list[Citation] = []
        self.files: list[AnswerFile] = []
        self._known: set[object] = set()

    def add(
        self, detail: Citation | AnswerFile, place_of: Callable[[int], int]
    ) -> Event[Citation] | Event[AnswerFile] | None:
        """The event that reports it; None if it is known. `place_of` returns a place in the text of
        a place in the part that a citation is of."""
        return self._cite(detail, place_of) if isinstance(detail, Citation) else self._add(detail)

    def _cite(self, citation: Citation, place_of: Callable[[int], int]) -> Event[Citation] | None:
        if citation.start is not None and citation.end is not None:
            start, end = place_of(citation.start), place_of(citation.end)
            citation = citation._replace(start=start, end=end)
        if citation in self._known:
            return None  # some services send all of them with each piece
        self._known.add(citation)
        self.citations.append(citation)
        return Event("citation", citation)

    def _add(self, file: AnswerFile) -> Event[AnswerFile] | None:
        key = (file.id or file.url, file.url if file.partial else None)
        if key in self._known:
            return None
        self._known.add(key)
        if not file.partial:
            self.files.append(file)
        return Event("file", file)
