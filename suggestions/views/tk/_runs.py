"""A block of Markdown as runs of text with tags, for a `tkinter.Text`. It knows no Tk.

What an answer of a model has is read as CommonMark 0.31 and GitHub's tables say: headings,
paragraphs, lists, quotes, code, tables, rules. Everything else is text. Nothing is left out but
the markup itself.

A tag is a word and its values, separated by colons. `_style.py` gives each tag its look:

- `text:LEVEL:STYLE`: the font, of a heading's level (0: none) and the flags of a style.
- `line:KIND:INDENT:QUOTES`: margins and spaces of a line; KIND is of `KINDS`.
- `do:link:ADDRESS`, `do:copy:NUMBER`: what a click or Enter does. `code:NUMBER`: all of that code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .._blocks import Block
from ._inline import BOLD, CELL, CODE, runs_of

TaggedRun = tuple[str, tuple[str, ...]]

KINDS = ("paragraph", "item", "break", "heading", "header", "code", "head", "table", "rule")
_DEEPEST = 12
"""Levels of quotes and lists within each other. What is deeper is text."""
_RULE_LENGTH = 24
_LONGEST_LINE = 1200
"""Characters. The time that Tk takes for a line grows with the square of its runs, so a longer
paragraph is cut into several lines."""
_BULLETS = "•◦▪"
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_QUOTE = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])([ \t]+(?=[^ \t])|[ \t]*$)")
_CELL = r"[ \t]*:?-+:?[ \t]*"
_DELIMITERS = re.compile(rf" {{0,3}}(?=.*\|)\|?{_CELL}(?:\|{_CELL})*\|?[ \t]*$")
_BAR = re.compile(r"(?<!\\)\|")
_TASK = re.compile(r"\[([ xX])\](?=[ \t])")


class Runs:
    """The runs of one block. `codes` is the number of fenced codes before it; `name` is the
    text's own name in the widget."""

    def __init__(self, block: Block, codes: int = 0, name: str = "") -> None:
        self._name = name
        self.codes = codes
        self.runs: list[TaggedRun] = []
        self._indent = 0
        self._quotes = 0
        self._prefix: list[TaggedRun] = []
        if block.kind == "code":
            self._add_code(block.code, block.language, block.continues)
        elif block.source.strip():
            self._add_lines(block.source.expandtabs(4).rstrip("\n").split("\n"))

    def _add_lines(self, lines: list[str]) -> None:
        at = 0
        while at < len(lines):
            at = self._add_next(lines, at)

    def _add_next(self, lines: list[str], at: int) -> int:
        """Adds what begins with that line, and returns the number of the line after it."""
        line = lines[at]
        if not line.strip():
            return at + 1
        if line.startswith("    "):
            return self._add_indented(lines, at)
        if fence := _FENCE.match(line):
            return self._add_fenced(lines, at, fence)
        if heading := _HEADING.match(line):
            self._add_text(heading[2] or "", len(heading[1]))
            return at + 1
        if _RULE.match(line):
            self._add_line([("─" * _RULE_LENGTH, ("muted",))], "rule")
            return at + 1
        if self._indent + self._quotes < _DEEPEST:
            if _QUOTE.match(line):
                return self._add_quote(lines, at)
            if item := _ITEM.match(line):
                return self._add_item(lines, at, item)
        if at + 1 < len(lines) and _begins_table(line, lines[at + 1]):
            return self._add_table(lines, at)
        return self._add_paragraph(lines, at)

    # Text

    def _add_paragraph(self, lines: list[str], at: int) -> int:
        begin = at
        at += 1
        while at < len(lines):
            underline = _UNDERLINE.match(lines[at])
            if underline:
                self._add_text("\n".join(lines[begin:at]), 1 if underline[1][0] == "=" else 2)
                return at + 1
            if _interrupts(lines[at]):
                break
            at += 1
        self._add_text("\n".join(lines[begin:at]), 0)
        return at

    def _add_text(self, text: str, level: int) -> None:
        kind = "heading" if level else "paragraph"
        shown = text.strip(" \t")
        if self._prefix and (task := _TASK.match(shown)):
            shown = f"{'☐' if task[1] == ' ' else '☑'}{shown[3:]}"
        runs = self._styled(shown, level)
        self._add_line(runs, kind)

    def _styled(self, text: str, level: int = 0, style: int = 0) -> list[TaggedRun]:
        tagged: list[TaggedRun] = []
        for run in runs_of(text, style):
            tags: tuple[str, ...] = (f"text:{level}:{run.style}",)
            if run.address:
                tags += ("link", f"do:link:{run.address}")
            tagged.append((run.text, tags))
        return tagged

    def _add_line(self, runs: list[TaggedRun], kind: str) -> None:
        """A line with its end, after the bullet if it is the first of an item."""
        if self._prefix:
            runs = [*self._prefix, *runs]
            self._prefix = []
            kind = "item"
        line = f"line:{kind}:{self._indent}:{self._quotes}"
        size = 0
        for text, tags in runs:
            parts = [text] if kind in ("head", "table") else _parts(text, size)
            for number, part in enumerate(parts):
                if number:  # a line end within a paragraph begins no new one
                    self.runs.append(("\n", (line,)))
                    line = f"line:break:{self._indent}:{self._quotes}"
                    size = 0
                if part:
                    self.runs.append((part, (*tags, line)))
                    size += len(part)
        self.runs.append(("\n", (line,)))

    # Lists and quotes

    def _add_quote(self, lines: list[str], at: int) -> int:
        inner: list[str] = []
        while at < len(lines):
            quote = _QUOTE.match(lines[at])
            if quote:
                inner.append(lines[at][quote.end() :])
            elif inner[-1].strip() and not _interrupts(lines[at]) and _is_text(inner[-1]):
                inner.append(lines[at].lstrip())  # it continues the paragraph of the quote
            else:
                break
            at += 1
        self._quotes += 1
        if not any(line.strip() for line in inner):
            self._add_line([], "paragraph")
        self._add_lines(inner)
        self._quotes -= 1
        return at

    def _add_item(self, lines: list[str], at: int, item: re.Match[str]) -> int:
        begin = len(item[1]) + len(item[2])
        is_empty = item.end() == len(lines[at])
        offset = begin + (1 if is_empty or len(item[3]) > 4 else len(item[3]))
        inner = [lines[at][offset:]]
        at += 1
        while at < len(lines):
            line = lines[at]
            if not line.strip():
                if is_empty and len(inner) == 1:
                    break
                inner.append("")
            elif len(line) - len(line.lstrip()) >= offset:
                inner.append(line[offset:])
            elif _ITEM.match(line) or _interrupts(line) or not _is_text(inner[-1]):
                break
            else:
                inner.append(line.lstrip())
            at += 1
        bullet = item[2] if item[2][0].isdigit() else _BULLETS[min(self._indent, 2)]
        self._prefix = [*self._prefix, (f"{bullet}\t", ("text:0:0",))]
        self._indent += 1
        self._add_lines(inner)
        if self._prefix:
            self._add_line([], "item")
        self._indent -= 1
        return at

    # Code

    def _add_fenced(self, lines: list[str], at: int, fence: re.Match[str]) -> int:
        mark, indent = fence[1], len(lines[at]) - len(lines[at].lstrip())
        language = (fence[2].split() or [""])[0]
        code: list[str] = []
        at += 1
        while at < len(lines):
            line = lines[at]
            at += 1
            stripped = line.strip()
            if len(stripped) >= len(mark) and not stripped.strip(mark[0]) and line[:4].strip():
                break
            code.append(line[min(indent, len(line) - len(line.lstrip())) :])
        self._add_code("".join(f"{line}\n" for line in code), language, False)
        return at

    def _add_indented(self, lines: list[str], at: int) -> int:
        code: list[str] = []
        while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
            code.append(lines[at][4:])
            at += 1
        while code and not code[-1].strip():
            code.pop()
        self._add_code("".join(f"{line}\n" for line in code), "", False)
        return at

    def _add_code(self, code: str, language: str, continues: bool) -> None:
        if self._prefix:
            self._add_line([], "item")
        if not continues:
            self.codes += 1
            header = f"line:header:{self._indent}:{self._quotes}"
            copy = ("link", f"do:copy:{self._name}.{self.codes}", header, "action")
            self.runs += [
                (f"{language or 'code'}\t", (header, "muted")),
                ("Copy", copy),
                ("\n", (header,)),
            ]
        line = f"line:code:{self._indent}:{self._quotes}"
        if code:
            shown = code if code.endswith("\n") else f"{code}\n"
            self.runs.append((shown, (f"text:0:{CODE}", line, f"code:{self._name}.{self.codes}")))

    # Tables

    def _add_table(self, lines: list[str], at: int) -> int:
        if self._prefix:
            self._add_line([], "item")
        count = len(_cells(lines[at]))
        rows = [_cells(lines[at])]
        at += 2
        while at < len(lines) and lines[at].strip() and not _interrupts(lines[at]):
            rows.append(_cells(lines[at]))
            at += 1
        shown = [
            [self._styled(cell, 0, CELL | (0 if number else BOLD)) for cell in row]
            for number, row in enumerate(rows)
        ]
        sizes = [[sum(_width(text) for text, _ in cell) for cell in row] for row in shown]
        widths = [max((s[n] for s in sizes if n < len(s)), default=0) for n in range(count)]
        mono: tuple[str, ...] = (f"text:0:{CELL}",)
        rule = "─┼─".join("─" * width for width in widths)
        for number, (cells, size) in enumerate(zip(shown, sizes, strict=True)):
            runs: list[TaggedRun] = []
            for n, cell in enumerate(cells):
                if n:
                    runs.append((" │ ", (*mono, "muted")))
                runs += cell
                if n < len(cells) - 1:
                    runs.append((" " * (widths[n] - size[n] if n < count else 0), mono))
            kind = "table" if number else "head"
            self._add_line([run for run in runs if run[0]], kind)
            if not number:
                self._add_line([(rule, (*mono, "muted"))], "table")
        return at


