"""Wraps lines and tables for a width, into the rows that a terminal shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from ._writer import Line, Piece, Table, styled

_WIDE = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
_WORDS = re.compile(rf"[{_WIDE}]\s*|[^\s{_WIDE}]+\s*|\s+")
_NARROWEST = 4
"""Cells. If a column of a table would be narrower, its rows are shown as lines."""
_BETWEEN = " │ "
_NOTHING = Content("")


class Row(NamedTuple):
    """`before` and `body` are shown; `body` is what begins at the character `x` of the line `y`."""

    before: Content
    body: Content
    x: int
    y: int
    kind: str


class Rows:
    """What is shown at one width. A row is made each time it is asked for: if all were kept, a long
    text would be many objects, which Python's garbage collection walks through again and again."""

    def __init__(self, width: int) -> None:
        self.width = max(width, 1)
        self._lines: list[Line] = []
        self._breaks: list[Sequence[int]] = []  # where in its body the rows of each line begin
        self._places: list[tuple[int, int]] = []  # the line of each row, and which of its rows
        self._divided: tuple[Line, list[Content]] | None = None

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> Row:
        y, at = self._places[number]
        line, begins = self._lines[y], self._breaks[y]
        x = len(line.first.plain) + (begins[at - 1] if at else 0)
        body = self._parts(line, begins)[at] if begins else line.body
        return Row(line.rest if at else line.first, body, x, y, line.kind)

    def _parts(self, line: Line, begins: Sequence[int]) -> list[Content]:
        """Rows are asked for one after the other, so the parts of the last line are kept."""
        if self._divided is None or self._divided[0] is not line:
            self._divided = (line, line.body.divide(begins))
        return self._divided[1]

    @property
    def texts(self) -> list[str]:
        """Of each line, to be selected from."""
        return [
            line.first.plain + line.body.plain if line.kind != "header" else ""
            for line in self._lines
        ]

    @property
    def end(self) -> tuple[int, int]:
        return len(self._places), len(self._lines)

    def cut(self, end: tuple[int, int]) -> None:
        """Drops what was added after `end` was this."""
        del self._places[end[0] :]
        del self._lines[end[1] :]
        del self._breaks[end[1] :]

    def add(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, Table):
                for line in table_lines(piece, self.width):
                    self._add_line(line)
            else:
                self._add_line(piece)

    def _add_line(self, line: Line) -> None:
        room = max(self.width - cell_len(line.first.plain), 2)
        begins = breaks(line.body.plain, room, is_code=line.kind == "code")
        y = len(self._lines)
        self._places += [(y, at) for at in range(len(begins) + 1)]
        self._lines.append(line)
        self._breaks.append(begins or ())


def wrapped(content: Content, width: int) -> list[Content]:
    """The content in parts that fit, except for spaces at their ends."""
    offsets = breaks(content.plain, width)
    return content.divide(offsets) if offsets else [content]


def breaks(text: str, width: int, *, is_code: bool = False) -> list[int]:
    """Where the rows after the first one begin. Words that fit are not cut, unless it is code."""
    if len(text) * 2 <= width or cell_len(text) <= width:
        return []
    found: list[int] = []
    place = column = 0
    for word in [text] if is_code else _WORDS.findall(text):
        size = cell_len(word.rstrip())
        if column and column + size > width and not is_code:
            found.append(place)
            column = 0
        if column + size <= width:
            column += cell_len(word)
            place += len(word)
            continue
        for character in word:
            wide = cell_len(character)
            if column and column + wide > width and (is_code or not character.isspace()):
                found.append(place)
                column = 0
            column += wide
            place += 1
    return found


def table_lines(table: Table, width: int) -> list[Line]:
    """A table as lines of text, each column as wide as its cells or as there is room for."""
    columns = max(len(row) for row in table.rows)
    cells = [[cell.split(allow_blank=True) or [_NOTHING] for cell in row] for row in table.rows]
    natural = [
        max((cell_len(line.plain) for row in cells if at < len(row) for line in row[at]), default=1)
        for at in range(columns)
    ]
    room = width - cell_len(table.rest.plain) - len(_BETWEEN) * (columns - 1)
    if room < _NARROWEST * columns:
        between = styled(_BETWEEN, "muted")
        return [
            Line(line, table.rest, table.rest)
            for row in table.rows
            for line in between.join(row).split(allow_blank=True)
        ]
    widths = _fitted(natural, room)
    lines: list[Line] = []
    for number, row in enumerate(cells):
        lines += [Line(line, table.rest) for line in _row_lines(row, widths)]
        if number == 0:
            rule = "─┼─".join("─" * wide for wide in widths)
            lines.append(Line(styled(rule, "muted"), table.rest))
    return lines


def _fitted(natural: list[int], room: int) -> list[int]:
    """The widest columns give way first."""
    if sum(natural) <= room:
        return natural
    limit, left, count = room, room, len(natural)
    for wide in sorted(natural):
        limit = max(left // count, 1)
        if wide > limit:
            break
        left -= wide
        count -= 1
    return [min(wide, limit) for wide in natural]


def _row_lines(row: list[list[Content]], widths: list[int]) -> list[Content]:
    parts = [
        [part for line in cell for part in wrapped(line, wide)]
        for cell, wide in zip(row, widths, strict=False)
    ]
    between = styled(_BETWEEN, "muted")
    lines = []
    for at in range(max(map(len, parts), default=0)):
        row_parts = [
            _padded(cell[at] if at < len(cell) else _NOTHING, wide)
            for cell, wide in zip(parts, widths, strict=False)
        ]
        lines.append(between.join(row_parts))
    return lines


def _padded(content: Content, wide: int) -> Content:
    surplus = cell_len(content.plain) - wide
    if surplus > 0:  # a space at the end
        return content.rstrip()
    return content + Content(" " * -surplus)
