"""An answer with tags in its text is shown whole by each example and each document's window."""

from __future__ import annotations

import asyncio
import html
import importlib
import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from host import HERE, program

ROOT = HERE.parent.parent
EXAMPLES = ROOT / "examples"
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}

TEXT = """\
A List<int>, then a < b, one<br>two, <b>never closed, <script>alert(1)</script>, &amp; &lt;i&gt;.

<div>a block</div>

```html
<div>in code</div>
```

| cell | more |
| --- | --- |
| up<br>down | Map<str, int> |

- an item of <T>

The *end*."""

PIECES = (
    "A List<int>, then a < b, one<br>two, <b>never closed, <script>alert(1)</script>, & <i>.",
    "<div>a block</div>",
    "<div>in code</div>",
    "up<br>down",
    "Map<str, int>",
    "an item of <T>",
    "The end.",
)
"""What a reader has to see of it, in this order."""


def check(shown: str, *, breaks_cells: bool = False) -> None:
    """Every piece is there, however the lines are broken.

    `breaks_cells`: a tag breaks the line in a cell of a table.
    """
    rest = " ".join(shown.replace("\xa0", " ").split())
    for piece in PIECES:
        if breaks_cells and piece == "up<br>down":
            piece = "up down"
        _, found, rest = rest.partition(piece)
        assert found, f"{piece!r} is not in {shown!r}"


def check_html(page: str) -> None:
    """A browser shows every piece of it, and runs none."""
    assert not re.search("<(script|br|b|i|div|int|str|T)[ />]", page), page
    check(html.unescape(re.sub("</?(em|strong)>", "", page)))


def block_of(heading: str) -> str:
    """The program under that heading of docs/toolkits.md."""
    document = (ROOT / "docs" / "toolkits.md").read_text(encoding="utf-8")
    section = document.partition(f"\n## {heading}\n")[2]
    return section.partition("```python\n")[2].partition("```")[0]


@contextmanager
def answering() -> Iterator[None]:
    """Within it, the services that the documents name answer with the text."""
    from document_services import standing_in

    answer = mock.patch("suggestions.playground.model.answer_to", return_value=TEXT)
    with answer, standing_in():
        yield


@contextmanager
def service() -> Iterator[str]:
    """The address of a service that answers with the text."""
    from suggestions.testing import SuggestionsServer

    with SuggestionsServer() as server:
        server.answer(TEXT)
        yield server.url


PLAIN = [
    ("Tk", "tkinter", "answer.cget('text')", "root.destroy()"),
    (
        "GTK and GLib",
        "gi",
        "application.get_active_window().get_child().get_child().get_buffer().props.text",
        "application.quit()",
    ),
    ("wxPython", "wx.stc", "answer.GetText()", "frame.Close()"),
]
"""Where the text is plain: the document's heading, what shows the text, what ends the program."""


@pytest.mark.parametrize(("heading", "module", "shown", "leave"), PLAIN)
@program("{module}", env={"GTK_A11Y": "none"})
def test_the_document_with_plain_text(heading: str, module: str, shown: str, leave: str) -> None:
    from suggestions import signals

    names: dict[str, Any] = {}
    found: list[str] = []

    def end(source: Any, event: Any) -> None:
        found.append(eval(shown, names))
        exec(leave, names)

    signals.end.connect(end)
    with answering():
        exec(block_of(heading), names)
    assert found == [TEXT]


@program("prompt_toolkit", display=False)
def test_the_document_with_prompt_toolkit() -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    from suggestions import signals

    names: dict[str, Any] = {}
    signals.end.connect(lambda source, event: names["app"].exit(), weak=False)
    with (
        create_pipe_input() as keys,
        create_app_session(input=keys, output=DummyOutput()),
        answering(),
    ):
        exec(block_of("prompt_toolkit"), names)
    assert names["answer"].text == TEXT


@pytest.mark.parametrize("binding", ["PyQt6", "PySide6", "PyQt5", "PySide2"])
@program("{binding}.QtWidgets", display=False, env=OFFSCREEN)
def test_the_document_with_qt(binding: str) -> None:
    from suggestions import signals

    block = block_of("Qt").replace("PyQt6", binding)
    if binding == "PySide2":
        block = block.replace("app.exec()", "app.exec_()")
    names: dict[str, Any] = {}
    signals.end.connect(lambda source, event: names["app"].quit(), weak=False)
    with answering():
        exec(block, names)
    check(names["window"].toPlainText(), breaks_cells=True)


