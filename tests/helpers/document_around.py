"""What the README's programs need around them to run as tests, by the heading above each.

The documents in docs/ have this in comments; the README's raw text is read too often for that.
`...` is the block itself. A program that names modules runs by itself, on a display.
"""

from __future__ import annotations

from typing import NamedTuple


class Program(NamedTuple):
    """The modules that a block needs, and the code around it."""

    modules: tuple[str, ...]
    around: str


CLOSES_ITS_WINDOW = """
from suggestions import signals

shown = []


def close(source, event):
    shown.append((answer.cget("text"), source.full_message))
    answer.master.destroy()


signals.end.connect(close)
...
[(text, expected)] = shown
assert text == expected != ""
"""

ANSWERS_A_BROWSER = """
...
with app.test_client() as client:
    assert b'"done"' in client.post("/ask", json={"prompt": "Hello"}).data
"""

README = {
    "In a window": Program(("tkinter",), CLOSES_ITS_WINDOW),
    "Behind a web page": Program((), ANSWERS_A_BROWSER),
}
