"""Turns Markdown into lines of Textual's `Content`, which are wrapped for a width only when shown.

Textual's `Markdown` makes a widget of each paragraph and item, and lays all of them out anew for
each piece of text. Lines need no widget.

Nothing is hidden: tags and definitions of links are text, and so are images, as links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from textual.content import Content, Span
from textual.highlight import highlight
from textual.style import Style

from .._blocks import Block

STYLES = ("strong", "em", "strike", "code", "link", "heading", "muted", "button", "fence")
"""Each is a component class of `MarkdownView`."""
_SPANS = {"strong": "strong", "em": "em", "s": "strike"}
_DEEPEST = 60
"""Levels of quotes and lists. What is deeper is shown as it was written."""
_LONGEST_HIGHLIGHT = 20_000
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PIPE = re.compile(r"(?<!\\)\|")
_SPACES = re.compile(r"\s+")
_CONTROLS = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    0x2028: " ",
    0x2029: " ",
    **dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], "\ufffd"),
}
_NOTHING = Content("")


class Line(NamedTuple):
    """One line of text, however often it is wrapped.

    `first` stands before its first row, such as a bullet, and `rest` before the others. A "code"
    line is wrapped anywhere, and a "header" is not part of the text.
    """

    body: Content
    first: Content = _NOTHING
    rest: Content = _NOTHING
    kind: str = "text"


class Table(NamedTuple):
    """Rows of cells, of which the first is the header. Each cell is a list of lines."""

    rows: list[list[Content]]
    rest: Content = _NOTHING
    """Before each row."""


Piece = Line | Table


def shown(text: str) -> str:
    """The text as a terminal may get it: a control character is a picture of it, so that no answer
    can move the cursor, and half a character is replaced."""
    return text.translate(_CONTROLS)


def styled(text: str, name: str) -> Content:
    return Content(text, [Span(0, len(text), "." + style_name(name))] if text else [])


def style_name(name: str) -> str:
    return f"markdown-view--{name}"


def link_to(url: str) -> Style:
    return Style.from_meta({"@click": f"link({url!r})"})


class MarkdownWriter:
    """Writes block after block. `codes` has the text of each fenced code, in order."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def write(self, block: Block) -> list[Piece]:
        """The lines of one block; none for blank lines."""
        if not block.source.strip():
            return []
        if block.kind == "code":
            code = block.code
            if block.continues and self.codes:
                self.codes[-1] += code
                return _code_lines(code, block.language) if code else []
            return [*self._header(code, block.language), *_code_lines(code, block.language)]
        try:
            tokens = _parser().parse(shown(block.source))
        except RecursionError:
            tokens = []
        if not tokens or any(token.level >= _DEEPEST - 1 for token in tokens):
            return [Line(Content(text)) for text in shown(block.source).strip("\n").split("\n")]
        return _Walk(self, block.source).lines_of(tokens)

    def _header(self, code: str, language: str) -> list[Piece]:
        number = len(self.codes)
        self.codes.append(code)
        copy = Content("Copy").stylize("." + style_name("button"))
        copy = copy.stylize(Style.from_meta({"@click": f"copy_code({number})"}))
        name = styled(shown(language) + "  " if language else "", "muted")
        return [Line(name + copy, kind="header")]

    def code_of(self, code: str, language: str) -> list[Piece]:
        """Of code within a list or a quote, or code that is indented."""
        return [*self._header(code, language), *_code_lines(code, language)]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": False, "maxNesting": _DEEPEST})
    return parser.disable("reference")


def _code_lines(code: str, language: str) -> list[Piece]:
    text = shown(code[:-1] if code.endswith("\n") else code).expandtabs(4)
    content = Content(text)
    if language and len(text) <= _LONGEST_HIGHLIGHT:
        colored = highlight(text, language=language)
        if colored.plain == text:  # some readers of a language drop blank lines
            content = colored
    return [Line(line, kind="code") for line in content.split(allow_blank=True)]


