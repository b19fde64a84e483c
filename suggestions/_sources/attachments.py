"""The citations and the files of an answer, each of them once."""

from __future__ import annotations

from ..events import AnswerFile, Citation, Event


class Attachments:
    def __init__(self) -> None:
        self.citations: list[Citation] = []
        self.files: list[AnswerFile] = []
        self._known: set[object] = set()

    def add(
        self, detail: Citation | AnswerFile, before: int
    ) -> Event[Citation] | Event[AnswerFile] | None:
        """The event that reports it; None if it is known. `before` is the number of characters in
        the parts of the answer that came before the one that is being written."""
        return self._cite(detail, before) if isinstance(detail, Citation) else self._add(detail)

    def _cite(self, citation: Citation, before: int) -> Event[Citation] | None:
        if citation in self._known:
            return None  # some services send all of them with each piece
        self._known.add(citation)
        if citation.start is not None and citation.end is not None:
            start, end = before + citation.start, before + citation.end
            citation = citation._replace(start=start, end=end)
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
