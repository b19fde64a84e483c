"""Writes Markdown that grows into a `QTextDocument`: finished blocks once, the tail anew.

Qt's parser sets a whole document. So each block is parsed in a document of its own, and copied from
there to the end of the one that is shown.

What Qt's parser would hide is shown as text: tags, definitions of links, what it takes for front
matter, and images, which it would load from the disk, as links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .._blocks import Block
from ._binding import Binding

_MARKS = {"\ufdd2": ":", "\ufdd3": "!", "\ufdd4": "<"}
"""What stands for a character in Markdown that is not to be read as such. No text has these;
the two before them are Qt's own."""
_NEVER_IN_TEXT = re.compile("[\0\ufdd0-\ufdd4\ud800-\udfff]")
_IMAGE = re.compile(r"(?<!\\)!(?=\[)")
_NUMBER = re.compile(r"\s*(\d+)([.)])[ \t]")
_BREAK = r"<br\s*/?>"
_QUOTE_MARGIN = 20
_ABOVE_HEADING, _BELOW_HEADING = 12, 4


class Code:
    """Fenced code as it is shown: where its first line begins, and what it says."""

    def __init__(self, position: int, language: str) -> None:
        self.position = position
        self.language = language
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        """Without the last line end."""
        text = "".join(self.parts)
        return text[:-1] if text.endswith("\n") else text


