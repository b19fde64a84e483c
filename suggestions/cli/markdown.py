"""Markdown from a model, rendered safely for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markdown import Markdown, TableElement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from .plain_text import visible

# Deeper nesting is not shown, since rendering uses Python's stack. A list takes two levels.
_DEEPEST = 100

# HTML tags, link definitions and the addresses of images would vanish from the screen: they are
# shown as text.
_parser = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    .enable(["strikethrough", "table"])
    .disable(["reference", "image"])
)


class _WholeTable(TableElement):
    """A table that folds a word that is longer than its column instead of cutting it off."""

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType | Segment]:
        for rendered in super().__rich_console__(console, options):
            if isinstance(rendered, Table):
                for column in rendered.columns:
                    column.overflow = "fold"
            yield rendered


class AnswerMarkdown(Markdown):
    """Markdown that shows all of a text, line by line, and cannot drive the terminal.

    A link is shown with its address, not as a hyperlink that hides it.
    """

    elements = {**Markdown.elements, "table_open": _WholeTable}

    def __init__(self, text: str) -> None:
        super().__init__("", justify="default", hyperlinks=False)
        self.markup = visible(text)
        self.parsed = _parser.parse(self.markup)
        for token in self.parsed:
            for child in token.children or ():
                if child.type == "softbreak":
                    child.type = "hardbreak"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        rendered = super().__rich_console__(console, options)
        lines = Segment.split_lines(each for each in rendered if isinstance(each, Segment))
        for line in _trimmed(list(lines)):
            for segment in line:
                # Once more: Markdown turns the plain text `&#x202e;` into its character.
                yield Segment(visible(segment.text), segment.style)
            yield Segment.line()


def _trimmed(lines: list[list[Segment]]) -> list[list[Segment]]:
    """Without the empty lines around it, which some blocks have and others do not."""
    full = [number for number, line in enumerate(lines) if any(map(_is_seen, line))]
    return lines[full[0] : full[-1] + 1] if full else []


def _is_seen(segment: Segment) -> bool:
    return bool(segment.text.strip() or (segment.style and segment.style.bgcolor))


def split_blocks(text: str) -> list[str]:
    """The text, cut before each of its Markdown blocks.

    All that may still grow is in the last one. Only whole lines count, since the rest of a line can
    still change its block. The text must come from `visible`: in it, only a line feed ends a
    line.
    """
    lines = text.split("\n")
    whole = "\n".join(lines[:-1]) + "\n"
    begins = [token.map[0] for token in _parser.parse(whole) if token.map and not token.level]
    cuts = [0, *begins[1:], len(lines)]
    return ["\n".join(lines[begin:end]) for begin, end in pairwise(cuts)]


class Tail:
    """The last `height` lines of something, under a mark if there are more."""

    def __init__(self, renderable: RenderableType, height: int) -> None:
        self._renderable = renderable
        self._height = height

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType | Segment]:
        lines = console.render_lines(self._renderable, options, pad=False)
        if len(lines) > self._height:
            lines = lines[1 - self._height :]
            yield Text("\u22ee", style="dim")
        for line in lines:
            yield from line
            yield Segment.line()
