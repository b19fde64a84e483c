"""The citations and the files of an answer, each of them once."""

from __future__ import annotations

from ..events import AnswerFile, Citation, Event


class Attachments:
    def __init__(self) -> None:
        self.citations: list[Citation] = []
        self.files: list[AnswerFile] = []
        self._known: set[object] = set()

    def add(self, detail: Citation | AnswerFile) -> Event[Citation] | Event[AnswerFile] | None:
        """The event that reports it; None if it is known: some services send all of them with each
        piece of text."""
        return self._cite(detail) if isinstance(detail, Citation) else self._add_file(detail)

    def _cite(self, citation: Citation) -> Event[Citation] | None:
        if citation in self._known:
            return None
        self._known.add(citation)
        self.citations.append(citation)
        return Event("citation", citation)

    def _add_file(self, file: AnswerFile) -> Event[AnswerFile] | None:
        key = (file.id or file.url, file.url if file.partial else None)
        if key in self._known:
            return None
        self._known.add(key)
        if not file.partial:
            self.files.append(file)
        return Event("file", file)
