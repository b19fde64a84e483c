"""Markdown documents of all kinds of lines in any order, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

LINES = (
    "",
    "   ",
    "Some *words* and `List<int>` of <b>a line",
    "<div>",
    "</div>",
    "<br>",
    "# A heading",
    "##",
    "   ### Indented",
    "#no heading",
    "===",
    "---",
    "- - -",
    "***",
    "- an item",
    "* an item",
    "+ an item",
    "-",
    "1. one",
    "2. two",
    "3) three",
    "10. ten",
    "1.",
    "  - nested",
    "   - nested by three",
    "    - nested by four",
    "- [ ] a task",
    "-     an item of code",
    "- ```py",
    "  more of it",
    "   more by three",
    "    code by four",
    "\tcode by a tab",
    "-\tan item with a tab",
    "```",
    "```python",
    "````",
    "~~~",
    "~~~ js x",
    "  ```",
    "   ```",
    "    ```",
    " ```",
    "``` not ` code",
    "> a quote",
    "> - in a quote",
    "> ```",
    ">",
    "| a | b |",
    "| --- | --- |",
    "a | b",
    "--- | ---",
    "[a]: https://example.com 'late'",
    "[a] and [b][a]",
    "[^1]: a note",
    "A claim.[^1]",
    "![alt](a.png)",
    "![alt]",
    "a  ",
    "a\\",
    "&lt;i&gt; &amp; \\<",
)


@st.composite
def documents(draw: st.DrawFn, lines: tuple[str, ...] = LINES) -> tuple[str, list[str]]:
    """A text, and the pieces of it."""
    chosen = draw(st.lists(st.sampled_from(lines), max_size=14))
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]))
    text = end.join(chosen) + draw(st.sampled_from(["", end]))
    return text, cut(text, draw(st.lists(st.integers(0, max(len(text), 1)), max_size=8)))


def cut(text: str, at: list[int]) -> list[str]:
    places = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    return [text[begin:end] for begin, end in pairwise(places)]
