"""The parts of a chat's window for Qt, in each of its bindings, with real keys and mouse."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from host import program
from test_qt import OFFSCREEN
from test_shown_whole import TEXT
from test_shown_whole import check as check_is_whole

BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")


def each_binding(body: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("binding", BINDINGS)(
        program("{binding}.QtTest", "{binding}.QtWidgets", display=False, env=OFFSCREEN)(body)
    )


class Host:
    """An application, and what tests press."""

    def __init__(self, binding: str) -> None:
        self.core = importlib.import_module(f"{binding}.QtCore")
        self.gui = importlib.import_module(f"{binding}.QtGui")
        self.widgets = importlib.import_module(f"{binding}.QtWidgets")
        self.test = importlib.import_module(f"{binding}.QtTest").QTest
        self.app = self.widgets.QApplication([])
        self.keys = self.core.Qt.Key
        self.left = self.core.Qt.MouseButton.LeftButton
        self.none = self.core.Qt.KeyboardModifier.NoModifier

    def view(self, width: int = 400, height: int = 300) -> Any:
        from suggestions.views.qt import MarkdownView

        return self.shown(MarkdownView(), width, height)

    def shown(self, widget: Any, width: int, height: int) -> Any:
        widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        widget.setFocus()
        self.settle()
        return widget

    def settle(self, seconds: float = 0.0) -> None:
        """For so many seconds, and as many rounds of events as an idle machine has in them."""
        self.app.processEvents()
        for _ in range(round(seconds / 0.005)):
            time.sleep(0.005)
            self.app.processEvents()

    def eventually(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it never came to hold"
            self.settle(0.01)

    def press(self, widget: Any, key: str, modifier: str = "NoModifier") -> None:
        held = getattr(self.core.Qt.KeyboardModifier, modifier)
        self.test.keyClick(widget, getattr(self.keys, f"Key_{key}"), held)

    def write(self, widget: Any, text: str) -> None:
        self.test.keyClicks(widget, text)

    def click(self, widget: Any, place: Any) -> None:
        self.test.mouseClick(widget, self.left, self.none, place)

    def drag(self, widget: Any, begin: Any, end: Any) -> None:
        """Not with QTest, which moves the mouse without a button, and warns in some versions."""
        kinds, none = self.core.QEvent.Type, self.core.Qt.MouseButton.NoButton
        for kind, at, button, held in (
            (kinds.MouseButtonPress, begin, self.left, self.left),
            (kinds.MouseMove, end, none, self.left),
            (kinds.MouseButtonRelease, end, self.left, none),
        ):
            places = self.core.QPointF(at), self.core.QPointF(widget.mapToGlobal(at))
            event = self.gui.QMouseEvent(kind, *places, button, held, self.none)
            self.app.sendEvent(widget, event)

    def place_of(self, view: Any, words: str) -> Any:
        """Where a view shows the words."""
        found = view.document().find(words)
        assert not found.isNull(), view.toPlainText()
        found.setPosition(found.selectionStart() + 1)
        return view.cursorRect(found).center()


def pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


# What is shown


@each_binding
def test_all_of_a_text_is_shown(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    for piece in pieces(TEXT, 1):
        view.appendMarkdown(piece)
        host.settle()
    view.finish()
    check_is_whole(view.toPlainText().replace("up\ndown", "up<br>down"))
    assert view.toMarkdown() == TEXT


@each_binding
def test_what_a_parser_would_hide_is_shown(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.setMarkdown("---\ntitle: front\n---\n\nSee [a].\n\n[a]: https://example.com/late 'x'\n")
    for words in ("title: front", "[a]: https://example.com/late"):
        assert words in view.toPlainText()
    view.setMarkdown("Text\n\n[^1]: a note\n\n![of a cat](file:///cat.png) `a[1]: ![x]`")
    assert "[^1]: a note\n!of a cat a[1]: ![x]" in view.toPlainText()
    view.setMarkdown("Then:\n\n7. seven\n8. eight\n")
    numbers = re.findall("[78]", view.toPlainText())
    items = view.document().find("seven").block().textList()
    assert numbers == ["7", "8"] or items.format().start() == 7


@each_binding
def test_characters_that_no_text_has_hide_nothing(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    for piece in ("a\0b \ud83d", "c [x]\ufdd2: \ufdd0d \u2028e\n\n```\nf\0g\ufdd1h\n```\n"):
        view.appendMarkdown(piece)
    view.finish()
    assert re.findall("[a-hx]", view.toPlainText()) == list("abcxdefgh")


@each_binding
def test_in_pieces_it_is_shown_as_the_whole(binding: str) -> None:
    """Shown after each piece, so that tails of all kinds are replaced."""
    from hypothesis import given, settings
    from markdown_documents import LINES, documents

    host = Host(binding)
    view, whole = host.view(), host.view()
    # Without what is to be seen only as a link or a language, and without entities.
    lines = tuple(line for line in LINES if not re.search(r"[`~]{3} ?[a-z]|\]\(|&|\\<", line))

    @given(documents(lines))
    @settings(max_examples=120, database=None, derandomize=True, deadline=None)
    def compare(document: tuple[str, list[str]]) -> None:
        text, cut = document
        view.clear()
        for piece in cut:
            view.appendMarkdown(piece)
            view._update()
        view.finish()
        whole.setMarkdown(text)
        shown = view.toPlainText()
        assert shown == whole.toPlainText()
        assert view.toHtml() == whole.toHtml()
        words = iter(re.findall(r"\w+", shown))
        assert all(word in words for word in re.findall(r"[A-Za-z]{2,}", text)), (text, shown)

    compare()


@pytest.mark.parametrize("body", ["in_pieces_it_is_shown_as_the_whole", "all_of_a_text_is_shown"])
@program("gi", display=False, env=OFFSCREEN)
def test_with_the_qt_of_debian(body: str) -> None:
    """Debian 12's PyQt6, 6.4, makes 0 of two flags, and has no first number of a list."""
    sys.path.insert(0, "/usr/lib/python3/dist-packages")
    pytest.importorskip("PyQt6.QtTest")
    globals()[f"test_{body}"].body("PyQt6")


