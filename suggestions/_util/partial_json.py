"""What a JSON text says that is still being written: the best object so far.

It has each member and each item that is whole. Of the one that is being written it has what is
certain: a text as far as it has come, and an object or an array with what is within it. A number,
`true`, `false`, `null` and the name of a member only count once they have ended. So it approaches
the whole: nothing is taken back, unless an object has the same name twice.

`json` reads it. All that is done here is to find a place up to which the text is certain, and what
closes it there.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_DEEPEST = 200
"""Objects and arrays within each other. What is deeper is left out; `json` itself has a bound that
depends on how deep the caller is."""
_LONGEST_HEAD = 100
"""Characters before the object: a code fence, such as "```json"."""
_BLANKS = "\ufeff \t\r\n"
_HEAD = re.compile(r"(?:```[^\S\n]*\w*\s*)?([{\[])")
_MARKS = re.compile(r'["{}\[\],:]')
_MARKS_IN_TEXT = re.compile(r'["\\]')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])")
_LOW_HALF = r"(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?"
_HALF_ESCAPE = re.compile(
    rf"\\(?:u[0-9a-fA-F]{{0,3}})?\Z|\\u[dD][89abAB][0-9a-fA-F]{{2}}{_LOW_HALF}\Z"
)
"""An escape that is cut off, or one of a pair (RFC 8259, section 7) whose other half is to come."""

Object = dict[str, Any] | list[Any]


class Cut(NamedTuple):
    """The characters of a text that are certain, and what closes them."""

    start: int
    end: int
    ending: str

    def value_in(self, text: str) -> Object:
        """The object. If the text is not JSON, it is what comes before the first mistake."""
        said, ending = text[self.start : self.end], self.ending
        for _ in range(2):
            try:
                value: Object = json.loads(said + ending)
            except json.JSONDecodeError as mistake:
                before = JSONSoFar(said[: mistake.pos]).cut or Cut(0, 0, "")
                said, ending = said[: before.end], before.ending
            except (ValueError, RecursionError):
                break  # a number with too many digits; a caller that is too deep
            else:
                return value
        return [] if text.startswith("[", self.start) else {}


class JSONSoFar:
    """Reads a JSON text in pieces, each character once. It never raises. What is neither an object
    nor an array, or follows one, does not count."""

    def __init__(self, piece: str = "") -> None:
        self._closers = ""  # of what is open, the innermost first
        self._start: int | None = None
        self._end = 0  # of what is certain
        self._offset = 0  # of the rest
        self._rest = ""  # what is still to be looked at: a part of the head or of an escape
        self._is_in_text = False
        self._is_value = False  # the text that is being written, or comes next, is no name
        self._is_over = False
        self.feed(piece)

    @property
    def cut(self) -> Cut | None:
        """Where to cut now; None before the object begins."""
        if self._start is None:
            return None
        if self._is_in_text and self._is_value:
            return Cut(self._start, self._offset, f'"{self._closers}')
        return Cut(self._start, self._end, self._closers)

    def feed(self, piece: str) -> None:
        if self._is_over:
            return
        text = self._rest + piece
        place = self._begin(text) if self._start is None else self._read(text, 0)
        self._offset += place
        self._rest = "" if self._is_over else text[place:]

    def _begin(self, text: str) -> int:
        """Looks for the beginning. Returns how many characters it has read."""
        head = text.lstrip(_BLANKS)
        blanks = len(text) - len(head)
        begins = _HEAD.match(head, 0, _LONGEST_HEAD)
        if begins is not None:
            place = blanks + begins.start(1)
            self._start = self._offset + place
            return self._read(text, place)
        self._is_over = bool(head) and (head[0] != "`" or len(head) >= _LONGEST_HEAD)
        return blanks

    def _read(self, text: str, place: int) -> int:
        """Reads on from that place. Returns the place after the last character that it has read."""
        while not self._is_over:
            mark = (_MARKS_IN_TEXT if self._is_in_text else _MARKS).search(text, place)
            if mark is None:
                return len(text)
            place = mark.start()
            if mark[0] == "\\":
                if _HALF_ESCAPE.match(text, place):
                    return place
                escape = _ESCAPE.match(text, place)
                place = escape.end() if escape else place + 1
            elif mark[0] == '"':
                place += 1
                self._is_in_text = not self._is_in_text
                if self._is_value and not self._is_in_text:
                    self._end = self._offset + place
            else:
                place = self._read_mark(mark[0], place)
        return place

    def _read_mark(self, mark: str, place: int) -> int:
        after = place + 1
        if mark == ":":
            self._is_value = True
        elif mark == ",":
            self._end = self._offset + place
            self._is_value = self._closers.startswith("]")
        elif mark in "{[":
            self._is_over = len(self._closers) == _DEEPEST
            if not self._is_over:
                self._closers = ("}" if mark == "{" else "]") + self._closers
                self._is_value = mark == "["
                self._end = self._offset + after
        elif self._closers.startswith(mark):
            self._closers = self._closers[1:]
            self._end = self._offset + after
            self._is_over = not self._closers
        else:
            self._is_over = True  # it is no JSON
        return after


def best_object(text: str) -> Object | None:
    """The best object, or array, in what there is of a JSON text; None before it begins."""
    cut = JSONSoFar(text).cut
    return None if cut is None else cut.value_in(text)
