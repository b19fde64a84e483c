"""Markdown as runs of text for Tk: what a reader sees of it, and that it takes no long time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from suggestions.views._blocks import MarkdownBlocks
from suggestions.views.tk._inline import BOLD, CODE, ITALIC, STRIKE, runs_of
from suggestions.views.tk._runs import Runs

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
PARSER.disable(["reference"])


def shown(text: str) -> str:
    blocks = MarkdownBlocks()
    finished = blocks.feed(text) + blocks.finish()
    return "".join(run for block in finished for run, _ in Runs(block).runs)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("a **b *c* d**", [("a ", 0), ("b ", BOLD), ("c", BOLD | ITALIC), (" d", BOLD)]),
        ("~~a~~ `x<y` ``a`b``", [("a", STRIKE), (" ", 0), ("x<y", CODE), (" ", 0), ("a`b", CODE)]),
        ("snake_case_x 2 * 3 *un ~one~", [("snake_case_x 2 * 3 *un ~one~", 0)]),
        ("List<int> <b>a</b> &lt; \\*", [("List<int> <b>a</b> < *", 0)]),
        ("***x***", [("x", BOLD | ITALIC)]),
        ("one\ntwo  \nthree\\\nfour", [("one two\nthree\nfour", 0)]),
        ("`never ended", [("`never ended", 0)]),
    ],
)
def test_styles(text: str, runs: list[tuple[str, int]]) -> None:
    assert [(run.text, run.style) for run in runs_of(text)] == runs


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see [the *docs*](https://e.com/a_(b)) now", {"the ": "https://e.com/a_(b)"}),
        ("https://e.com/x). <https://e.com>", {"https://e.com/x": "https://e.com/x"}),
        ("![](a.png)", {"a.png": "a.png"}),
        ("[a][b] [c] [d](e f)", {}),
        ("[a\n](https://e.com 'A title')", {"a ": "https://e.com"}),
    ],
)
def test_links(text: str, links: dict[str, str]) -> None:
    found = {run.text: run.address for run in runs_of(text) if run.address}
    assert links.items() <= found.items()
    assert bool(found) == bool(links)


def test_blocks() -> None:
    assert shown("> a\nlazy\n\n- b\n  - c\n\n  more\n1. d\n2. e\n") == (
        "a lazy\n•\tb\n◦\tc\nmore\n1.\td\n2.\te\n"
    )
    assert shown("Title\n===\n# Other #\n\n    code\n") == "Title\nOther\ncode\tCopy\ncode\n"
    assert shown("| a | b |\n|---|---|\n| x\\|y | `z` |\n| 日本 |\n") == (
        "a    │ b\n─────┼──\nx|y  │ z\n日本\n"
    )


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from("ab  *_~`[]()<>\\!&;|\n#-"), max_size=60))
def test_no_letter_is_lost(text: str) -> None:
    letters = re.sub(r"\([^()]*\)", "", text)  # an address is not shown
    found = "".join(run.text + run.address for run in runs_of(text))
    for letter in "ab":
        assert found.count(letter) >= letters.count(letter)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab *_`<\\"), max_size=24))
def test_code_is_what_a_parser_finds(text: str) -> None:
    """Which of it is code, by another parser."""
    tokens = PARSER.parseInline(text)[0].children or []
    codes = [token.content for token in tokens if token.type == "code_inline"]
    # Two codes side by side are one run.
    assert "".join(run.text for run in runs_of(text) if run.style & CODE) == "".join(codes)


@pytest.mark.parametrize(
    "part",
    ["*a ", "a** *b ", "[", "[a](", "`a ``b ", "[x](y", "a*", " ", "*a _b ~~c ", '[a](b "', "x\n  ",
     "> ", "- ", "|", "&a", "<a", "https://a)"],
)  # fmt: skip
def test_the_time_is_in_proportion_to_the_length(part: str) -> None:
    long = part * (60_000 // len(part)) + "\n| - |"
    begun = time.thread_time()
    shown(long)
    assert time.thread_time() - begun < 8
