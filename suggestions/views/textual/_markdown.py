"""`MarkdownView`: shows an answer as Markdown while it is being written."""

from __future__ import annotations

from time import perf_counter
from typing import ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from .._blocks import Block, MarkdownBlocks
from ._rows import Row, Rows
from ._writer import STYLES, Line, MarkdownWriter, Piece, style_name

_INTERVAL = 0.1
"""Seconds between two updates, at least: each lays out the screen anew."""
_REST = 9
"""A pause after an update is as many times as long as it."""
_COPIED_FOR = 1.5
"""Seconds for which a button says that the code is copied."""
_UNKNOWN = 1
"""The width until it is laid out."""
_MOST_STRIPS = 300
"""Rendered rows that are kept: some screens full. Each is dozens of objects."""
_BLANK = Line(Content(""))


class MarkdownView(Widget):
    """A text to which Markdown is appended. It is one widget, however long: only the rows that are
    seen are rendered, and only the last block is parsed again."""

    class LinkClicked(Message):
        """A link of the text was clicked. Nothing is opened by itself."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    COMPONENT_CLASSES: ClassVar[set[str]] = {style_name(name) for name in STYLES}
    DEFAULT_CSS = """
    MarkdownView {
        height: auto;
        & > .markdown-view--strong { text-style: bold; }
        & > .markdown-view--em { text-style: italic; }
        & > .markdown-view--strike { text-style: strike; }
        & > .markdown-view--code { color: $text-warning; background: $warning-muted 50%; }
        & > .markdown-view--link { color: $text-accent; text-style: underline; }
        & > .markdown-view--heading { color: $text-primary; text-style: bold; }
        & > .markdown-view--muted { color: $foreground 60%; }
        & > .markdown-view--button { color: $text-accent; text-style: underline; }
        & > .markdown-view--fence { background: $foreground 6%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._timer: Timer | None = None
        self._begin()

    def _begin(self) -> None:
        self._blocks = MarkdownBlocks()
        self._writer = MarkdownWriter()
        self._pieces: list[Piece] = []  # the finished ones
        self._rows = Rows(_UNKNOWN)
        self._end = self._rows.end  # of the finished rows
        self._laid_out = 0  # how many pieces
        self._codes: list[str] = []  # of the finished pieces
        self._pending: list[str] = []
        self._is_over = False
        self._is_finished = False  # and all is written
        self._next = 0.0
        self._strips: dict[int, Strip] = {}
        self._styles_of: dict[str, Style] = {}

    # What is shown

    def append(self, text: str) -> None:
        """Adds a piece of Markdown, however it is cut."""
        self._pending.append(text)
        left = self._next - perf_counter()
        if left <= 0:
            self._update()
        elif self._timer is None and self.is_attached:
            self._timer = self.set_timer(left, self._update)

    def finish(self) -> None:
        """Nothing more comes: shows all of it now."""
        if not self._is_over:
            self._is_over = True
            self._update()

    def replace(self, text: str) -> None:
        """Begins anew, with another text."""
        width = self._rows.width
        self._begin()
        self._rows = Rows(width)
        self._pending = [text]
        self._update()

    @property
    def plain(self) -> str:
        """The text as it is shown, without the breaks at its width."""
        self._catch_up()
        return "\n".join(self._rows.texts)

    def _update(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.is_attached:
            return
        if self._rows.width == _UNKNOWN:
            self.refresh(layout=True)  # Textual then asks for the height at a width
            return
        began, height = perf_counter(), len(self._rows)
        self._catch_up()
        now = perf_counter()
        self._next = now + max(_INTERVAL, _REST * (now - began))
        self.refresh(layout=height != len(self._rows))

    def _catch_up(self) -> None:
        """Parses what has come, and lays it out at the width that there is."""
        if self._is_finished or not (self._pending or self._is_over):
            return
        self._writer.codes = list(self._codes)
        finished = self._blocks.feed("".join(self._pending))
        self._pending.clear()
        if self._is_over:
            finished += self._blocks.finish()
            self._is_finished = True
        for block in finished:
            self._pieces += self._written(block)
        self._codes = list(self._writer.codes)
        self._lay_out()

    def _lay_out(self) -> None:
        """Puts the newly finished pieces in place of the old tail, and the new tail after them."""
        self._rows.cut(self._end)
        finished = len(self._rows)
        self._strips = {row: strip for row, strip in self._strips.items() if row < finished}
        self._rows.add(self._pieces[self._laid_out :])
        self._laid_out = len(self._pieces)
        self._end = self._rows.end
        tail = None if self._is_finished else self._blocks.tail
        if tail is not None:
            self._writer.codes = list(self._codes)
            self._rows.add(self._written(tail))

    def _written(self, block: Block) -> list[Piece]:
        """The pieces of a block, after a blank line unless it continues the block before it."""
        pieces = self._writer.write(block)
        return [_BLANK, *pieces] if pieces and self._pieces and not block.continues else pieces

    # Layout and painting

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if width and width != self._rows.width:
            self._rows = Rows(width)
            self._end = self._rows.end
            self._laid_out = 0
            self._lay_out()
            self._catch_up()
        return len(self._rows)

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._styles_of.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            is_row = y < len(self._rows)
            strip = self._strip_of(self._rows[y]) if is_row else Strip.blank(self.size.width)
            if len(self._strips) >= _MOST_STRIPS:
                self._strips.clear()
            self._strips[y] = strip
        return strip

    def _strip_of(self, row: Row) -> Strip:
        base = self.visual_style
        if row.kind == "code":
            base += self.get_visual_style(style_name("fence"), partial=True)
        # Before all but the first row of a line are spaces or bars, which are not of its text.
        before = max(row.x - len(row.before.plain), 0)
        segments = self._segments(row.before, before, row.y, base)
        segments += self._segments(row.body, row.x, row.y, base)
        return Strip(segments).adjust_cell_length(self.size.width, base.rich_style)

    def _segments(self, content: Content, x: int, y: int, base: Style) -> list[Segment]:
        """Each has the place of its text, from which Textual selects."""
        selection = self.text_selection
        span = selection.get_span(y) if selection else None
        if span is not None:
            begin, end = span[0] - x, len(content.plain) if span[1] == -1 else span[1] - x
            if end > 0:
                style = self.screen.get_visual_style("screen--selection")
                content = content.stylize(style, max(begin, 0), end)
        segments: list[Segment] = []
        for text, style in content.render(base, "", parse_style=self._style_of):
            segments.append(Segment(text, (base + style).rich_style_with_offset(x, y)))
            x += len(text)
        return segments

    def _style_of(self, name: str | Style) -> Style:
        if isinstance(name, Style):
            return name
        style = self._styles_of.get(name)
        if style is None:
            is_ours = name.startswith(".")
            style = self.get_visual_style(name[1:], partial=True) if is_ours else Style.parse(name)
            self._styles_of[name] = style
        return style

    # Selecting, links and copying

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        selected = []
        for y, line in enumerate(self._rows.texts):
            span = selection.get_span(y)
            if span is not None:
                selected.append(line[span[0] : len(line) if span[1] == -1 else span[1]])
        return "\n".join(selected), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self._strips.clear()
        self.refresh()

    def action_link(self, url: str) -> None:
        self.post_message(self.LinkClicked(url))

    def action_copy_code(self, number: int) -> None:
        code = self._writer.codes[number]
        self.app.copy_to_clipboard(code.removesuffix("\n"))
        self.notify("Copied", timeout=_COPIED_FOR)