class _Walk:
    """Through the tokens of one block."""

    def __init__(self, writer: MarkdownWriter, source: str) -> None:
        self._writer = writer
        self._source = shown(source).split("\n")
        self._lines: list[Piece] = []
        self._around: list[tuple[Content, Content]] = []
        """For each quote and item that a line is in: what stands before its first line, and before
        the others."""
        self._numbers: list[int | None] = []  # of the next item of each list
        self._gap: Content | None = None
        """What stands before the blank line that is due."""
        self._is_heading = False

    def lines_of(self, tokens: list[Any]) -> list[Piece]:
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.type == "table_open":
                place = self._take_table(tokens, place)
            else:
                self._take(token)
            place += 1
        return self._lines

    def _take(self, token: Any) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            is_ordered = kind.startswith("ordered")
            self._numbers.append(int(token.attrs.get("start", 1)) if is_ordered else None)
            if len(self._numbers) == 1:
                self._want_gap()
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._numbers.pop()
        elif kind == "list_item_open":
            self._begin_item(token)
        elif kind == "blockquote_open":
            self._want_gap()
            bar = styled("▌ ", "muted")
            self._around.append((bar, bar))
        elif kind in ("list_item_close", "blockquote_close"):
            self._end_around()
        elif kind == "paragraph_open" and not token.hidden:
            self._want_gap()
        elif kind == "heading_open":
            self._want_gap()
            self._is_heading = True
        elif kind == "heading_close":
            self._is_heading = False
        elif kind == "inline":
            self._take_inline(token)
        elif kind == "hr":
            self._want_gap()
            self._add(styled("─" * 20, "muted"))
        elif kind in ("fence", "code_block"):
            self._want_gap()
            language = (token.info.split() or [""])[0]
            for line in self._writer.code_of(token.content, language):
                assert isinstance(line, Line)
                self._add(line.body, line.kind)

    def _begin_item(self, token: Any) -> None:
        number = self._numbers[-1]
        if number is None:
            marker = "•◦▪"[min(self._numbers.count(None) - 1, 2)] + " "
        else:
            marker = f"{number}{token.markup} "
            self._numbers[-1] = number + 1
        self._around.append((styled(marker, "muted"), Content(" " * len(marker))))

    def _end_around(self) -> None:
        first, rest = self._around[-1]
        if first.plain != rest.plain:  # an empty item
            self._add(_NOTHING)
        self._around.pop()

    def _want_gap(self) -> None:
        if self._gap is None and self._lines:
            # The bullet of an item that has just begun is not before the blank line.
            self._gap = _joined(rest for _, rest in self._around)

    def _add(self, body: Content, kind: str = "text") -> None:
        self._add_gap()
        first = _joined(first for first, _ in self._around)
        self._around = [(rest, rest) for _, rest in self._around]
        self._lines.append(Line(body, first, _joined(rest for rest, _ in self._around), kind))

    def _take_inline(self, token: Any) -> None:
        for line in inline(token.children or []).split(allow_blank=True):
            style = "." + style_name("heading")
            self._add(line.stylize_before(style) if self._is_heading else line)

    # Tables

    def _take_table(self, tokens: list[Any], place: int) -> int:
        """Returns the place of the last token of the table."""
        self._want_gap()
        rows: list[list[Content]] = []
        opening = tokens[place]
        while tokens[place].type != "table_close":
            token = tokens[place]
            if token.type == "tr_open":
                opening = token
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(inline(token.children or [], breaks=True))
            elif token.type == "tr_close" and len(rows) > 1:
                self._add_surplus(rows[-1], opening)
            place += 1
        self._add_gap()
        if any(first.plain != rest.plain for first, rest in self._around):
            self._add(_NOTHING)  # the bullet before it
        self._lines.append(Table(rows, _joined(rest for _, rest in self._around)))
        return place

    def _add_gap(self) -> None:
        if self._gap is not None:
            self._lines.append(Line(_NOTHING, self._gap, self._gap))
            self._gap = None

    def _add_surplus(self, row: list[Content], opening: Any) -> None:
        """The cells of a row that the header has no columns for, which the parser drops."""
        if opening.map is None:
            return
        line = self._source[opening.map[0]].strip()
        cells = _PIPE.split(line.removeprefix("|"))
        if cells and not cells[-1].strip():
            cells.pop()
        if len(cells) > len(row):
            surplus = " | ".join(cell.strip() for cell in cells[len(row) :])
            row[-1] = row[-1] + Content(" | " + surplus)


def _joined(parts: Iterable[Content]) -> Content:
    return _NOTHING.join(list(parts))


def inline(tokens: list[Any], *, breaks: bool = False) -> Content:
    """The text of a paragraph. `breaks`: a tag `<br>` breaks the line, as in a table's cell."""
    texts: list[str] = []
    spans: list[Span] = []
    open_spans: list[tuple[int, list[Style | str]]] = []
    length = 0

    def add(text: str, *styles: Style | str) -> None:
        nonlocal length
        texts.append(text)
        spans.extend(Span(length, length + len(text), style) for style in styles)
        length += len(text)

    for token in tokens:
        kind = token.type
        if kind == "softbreak":
            add(" ")
        elif kind == "hardbreak":
            add("\n")
        elif kind == "code_inline":
            add(token.content, "." + style_name("code"))
        elif kind == "image":
            url = str(token.attrs.get("src", ""))
            add(f"Image: {token.content or url}", "." + style_name("link"), link_to(url))
        elif kind == "link_open":
            url = str(token.attrs.get("href", ""))
            open_spans.append((length, ["." + style_name("link"), link_to(url)]))
        elif kind.endswith("_open"):
            open_spans.append((length, ["." + style_name(_SPANS[kind.removesuffix("_open")])]))
        elif kind.endswith("_close"):
            begin, styles = open_spans.pop()
            spans.extend(Span(begin, length, style) for style in styles)
        else:
            text = _SPACES.sub(" ", token.content)
            add(_BREAK.sub("\n", text) if breaks else text)
    return Content("".join(texts), spans)