def show_in_the_qt_example(binding: str) -> None:
    widgets = importlib.import_module(f"{binding}.QtWidgets")
    if binding == "PySide6":
        sys.modules["PyQt6"] = None  # as if it were not installed
    names = runpy.run_path(str(EXAMPLES / "qt_window.py"))
    app = widgets.QApplication([])
    with service() as url:
        window = names["Window"](url)
        window.ask()
        window.source.connect("end", lambda source, event: app.quit())
        app.exec()
        assert window.source.state == "done"
    check(window.text.toPlainText(), breaks_cells=True)


@pytest.mark.parametrize("binding", ["PyQt6", "PySide6"])
@program("{binding}.QtWidgets", display=False, env=OFFSCREEN)
def test_the_example_with_qt(binding: str) -> None:
    show_in_the_qt_example(binding)


@program("gi", display=False, env=OFFSCREEN)
def test_the_example_with_the_qt_of_debian() -> None:
    """Debian 12's PyQt6, 6.4, makes 0 of two flags."""
    sys.path.insert(0, "/usr/lib/python3/dist-packages")
    pytest.importorskip("PyQt6.QtWidgets")
    show_in_the_qt_example("PyQt6")


@program("PyQt6.QtWidgets", display=False, env=OFFSCREEN)
def test_a_failure_that_quotes_html_is_shown_whole_with_qt() -> None:
    from PyQt6 import QtCore, QtWidgets

    from suggestions.testing import SuggestionsServer

    app = QtWidgets.QApplication([])
    window = runpy.run_path(str(EXAMPLES / "qt_window.py"))["Window"]("")
    assert window.status.textFormat() == QtCore.Qt.TextFormat.PlainText
    with SuggestionsServer() as server:
        server.fails(400, "<b>No</b> such model")
        window.url = server.url
        window.ask()
        window.source.connect("end", lambda source, event: app.quit())
        app.exec()
    assert "<b>No</b> such model" in window.status.text()


async def shown_by(app: Any) -> str:
    """What a Textual app shows when its answer has ended, after Enter."""
    from suggestions import signals

    ended: list[str] = []
    signals.end.connect(lambda source, event: ended.append(source.state), weak=False)
    async with app.run_test(size=(120, 60), notifications=True) as pilot:
        await pilot.press("enter")
        while not ended:
            await pilot.pause(0.02)
        await pilot.pause(0.5)
        picture = app.export_screenshot()
    lines: dict[str, list[str]] = {}
    for row, words in re.findall('<text[^>]* y="([0-9.]+)"[^>]*>([^<]*)</text>', picture):
        lines.setdefault(row, []).append(html.unescape(words))
    return "\n".join("".join(line) for line in lines.values())


@program("textual", display=False)
def test_the_document_with_textual() -> None:
    block = block_of("Textual").replace("app.run()", "")
    names: dict[str, Any] = {}
    with answering():
        exec(block, names)
        check(asyncio.run(shown_by(names["app"])))


@program("textual", display=False)
def test_the_example_with_textual() -> None:
    names = runpy.run_path(str(EXAMPLES / "textual_app.py"))
    with service() as url:
        check(asyncio.run(shown_by(names["SuggestionsApp"](url))))


@program("textual", display=False)
def test_a_failure_that_quotes_brackets_is_shown_whole_with_textual() -> None:
    from suggestions.testing import SuggestionsServer

    names = runpy.run_path(str(EXAMPLES / "textual_app.py"))
    with SuggestionsServer() as server:
        server.fails(400, "no [model] [/b]")
        shown = asyncio.run(shown_by(names["SuggestionsApp"](server.url)))
    words = " ".join(re.sub("[^ -~]", " ", shown).split())
    assert "no [model] [/b]" in words, words


@program("nbclient", "ipykernel", "markdown_it", display=False)
def test_the_document_with_jupyter() -> None:
    from test_jupyter import execute

    before = "import test_shown_whole\nhere = test_shown_whole.answering()\nhere.__enter__()"
    [output] = execute(before, block_of("Jupyter")).cells[1].outputs
    check_html(output.data["text/html"])


@program("nbclient", "ipykernel", "markdown_it", "flask", display=False)
def test_the_example_with_jupyter() -> None:
    from test_jupyter import EXAMPLE, execute

    [cell] = [
        cell
        for cell in execute(
            "from unittest import mock\n"
            "from test_shown_whole import TEXT\n"
            'mock.patch("suggestions.playground.model.answer_to", return_value=TEXT).start()',
            path=EXAMPLE,
        ).cells
        if "display_id" in cell.source and cell.cell_type == "code"
    ]
    check_html(cell.outputs[0].data["text/html"])


def test_a_terminal() -> None:
    from io import StringIO

    from rich.console import Console

    from suggestions.cli.markdown import AnswerMarkdown

    screen = StringIO()
    Console(file=screen, width=120).print(AnswerMarkdown(TEXT))
    check(screen.getvalue())