@each_binding
def test_nothing_before_the_tail_is_touched_again(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.appendMarkdown("# One\n\nTwo\n\n- three\n\n" + TEXT + "\n\n")
    view._update()
    finished = view.document().find("three").selectionEnd()
    changes: list[int] = []
    view.document().contentsChange.connect(lambda at, removed, added: changes.append(at))
    for piece in pieces(TEXT * 3):
        view.appendMarkdown(piece)
        view._update()
    view.finish()
    assert changes
    assert min(changes) >= finished


@each_binding
def test_updates_are_rare_however_many_pieces_come(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    changes: list[int] = []
    view.document().contentsChange.connect(lambda at, removed, added: changes.append(at))
    begun = time.monotonic()
    for _ in range(3000):
        view.appendMarkdown("word ")
    took = time.monotonic() - begun
    assert len(changes) <= 4 * (took / 0.033 + 1)
    host.eventually(lambda: view.toPlainText().count("word") == 3000)


@each_binding
def test_a_slot_may_append_while_it_is_written(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    left = [f"word {n}\n\n" for n in range(20)]
    view.document().contentsChanged.connect(lambda: left and view.appendMarkdown(left.pop()))
    view.appendMarkdown("The first\n\n")
    host.eventually(lambda: not left)
    view.finish()
    assert re.findall("[0-9]+", view.toPlainText()) == [str(n) for n in range(19, -1, -1)]


@each_binding
def test_another_palette_colors_all_of_it_anew(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.setMarkdown("Text\n\n```\ncode\n``")
    for color in ("#101010", "#fafafa"):
        palette = view.palette()
        roles = host.gui.QPalette.ColorRole
        palette.setColor(roles.Base, host.gui.QColor(color))
        palette.setColor(roles.Text, host.gui.QColor("#888888"))
        view.setPalette(palette)
        host.settle()
        behind = view.document().find("code").blockFormat().background().color().lightness()
        assert abs(behind - host.gui.QColor(color).lightness()) < 20
        assert view.toPlainText() == "Text\ncode\n``"


# The person


@each_binding
def test_a_selection_and_the_scroll_position_stay(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.appendMarkdown("Some words to select\n\n" + "A paragraph.\n\n" * 30 + "The ta")
    view._update()
    bar = view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0  # it follows
    for _ in range(40):
        host.press(view, "PageUp")
    assert bar.value() == 0
    begin, end = (host.place_of(view, word) for word in ("Some", "select"))
    host.drag(view.viewport(), begin, end)
    selected = view.textCursor().selectedText()
    assert "words to" in selected
    for piece in ["il\n\n", *["More.\n\n"] * 30, "```\ncode", "\n```\n", "End"]:
        view.appendMarkdown(piece)
        host.settle(0.04)
        assert view.textCursor().selectedText() == selected
        assert bar.value() == 0
    view.finish()
    assert view.textCursor().selectedText() == selected
    assert bar.value() == 0


@each_binding
def test_a_selection_in_the_tail_stays(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.appendMarkdown("Above\n\nThe tail of it")
    view._update()
    host.drag(view.viewport(), host.place_of(view, "tail"), host.place_of(view, "of"))
    selected = view.textCursor().selectedText()
    assert selected
    for piece in (" goes", " on", "\n\nto", " the end"):
        view.appendMarkdown(piece)
        view._update()
        assert view.textCursor().selectedText() == selected


@each_binding
def test_it_follows_again_at_the_end(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    bar = view.verticalScrollBar()
    view.appendMarkdown("A paragraph.\n\n" * 30)
    view._update()
    host.press(view, "PageUp")
    at = bar.value()
    assert at < bar.maximum()
    view.appendMarkdown("More.\n\n" * 10)
    view._update()
    assert bar.value() == at
    for _ in range(9):
        host.press(view, "PageDown")
    view.appendMarkdown("More.\n\n" * 10)
    view._update()
    host.settle()
    assert bar.value() == bar.maximum() > at
    view.resize(200, 100)
    host.settle()
    assert bar.value() == bar.maximum()


@each_binding
def test_a_link_is_for_the_program_to_open(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    view.setMarkdown("See [the documents](https://example.com/a?b=1) for more.\n")
    clicked: list[str] = []
    view.anchorClicked.connect(lambda url: clicked.append(url.toString()))
    host.click(view.viewport(), host.place_of(view, "documents"))
    assert clicked == ["https://example.com/a?b=1"]
    assert "See the documents" in view.toPlainText()


@each_binding
def test_code_is_copied_as_it_was_written(binding: str) -> None:
    host = Host(binding)
    view = host.view()
    long = "".join(f"x[{n}]: List<int> = [{n}]  # and so on\n" for n in range(60))
    view.setMarkdown(f"One\n\n```python\n{long}```\n\nTwo\n\n```\n\n  <b>\n\n```\n")
    first, second = view.findChildren(host.widgets.QToolButton, "copyCode")
    clipboard = host.app.clipboard()
    view.verticalScrollBar().setValue(0)
    host.settle()
    assert first.isVisible()
    assert not second.isVisible()
    assert first.y() + first.height() <= host.place_of(view, "x[0]").y()
    host.click(first, first.rect().center())
    assert clipboard.text() == long[:-1]
    assert first.text() == "Copied"
    host.eventually(lambda: first.text() == "Copy")
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    host.settle()
    assert second.isVisible()
    second.setFocus()
    host.press(second, "Space")
    assert clipboard.text() == "\n  <b>\n"
    assert second.accessibleName() == "Copy code"


@each_binding
def test_code_in_a_list_is_copied(binding: str) -> None:
    host = Host(binding)
    view = host.view(400, 600)
    text = "- one\n\n  ```sh\n  ls -l\n\n    # x\n  ```\n- two\n  ```\n  a\n  ```\n"
    text += "  ```py\n  b\n  ```\n"
    for piece in pieces(text + "\n> ```\n> quoted\n> ```\n\n```\nlast\n```\n"):
        view.appendMarkdown(piece)
        view._update()
    view.finish()
    host.settle()
    buttons = view.findChildren(host.widgets.QToolButton, "copyCode")
    words = ["ls -l", "a", "b", "quoted", "last"]
    places = [host.place_of(view, word).y() for word in words]
    copied = []
    for button, below, first in zip(buttons, places, [-99, *places], strict=False):
        host.click(button, button.rect().center())
        copied.append(host.app.clipboard().text())
        assert first < button.geometry().center().y() < below
    assert copied == ["ls -l\n\n  # x", "a", "b", "quoted", "last"]
    assert re.findall("ls -l|# x|two|[ab]$", view.toPlainText(), re.MULTILINE) == [
        *("ls -l", "# x", "two", "a", "b")
    ]


@each_binding
def test_150_views_that_are_deleted_in_mid_answer(binding: str) -> None:
    host = Host(binding)
    views = [host.view(100, 100) for _ in range(150)]
    for view in views:
        for piece in ("```\ncode\n```\n", "more"):
            view.appendMarkdown(piece)
    for view in views:
        view.deleteLater()
    host.core.QCoreApplication.sendPostedEvents(None, host.core.QEvent.Type.DeferredDelete)
    del view, views
    host.settle(0.1)


# The field


@each_binding
def test_the_keys_of_the_field(binding: str) -> None:
    host = Host(binding)
    from suggestions.views.qt import QuestionEdit

    window = host.widgets.QWidget()
    field = QuestionEdit(window)
    host.shown(window, 200, 100)
    field.setFocus()
    signals: list[object] = []
    field.sent.connect(signals.append)
    field.stopped.connect(lambda: signals.append("stopped"))
    field.editRequested.connect(lambda: signals.append("edit"))
    host.press(field, "Return")
    host.write(field, "  ")
    host.press(field, "Return")
    assert signals == []
    field.clear()
    host.press(field, "Up")
    assert signals == ["edit"]
    host.write(field, "Why")
    host.press(field, "Return", "ShiftModifier")
    host.write(field, "not?")
    host.press(field, "Up")
    assert field.toPlainText() == "Why\nnot?"
    host.press(field, "Return")
    host.press(field, "Enter", "KeypadModifier")
    host.press(field, "Escape")
    assert signals == ["edit", "Why\nnot?", "Why\nnot?", "stopped"]


@each_binding
def test_the_field_grows_with_its_text(binding: str) -> None:
    host = Host(binding)
    from suggestions.views.qt import QuestionEdit

    window = host.widgets.QWidget()
    field = QuestionEdit()
    layout = host.widgets.QVBoxLayout(window)
    layout.setSizeConstraint(
        layout.SizeConstraint.SetNoConstraint
    )  # no window is offscreen's to size
    layout.addWidget(field)
    host.shown(window, 220, 400)
    bar = field.verticalScrollBar()
    heights = [field.height()]
    for _ in range(7):
        host.press(field, "Return", "ShiftModifier")
        host.settle()
        heights.append(field.height())
        assert bar.maximum() == 0
    assert heights == sorted(set(heights))
    host.press(field, "Return", "ShiftModifier")
    host.settle()
    assert field.height() == heights[-1], (field.height(), heights)
    assert bar.maximum() > 0
    field.clear()
    host.settle()
    assert field.height() == heights[0], (field.height(), heights)
    field.setPlainText("a line that is wrapped " * 4)
    host.settle()
    wrapped = field.height()
    assert wrapped > heights[1]
    window.resize(1200, 400)
    host.settle()
    assert field.height() == heights[0]
    window.resize(220, 400)
    host.settle()
    assert field.height() == wrapped


@each_binding
def test_a_text_that_the_field_has_from_the_start(binding: str) -> None:
    host = Host(binding)
    from suggestions.views.qt import QuestionEdit

    window = host.widgets.QWidget()
    field = QuestionEdit()
    field.setPlainText("a line that is wrapped " * 4)
    layout = host.widgets.QVBoxLayout(window)
    layout.setSizeConstraint(layout.SizeConstraint.SetNoConstraint)
    layout.addWidget(field)
    host.shown(window, 220, 400)
    host.press(field, "End", "ControlModifier")
    assert field.verticalScrollBar().value() == 0
    assert 2 * field.fontMetrics().height() < field.cursorRect().bottom() < field.height()


# Importing


def test_it_says_that_a_binding_is_missing() -> None:
    code = """
import sys, suggestions
assert "suggestions.views" not in sys.modules
import suggestions.views.qt
assert not [name for name in sys.modules if name.startswith(("PyQt", "PySide"))]
try:
    from suggestions.views.qt import MarkdownView
except ImportError as error:
    assert "PyQt6" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@each_binding
def test_they_are_classes_of_the_binding(binding: str) -> None:
    from suggestions.views import qt

    host = Host(binding)
    assert qt.MarkdownView is qt.MarkdownView
    assert issubclass(qt.MarkdownView, host.widgets.QTextBrowser)
    assert f"{qt.MarkdownView.__module__}.{qt.MarkdownView.__name__}" == (
        "suggestions.views.qt.MarkdownView"
    )

    class Mine(qt.MarkdownView):  # type: ignore[misc, name-defined]
        pass

    mine = Mine()
    mine.setMarkdown("*Mine*")
    assert mine.toPlainText() == "Mine"