def _parts(text: str, size: int) -> Iterator[str]:
    """The lines of it, cut at a space if one is too long. `size` is of what is before it."""
    for line in text.split("\n"):
        begin = 0
        while size + len(line) - begin > _LONGEST_LINE:
            space = line.find(" ", begin + max(0, _LONGEST_LINE - size))
            if space < 0:
                break
            yield line[begin:space]
            begin, size = space + 1, 0
        yield line[begin:]
        size = 0


def _interrupts(line: str) -> bool:
    """Whether the line ends the paragraph before it."""
    if not line.strip() or _FENCE.match(line) or _HEADING.match(line) or _RULE.match(line):
        return True
    item = _ITEM.match(line)
    is_item = item and item.end() < len(line) and (item[2] in "-*+" or item[2][:-1] == "1")
    return bool(is_item or _QUOTE.match(line))


def _is_text(line: str) -> bool:
    """Whether a paragraph may go on after it, in a quote or an item."""
    rest = line
    for _ in range(_DEEPEST):
        found = _QUOTE.match(rest) or _ITEM.match(rest)
        if not found:
            break
        rest = rest[found.end() :]
    is_block = _FENCE.match(rest) or _HEADING.match(rest) or _RULE.match(rest)
    return bool(rest.strip()) and not is_block and not rest.startswith("    ")


def _begins_table(line: str, delimiters: str) -> bool:
    return (
        "|" in line
        and bool(_DELIMITERS.match(delimiters))
        and len(_cells(line)) == len(_cells(delimiters))
    )


def _cells(line: str) -> list[str]:
    row = line.strip()
    row = row.removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(row)]


def _width(text: str) -> int:
    """In columns of a fixed font."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