class MarkdownWriter:
    """Appends to a document, which nothing else may change."""

    def __init__(self, binding: Binding, document: Any) -> None:
        self._core, self._gui = binding.core, binding.gui
        self._features = binding.markdown_features
        self._is_qt5 = binding.name in ("PyQt5", "PySide2")
        self._document = document
        document.setUndoRedoEnabled(False)
        self._scratch = self._gui.QTextDocument()
        self._scratch.setUndoRedoEnabled(False)
        self.code_header = 8.0
        """Pixels above code, where a button may be."""
        self._fixed = self._fixed_format()
        self.keeps_numbers = self._can_keep_numbers()
        """Whether this Qt keeps the first number of a list."""
        self._start()

    def _start(self) -> None:
        self._tail_at: int | None = None
        self._is_empty = True  # an empty block is at the end, for what comes next
        self.codes: list[Code] = []
        """Finished code, in order."""

    def _can_keep_numbers(self) -> bool:
        self._scratch.setMarkdown("7. x")
        block = self._scratch.begin()  # PySide2 frees the list with it
        items = block.textList()
        return items is not None and getattr(items.format(), "start", int)() == 7

    def clear(self) -> None:
        self._document.clear()
        self._start()

    def set_colors(self, palette: Any) -> None:
        """Takes the colors of text and of code's background, for what is written from now on."""
        text, base = palette.color(palette.ColorRole.Text), palette.color(palette.ColorRole.Base)
        self._code_background = mixed_color(self._gui, text, base, 0.07)
        self._quote_color = mixed_color(self._gui, text, base, 0.7)

    def write(self, finished: Iterable[Block], tail: Block | None) -> None:
        """Puts the finished blocks in place of the tail that was written before, and the new tail
        after them."""
        cursor = self._gui.QTextCursor(self._document)
        cursor.beginEditBlock()
        try:
            self._remove_tail(cursor)
            for block in finished:
                self._append(cursor, block)
            if tail is not None and tail.source.strip():
                codes = len(self.codes)
                self._tail_at = self._append(cursor, tail)
                del self.codes[codes:]
            self._remove_empty_block(cursor)
        finally:
            cursor.endEditBlock()

    def _remove_tail(self, cursor: Any) -> None:
        if self._tail_at is None:
            return
        cursor.setPosition(self._tail_at)
        cursor.movePosition(cursor.MoveOperation.End, cursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._tail_at = None
        self._is_empty = True

    def _remove_empty_block(self, cursor: Any) -> None:
        """Which would be shown as an empty line."""
        if self._is_empty and self._tail_at is None:
            cursor.movePosition(cursor.MoveOperation.End)
            if not (cursor.block().text() or self._is_after_table(cursor) or cursor.atStart()):
                cursor.deletePreviousChar()
                self._is_empty = False

    def _is_after_table(self, cursor: Any) -> bool:
        """After a table, Qt keeps a block, which may be empty."""
        before = cursor.block().previous()
        return before.isValid() and self._gui.QTextCursor(before).currentTable() is not None

    def _append(self, cursor: Any, block: Block) -> int | None:
        """Returns the position at which the block begins; None if there is nothing to show."""
        if not block.source.strip():
            return None
        if block.kind == "code" and block.continues and not block.code:
            return None
        cursor.movePosition(cursor.MoveOperation.End)
        if self._is_empty:
            self._reset(cursor)
        else:
            cursor.insertBlock(self._gui.QTextBlockFormat(), self._gui.QTextCharFormat())
        position = int(cursor.position())
        if block.kind == "code":
            self._append_code(cursor, block)
        else:
            self._append_text(cursor, block)
        cursor.movePosition(cursor.MoveOperation.End)
        self._is_empty = not cursor.block().text() and self._is_after_table(cursor)
        return position

    def _reset(self, cursor: Any) -> None:
        """Takes list and format from the block that the tail has left there."""
        block = cursor.block()  # PySide2 frees it with its list otherwise
        items = block.textList()
        if items is not None:
            items.remove(block)
        cursor.setBlockFormat(self._gui.QTextBlockFormat())
        cursor.setBlockCharFormat(self._gui.QTextCharFormat())
        cursor.setCharFormat(self._gui.QTextCharFormat())

    # Code

    def _append_code(self, cursor: Any, block: Block) -> None:
        form = self._gui.QTextBlockFormat()
        form.setProperty(self._gui.QTextFormat.Property.BlockCodeLanguage, block.language)
        form.setBackground(self._code_background)
        form.setLayoutDirection(self._core.Qt.LayoutDirection.LeftToRight)
        if not block.continues:
            self.codes.append(Code(cursor.position(), block.language))
            first = self._gui.QTextBlockFormat(form)
            first.setTopMargin(self.code_header)
            cursor.setBlockFormat(first)
        else:
            cursor.setBlockFormat(form)
        if self.codes:
            self.codes[-1].parts.append(block.code)
        text = block.code[:-1] if block.code.endswith("\n") else block.code
        line, *others = _shown(text).split("\n")
        fixed = self._fixed
        cursor.setBlockCharFormat(fixed)
        cursor.insertText(line, fixed)
        if others:
            cursor.insertBlock(form, fixed)
            cursor.insertText("\n".join(others), fixed)

    def _fixed_format(self) -> Any:
        """The characters of code."""
        system = self._gui.QFontDatabase.systemFont(self._gui.QFontDatabase.SystemFont.FixedFont)
        is_fixed = self._gui.QFontInfo(system).fixedPitch()
        family = system.family() if is_fixed else "monospace"
        form = self._gui.QTextCharFormat()
        form.setFontFamilies([family])
        if self._is_qt5:
            form.setFontFamily(family)  # the other one does not count yet
        form.setFontFixedPitch(True)
        return form

    def _is_fixed(self, form: Any) -> bool:
        """Whether characters are those of code. Not every version of the parser sets the pitch."""
        family = form.fontFamily() if self._is_qt5 else form.fontFamilies()
        return bool(form.fontFixedPitch() or family)

    # Markdown

    def _append_text(self, cursor: Any, block: Block) -> None:
        scratch = self._scratch
        scratch.setDefaultFont(self._document.defaultFont())
        source = _shown(block.source)
        # After a line end, `---` does not begin front matter, which would be hidden.
        marked = "\n" + self._marked(source)
        if self._features is None:
            scratch.setMarkdown(marked)
        else:
            scratch.setMarkdown(marked, self._features)
        self._restore(marked)
        if "|" in source and "<br" in source:
            self._break_cells()
        codes = self._format_blocks()
        if not self.keeps_numbers:
            self._write_numbers(source)
        position = cursor.position()
        cursor.insertFragment(self._gui.QTextDocumentFragment(scratch))
        self._join_first(position)
        for code in codes:
            code.position = position + scratch.findBlockByNumber(code.position).position()
        self.codes += codes

    def _marked(self, source: str) -> str:
        if "]:" in source:
            source = source.replace("]:", "]\ufdd2")
        if "![" in source:
            source = _IMAGE.sub("\ufdd3", source)
        if self._features is None:
            source = source.replace("<", "\ufdd4")
        return source

    def _restore(self, marked: str) -> None:
        for mark, character in _MARKS.items():
            if mark in marked:
                found = self._scratch.find(mark)
                while not found.isNull():
                    found.insertText(character, found.charFormat())
                    found = self._scratch.find(mark, found)

    def _break_cells(self) -> None:
        """In the cell of a table, a tag is the only way to break a line."""
        expression = self._core.QRegularExpression(_BREAK)
        found = self._scratch.find(expression)
        while not found.isNull():
            if found.currentTable() is not None and not self._is_fixed(found.charFormat()):
                found.insertText("\u2028")
            else:
                found.clearSelection()
            found = self._scratch.find(expression, found)

    def _write_numbers(self, source: str) -> None:
        """As text, if a list does not begin with 1. This Qt would show 1 all the same."""
        first = _NUMBER.match(source)
        block = self._scratch.begin()
        items = block.textList()
        if first is None or int(first[1]) == 1 or items is None:
            return
        indent = items.format().indent()
        for number in range(int(first[1]), int(first[1]) + items.count()):
            item = items.item(0)  # not `block`: PySide2 frees the list with it
            items.remove(item)
            form = item.blockFormat()
            form.setIndent(indent)
            cursor = self._gui.QTextCursor(item)
            cursor.setBlockFormat(form)
            cursor.insertText(f"{number}{first[2]} ")

    def _join_first(self, position: int) -> None:
        """The first block that is copied with a fragment does not get its format; or, if it is an
        item of a list, it leaves the block before it empty."""
        first = self._scratch.begin()
        form = first.blockFormat()
        cursor = self._gui.QTextCursor(self._document)
        cursor.setPosition(position)
        if form.objectIndex() == -1:
            cursor.setBlockFormat(form)
        elif first.text() and not cursor.block().text():
            cursor.deleteChar()

    def _format_blocks(self) -> list[Code]:
        """Returns the code among them. Its position is the number of its first block."""
        properties = self._gui.QTextFormat.Property
        found: list[Code] = []
        block, is_inside = self._scratch.begin(), False
        while block.isValid():
            form = block.blockFormat()
            if self._is_code(block, form):
                language = str(form.stringProperty(properties.BlockCodeLanguage))
                if is_inside and self._is_end(block, language):
                    block = self._removed(block)
                    continue
                is_first = not is_inside or language != found[-1].language
                if is_first:
                    found.append(Code(block.blockNumber(), language))
                found[-1].parts.append(block.text() + "\n")
                self._format_code(block, form, is_first)
                is_inside = True
                block = block.next()
                continue
            is_inside = False
            if form.headingLevel():
                form.setTopMargin(_ABOVE_HEADING)
                form.setBottomMargin(_BELOW_HEADING)
                self._gui.QTextCursor(block).setBlockFormat(form)
            elif form.hasProperty(properties.BlockQuoteLevel):
                self._format_quote(block, form)
            block = block.next()
        return found

    def _is_end(self, block: Any, language: str) -> bool:
        """Qt 5 has an empty block after code."""
        if not self._is_qt5 or block.text():
            return False
        after = block.next()
        if not after.isValid():
            return True
        form = after.blockFormat()
        name = self._gui.QTextFormat.Property.BlockCodeLanguage
        return not self._is_code(after, form) or form.stringProperty(name) != language

    def _removed(self, block: Any) -> Any:
        """Returns the block after it."""
        number = block.blockNumber()
        self._gui.QTextCursor(block).deletePreviousChar()
        return self._scratch.findBlockByNumber(number)

    def _is_code(self, block: Any, form: Any) -> bool:
        """Some versions of the parser say that what follows code in a list is code, too."""
        if not form.hasProperty(self._gui.QTextFormat.Property.BlockCodeLanguage):
            return False
        cursor = self._gui.QTextCursor(block)
        if block.length() > 1:
            cursor.setPosition(block.position() + 1)
        return block.length() == 1 or self._is_fixed(cursor.charFormat())

    def _format_code(self, block: Any, form: Any, is_first: bool) -> None:
        """Of code that is indented, or in a list."""
        items = block.textList()
        if items is not None:  # some versions give each line of it a bullet
            form.setIndent(items.format().indent())
            items.remove(block)
        form.setObjectIndex(-1)
        form.setNonBreakableLines(False)
        form.setTopMargin(self.code_header if is_first else 0)
        form.setBottomMargin(0)
        form.setBackground(self._code_background)
        form.setLayoutDirection(self._core.Qt.LayoutDirection.LeftToRight)
        cursor = self._gui.QTextCursor(block)
        cursor.setBlockFormat(form)
        cursor.movePosition(cursor.MoveOperation.EndOfBlock, cursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(self._fixed)

    def _format_quote(self, block: Any, form: Any) -> None:
        level = form.intProperty(self._gui.QTextFormat.Property.BlockQuoteLevel)
        form.setLeftMargin(_QUOTE_MARGIN * level)
        form.setRightMargin(0)
        cursor = self._gui.QTextCursor(block)
        cursor.setBlockFormat(form)
        cursor.movePosition(cursor.MoveOperation.EndOfBlock, cursor.MoveMode.KeepAnchor)
        muted = self._gui.QTextCharFormat()
        muted.setForeground(self._quote_color)
        cursor.mergeCharFormat(muted)


def _shown(text: str) -> str:
    """The text without what no text has: halves of characters, the marks, and the character with
    the number 0, at which some bindings end."""
    return _NEVER_IN_TEXT.sub("\ufffd", text)


def mixed_color(gui: Any, one: Any, other: Any, share: float) -> Any:
    """A color between two."""
    parts = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return gui.QColor(*(round(a * share + b * (1 - share)) for a, b in parts))
