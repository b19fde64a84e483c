"""The first characters of an answer: an artifact to drop, or the marker of an unclear prompt."""

from __future__ import annotations

from enum import Enum

_ARTIFACT = "<|start_header_id|>assistant<|end_header_id|>"
_MARKER = "JETPACK_AI_ERROR"
_EMPHASIS = "_*"
_MOST_EMPHASIS = 1000
"""Characters that are passed over. With more of them, it is no marker."""


class Verdict(Enum):
    OPEN = "could still become the artifact or the marker"
    CLEAR = "an ordinary answer"
    MARKER = "the marker"


class _Stage(Enum):
    ARTIFACT = "matching the artifact"
    NEWLINES = "dropping the newlines after the artifact"
    MARKER = "matching the marker"


class Opening:
    """Reads an answer's first pieces, however they are cut, until it is clear what they begin.

    `held` has the pieces read so far that belong to the text. Emphasis (`_`, `*`) around and
    inside the marker is passed over; the artifact and the newlines after it are dropped.
    """

    def __init__(self) -> None:
        self.held: list[str] = []
        self._stage = _Stage.ARTIFACT
        self._matched = 0
        self._passed_over = 0

    def feed(self, piece: str) -> Verdict:
        kept_from = 0
        verdict = Verdict.OPEN
        for position, char in enumerate(piece):
            if self._stage is _Stage.ARTIFACT and char == _ARTIFACT[self._matched]:
                self._matched += 1
                if self._matched == len(_ARTIFACT):
                    self.held.clear()
                    self._stage, self._matched = _Stage.NEWLINES, 0
                    kept_from = position + 1
            elif self._stage is _Stage.NEWLINES and char == "\n":
                kept_from = position + 1
            else:
                verdict = self._match_marker(char)
                if verdict is not Verdict.OPEN:
                    break
        if kept_from < len(piece):
            self.held.append(piece[kept_from:])
        return verdict

    def _match_marker(self, char: str) -> Verdict:
        if self._stage is _Stage.ARTIFACT and self._matched:
            return Verdict.CLEAR  # a part of the artifact is not the marker's beginning either
        self._stage = _Stage.MARKER
        if char == _MARKER[self._matched]:
            self._matched += 1
            return Verdict.MARKER if self._matched == len(_MARKER) else Verdict.OPEN
        self._passed_over += 1
        may_go_on = char in _EMPHASIS and self._passed_over <= _MOST_EMPHASIS
        return Verdict.OPEN if may_go_on else Verdict.CLEAR
