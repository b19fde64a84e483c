"""Markdown that grows is cut into blocks that, one by one, are parsed as the whole is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_documents import LINES, cut, documents
from markdown_it import MarkdownIt

from suggestions.views._blocks import SETTLED_AT, Block, MarkdownBlocks

# As the views show it: tags and definitions of links are text.
PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
PARSER.disable(["reference"])


def fed(pieces: Iterable[str], *, ordered: bool = True) -> list[Block]:
    blocks = MarkdownBlocks(ordered=ordered)
    finished = [block for piece in pieces for block in blocks.feed(piece)]
    return finished + blocks.finish()


def html_of(blocks: list[Block]) -> str:
    """Each block by itself; code in parts, and a list in parts, count as one."""
    html = ""
    for number, block in enumerate(blocks):
        if block.kind == "text":
            part = PARSER.render(block.source)
            if block.continues:
                html = re.sub(r"</[uo]l>\n$", "", html)
                part = re.sub(r"^<[uo]l( start=\"\d+\")?>\n", "", part)
            html += part
        elif not block.continues:
            parts = [block]
            for more in blocks[number + 1 :]:
                if not (more.kind == "code" and more.continues):
                    break
                parts.append(more)
            html += PARSER.render("".join(part.source for part in parts))
    return html


def whole_html(text: str) -> str:
    return PARSER.render(text)


def without_looseness(html: str) -> str:
    """Parts of a list may be tight where others are loose."""
    return re.sub(r"</?p>|\n", "", html)


def check(text: str, pieces: list[str]) -> list[Block]:
    blocks = fed(pieces)
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(block.source for block in blocks) == unified
    has_parts = any(block.kind == "text" and block.continues for block in blocks)
    compared = without_looseness if has_parts else str
    assert compared(html_of(blocks)) == compared(whole_html(text))
    codes = [t.content for t in PARSER.parse(text) if t.type == "fence" and not t.level]
    joined: list[str] = []
    for block in blocks:
        if block.kind == "code":
            if not block.continues:
                joined.append("")
            joined[-1] += block.code
    # All of them, but for those of which it is not sure whether a list has them. The parser drops
    # blank lines at the end of a text.
    following = iter([code.rstrip() for code in codes])
    assert all(code.rstrip() in following for code in joined), (joined, codes)
    return blocks


@given(documents())
@settings(max_examples=400)
@example(("```\ncode\r", ["```\ncode\r"]))
@example(("para\n2. x\n   ```\ncode\n\nmore", ["para\n2. x\n   ```\ncode\n\nmore"]))
@example(("1. a\n  ```\ncode\n\nmore", ["1. a\n  ```\ncode\n\nmore"]))
@example(("-\n\n  ```\ncode\n\nmore", ["-\n\n  ```\ncode\n\nmore"]))
@example(("- a\n  - b\n    ```\n  c\n| d | e |", ["- a\n  - b\n    ```\n  c\n| d | e |"]))
@example(("-\titem\n\n  more of it\n---", ["-\titem\n\n  more of it\n---"]))
def test_blocks_are_parsed_as_the_whole(document: tuple[str, list[str]]) -> None:
    check(*document)


@given(st.lists(st.sampled_from(LINES), min_size=20, max_size=120), st.data())
@settings(max_examples=60)
def test_long_ones_too(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    check(text, cut(text, data.draw(st.lists(st.integers(0, len(text)), max_size=30))))


@given(st.text(alphabet="ab \n\r\t`~-*+#>|1.)[]:(<=\\_!", max_size=60))
@settings(max_examples=400)
def test_any_characters(text: str) -> None:
    check(text, list(text))


@given(documents())
def test_what_is_finished_and_the_tail_are_the_text(document: tuple[str, list[str]]) -> None:
    """At every moment, but for line ends and what may be the end of code."""
    _, pieces = document
    blocks, finished, seen = MarkdownBlocks(), "", ""
    for piece in pieces:
        seen += piece
        finished += "".join(block.source for block in blocks.feed(piece))
        shown = finished + (blocks.tail.source if blocks.tail else "")
        unified = seen.replace("\r\n", "\n").replace("\r", "\n")
        assert unified.startswith(shown)
        assert not unified[len(shown) :].strip(" \t\n`~")


def test_boundaries() -> None:
    text = "One\ntwo.\n\n# Three\nFour\n```py\nx\n\ny\n```\n- a\n\n  b\n- c\n\nEnd"
    assert [(block.kind, block.source) for block in fed([text])] == [
        ("text", "One\ntwo.\n\n"),
        ("text", "# Three\n"),
        ("text", "Four\n"),
        ("code", "```py\nx\n\ny\n```\n"),
        ("text", "- a\n\n  b\n- c\n\n"),
        ("text", "End"),
    ]
    assert fed([text])[3][2:] == ("x\n\ny\n", "py", False)


def test_the_end_of_code_is_not_shown_as_code() -> None:
    blocks = MarkdownBlocks()
    assert blocks.feed("```\nx\n``") == []
    assert blocks.tail == ("code", "```\nx\n", "x\n", "", False)
    assert blocks.feed("`") == []
    assert blocks.finish() == [("code", "```\nx\n```", "x\n", "", False)]
    blocks.feed("```\nx\n``")
    assert blocks.finish()[0].code == "x\n``\n"


ENDLESS = {
    "code": ("```py\n", "a line of code\n"),
    "list": ("", "- an item of it\n"),
    "numbered": ("", "{n}. an item of it\n"),
    "loose": ("", "- an item of it\n\n"),
    "of code": ("", "- an item\n\n  ```\n  code\n  ```\n\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_has_no_end_is_settled_all_the_same(kind: str) -> None:
    opening, line = ENDLESS[kind]
    text = opening + "".join(line.format(n=n) for n in range(1, 500))
    blocks, longest = MarkdownBlocks(), 0
    for piece in text.splitlines(keepends=True):
        blocks.feed(piece)
        longest = max(longest, len(blocks.tail.source) if blocks.tail else 0)
    assert longest < SETTLED_AT + 2 * len(line) + 10
    check(text, [text])


def test_a_numbered_list_stays_whole_where_its_number_would_be_lost() -> None:
    text = "".join(f"{n}. an item of it\n" for n in range(1, 500))
    assert len(fed([text], ordered=False)) == 1
    assert len(fed([text])) > 10


@pytest.mark.parametrize("line", ["word ", "x" * 80, "- item\n", "```\n", "a\n\n", "| a | b |\n"])
def test_its_cost_is_linear(line: str) -> None:
    def seconds(characters: int) -> float:
        text = line * (characters // len(line))
        pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
        begun = time.perf_counter()
        fed(pieces)
        return time.perf_counter() - begun

    short, long = (min(seconds(size) for _ in range(3)) for size in (50_000, 400_000))
    assert long < 8 * 5 * short  # 64 times, were it quadratic
