"""Markdown that grows, cut into blocks that never change again. It knows no toolkit.

A parser of Markdown reads all of a text, and a long answer that is parsed anew for each of its
pieces keeps a window busy. So the text is cut as soon as nothing can change what has come so far
(CommonMark 0.31, chapters 4 and 5): after a blank line, after a heading with `#`, and around fenced
code. Only the last block, the tail, is parsed again when more text comes.

A list goes on after blank lines, and decides what indented lines belong to. If parsers differ about
a line, such as `2.` below a paragraph, the text is rather cut later than wrongly.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

SETTLED_AT = 600
"""Characters after which code without an end, or a list, is cut, at the next line or item."""

_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)")
_NESTED_FENCE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}(?=[^`]*$)|~{3,})")
_MAYBE_END = re.compile(r" {0,3}(`+|~+)[ \t]*")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_QUOTE_OR_HEADING = re.compile(r" {0,3}(?:>|#{1,6}(?:[ \t]|$))")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
_PLAIN = re.compile(
    r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,4})*(?:[*_\[\"'(]{0,3}|`{1,2})[^\W_][^|]*$"
)
"""It certainly is text of a paragraph, if it is not code."""
_ITEM = re.compile(r"( {0,3})([-*+]|(\d{1,9})[.)])([ \t]+(?=[^ \t])|[ \t]*$)")


class Block(NamedTuple):
    """A piece of Markdown that can be parsed by itself. The sources of all, joined, are the text.

    `kind` is "code" for fenced code at the top level, whose `code` and `language` need no parser.
    If `continues` is true, it is more of the code or the list that the block before it is part of.
    """

    kind: Literal["text", "code"]
    source: str
    code: str = ""
    language: str = ""
    continues: bool = False


class MarkdownBlocks:
    """Takes pieces of a text, and returns the blocks that are finished. Line ends become "\\n".

    `ordered`: whether a long numbered list may be cut, too; what shows it must then know its
    first number.
    """

    def __init__(self, *, ordered: bool = True) -> None:
        self._ordered = ordered
        self._finished: list[Block] = []
        self._partial: list[str] = []  # the pieces of the last line
        self._has_return = False  # the last character was "\r", which "\n" may follow
        self._lines: list[str] = []  # of the tail, each with its end
        self._size = 0
        self._continues = False  # the tail is more of what was cut before it
        self._fence: _Fence | None = None
        self._reset()

    def _reset(self) -> None:
        """What is known about the lines of the tail."""
        self._last = ""  # the last line that is not blank
        self._is_after_blank = False
        self._offset = 0  # of what belongs to the item at the top level; 0 outside of a list
        self._marker = ""  # of that item: "-", "." and so on
        self._is_list = False  # it is one for every parser
        self._nested = ""  # the fence that is open within the list
        self._nested_at = 0  # its column
        self._is_lost = False  # parsers may differ about what is code: no more cuts

    def feed(self, text: str) -> list[Block]:
        """Returns the blocks that this piece of text finishes, in order."""
        if self._has_return:
            text = "\r" + text
        self._has_return = text.endswith("\r")
        if self._has_return:
            text = text[:-1]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        first, *others = text.split("\n")
        self._partial.append(first)
        for other in others:
            self._take("".join(self._partial))
            self._partial = [other]
        return self._flush()

    def finish(self) -> list[Block]:
        """What is left, after the last piece of text."""
        if self._has_return:
            self._finished = self.feed("\n")
        last = "".join(self._partial)
        self._partial = []
        if last:
            self._take(last)
        if self._fence is None:
            self._cut()
        elif self._lines:
            self._finished.append(self._fence.block(self._lines, self._continues))
        self._fence = None
        self._clear()
        if last:  # it had no end
            self._finished[-1] = self._finished[-1]._replace(source=self._finished[-1].source[:-1])
        return self._flush()

    @property
    def tail(self) -> Block | None:
        """What may still change. The last line of code is not in it while it may be its end."""
        partial = "".join(self._partial)
        if self._fence is None:
            source = "".join(self._lines) + partial
            return Block("text", source, continues=self._continues) if source else None
        if _MAYBE_END.fullmatch(partial):
            partial = ""
        if not (self._lines or partial):
            return None
        return self._fence.block([*self._lines, partial], self._continues)

    # Lines

    def _take(self, line: str) -> None:
        """A whole line, without its end."""
        if self._fence is not None:
            self._take_code(line, self._fence)
        elif not line.strip(" \t"):
            self._take_blank(line)
        elif self._offset:
            self._take_in_list(line)
        else:
            self._take_text(line)

    def _take_code(self, line: str, fence: _Fence) -> None:
        if fence.is_end(line):
            self._finished.append(fence.block(self._lines, self._continues, line + "\n"))
            self._fence = None
            self._clear()
            return
        self._add(line)
        if self._size >= SETTLED_AT:
            self._finished.append(fence.block(self._lines, self._continues))
            self._clear()
            self._continues = True

    def _take_blank(self, line: str) -> None:
        self._add(line)
        self._is_after_blank = True
        # Indented code, too, goes on after a blank line.
        if self._last and not self._offset and _indentation(self._last) < 4:
            self._cut()

    def _take_text(self, line: str) -> None:
        indentation = _indentation(line)
        if self._is_after_blank and self._last and indentation < 4:
            self._cut()
        if fence := _FENCE.match(line):
            self._open(line, fence)
        elif _HEADING.match(line):
            self._cut()
            self._add(line)
            self._cut()
        else:
            item = None if _RULE.fullmatch(line) else _ITEM.match(line)
            if item:
                self._begin_item(item, is_sure=self._begins_list(item))
                self._note_nested(line)
            self._add_full(line)

    def _take_in_list(self, line: str) -> None:
        is_outside = _indentation(line) < self._offset
        if self._is_lost:
            self._add_full(line)
        elif self._nested and not is_outside:
            if _is_end(line.strip(" \t"), self._nested):
                self._nested = ""
            elif _indentation(line) < self._nested_at:
                self._is_lost = True  # it may have ended with an item within the item
            self._add_full(line)
        elif self._nested:
            self._nested = ""
            self._take_after_item(line, ends_list=True)
        elif is_outside:
            ends_list = self._is_after_blank and not _indentation(line)
            self._take_after_item(line, ends_list)
        else:
            self._add_full(line)
            self._note_nested(line)

    def _take_after_item(self, line: str, ends_list: bool) -> None:
        """A line that is less indented than what belongs to the item before it.

        `ends_list`: whether it does so, unless it is another item.
        """
        is_rule = _RULE.fullmatch(line)
        item = None if is_rule else _ITEM.match(line)
        ends_list = ends_list or bool(is_rule and self._is_list)
        if (ends_list and not item) or _FENCE.match(line) or _QUOTE_OR_HEADING.match(line):
            self._cut()
            self._take_text(line)
            return
        if item:
            self._cut_before(item)
            self._begin_item(item, is_sure=self._is_list or self._begins_list(item))
        elif self._is_after_blank or not (
            _PLAIN.match(self._last) and _indentation(self._last) < 4 + self._offset
        ):
            # Or else it goes on with the paragraph of the item.
            self._is_list = False
        self._add_full(line)
        if item:
            self._note_nested(line)

    def _begins_list(self, item: re.Match[str]) -> bool:
        """Whether it is an item for every parser."""
        if not self._last or self._is_after_blank:
            return True
        return item[3] in (None, "1")

    def _begin_item(self, item: re.Match[str], is_sure: bool) -> None:
        begin = len(item[1]) + len(item[2])
        spaces = _indentation(item[4], begin)
        # Five spaces are one, and indented code. An empty item counts as if it had one.
        is_empty = len(item[0]) == len(item.string)
        self._offset = begin + (1 if is_empty or spaces > 4 else spaces)
        # What follows an empty item after a blank line does not belong to it.
        self._is_list = is_sure and not is_empty
        self._marker = item[2][-1]

    def _note_nested(self, line: str) -> None:
        fence = _NESTED_FENCE.match(line)
        if fence:
            self._nested = fence[1]
            self._nested_at = len(line[: fence.start(1)].expandtabs(4))
            self._is_lost = not self._is_list  # the end of the code depends on it

    def _cut_before(self, item: re.Match[str]) -> None:
        """Cuts a long list before an item that certainly is one of it."""
        is_next = self._is_list and not item[1] and item[2][-1] == self._marker
        if is_next and self._size >= SETTLED_AT and (self._ordered or item[3] is None):
            self._cut()
            self._continues = True

    # What is kept

    def _add(self, line: str) -> None:
        self._lines.append(line + "\n")
        self._size += len(line) + 1

    def _add_full(self, line: str) -> None:
        self._add(line)
        self._last = line
        self._is_after_blank = False

    def _open(self, line: str, fence: re.Match[str]) -> None:
        self._cut()
        self._fence = _Fence(fence)
        self._add(line)

    def _cut(self) -> None:
        """The lines so far are a block."""
        if self._lines:
            source = "".join(self._lines)
            self._finished.append(Block("text", source, continues=self._continues))
        self._clear()

    def _clear(self) -> None:
        self._lines = []
        self._size = 0
        self._continues = False
        self._reset()

    def _flush(self) -> list[Block]:
        finished, self._finished = self._finished, []
        return finished


class _Fence:
    """The line that opened code."""

    def __init__(self, opening: re.Match[str]) -> None:
        self._indentation = len(opening[1])
        self._mark = opening[2]
        self._language = (opening[3].split() or [""])[0]

    def is_end(self, line: str) -> bool:
        return _indentation(line) < 4 and _is_end(line.strip(" \t"), self._mark)

    def block(self, lines: list[str], continues: bool, end: str = "") -> Block:
        """Those lines, the first of which opens the code unless it continues."""
        code = lines if continues else lines[1:]
        if self._indentation:
            code = [self._dedented(line) for line in code]
        source = "".join([*lines, end])
        return Block("code", source, "".join(code), self._language, continues)

    def _dedented(self, line: str) -> str:
        content = line.lstrip(" \t")
        return " " * max(0, _indentation(line) - self._indentation) + content


def _is_end(stripped: str, mark: str) -> bool:
    return len(stripped) >= len(mark) and not stripped.strip(mark[0])


def _indentation(line: str, column: int = 0) -> int:
    """In columns, where a tab goes to the next multiple of 4."""
    begin = column
    for character in line:
        if character == " ":
            column += 1
        elif character == "\t":
            column += 4 - column % 4
        else:
            break
    return column - begin
