"""The chat window of examples/qt_chat.py, used as a person uses it."""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from host import HERE, program
from script import chunk
from test_qt import OFFSCREEN, Host
from test_shown_whole import TEXT, check

from suggestions import Conversation
from suggestions.testing import Peer, SuggestionsServer
from suggestions.testing.answer_bytes import UNTIL_CLOSE
from suggestions.toolkits import qt

EXAMPLE = HERE.parent.parent / "examples" / "qt_chat.py"


def run_example(binding: str, name: str) -> dict[str, Any]:
    """What the example's file defines."""
    for module in ("", ".QtGui", ".QtWidgets"):  # it is written for PyQt6
        sys.modules[f"PyQt6{module}"] = importlib.import_module(f"{binding}{module}")
    return runpy.run_path(str(EXAMPLE), run_name=name)


def with_qt6(body: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("binding", ["PyQt6", "PySide6"])(
        program("{binding}.QtWidgets", display=False, env=OFFSCREEN)(body)
    )


class Chat:
    """The window, with a service that a test writes."""

    def __init__(self, binding: str, server: SuggestionsServer) -> None:
        self.host = Host(binding)
        self.names = run_example(binding, "qt_chat")
        self.server = server
        self.core = self.host.core
        self.chat = Conversation(
            url=server.url, dialect="openai", token="key", retries=0, dispatch=qt(), throttle=None
        )
        self.window = self.names["Window"](self.chat, ["small", "large"])
        self.window.show()

    def rows(self) -> list[Any]:
        rows = self.window.rows
        return [rows.itemAt(number).widget() for number in range(rows.count() - 1)]

    def texts(self) -> list[str]:
        return [row.toPlainText() for row in self.rows()]

    def status(self) -> str:
        return self.window.statusBar().currentMessage()

    def wait_for(self, *texts: str) -> None:
        self.host.run(lambda: self.texts() == list(texts))

    def wait_for_the_end(self, rows: int, ending: str = "done") -> None:
        """So many messages are shown, the last of them ended in this way."""
        end = f"({ending})"
        self.host.run(lambda: len(self.rows()) == rows and end in self.texts()[-1])

    def send(self, text: str) -> None:
        self.window.field.setText(text)
        self.window.field.returnPressed.emit()

    def press(self, name: str) -> None:
        [action] = [each for each in self.window.findChildren(self.action) if each.text() == name]
        action.trigger()

    @property
    def action(self) -> Any:
        gui = importlib.import_module(self.core.__name__.replace("QtCore", "QtGui"))
        return gui.QAction

    def edit(self, number: int, text: str, is_given: bool = True) -> None:
        answer = mock.Mock(return_value=(text, is_given))
        with mock.patch.object(self.host.widgets.QInputDialog, "getMultiLineText", answer):
            self.rows()[number].anchorClicked.emit(self.core.QUrl("edit"))

    def models_asked(self) -> list[str]:
        return [request.json["model"] for request in self.server.requests]


def half(peer: Peer) -> None:
    peer.request()
    peer.send(UNTIL_CLOSE)
    peer.send(chunk("half"))
    peer.hold()


@with_qt6
def test_a_whole_chat(binding: str) -> None:
    with SuggestionsServer() as server:
        shown = Chat(binding, server)
        server.answer("Because.")
        shown.send("Why?")
        assert shown.window.field.text() == ""
        shown.wait_for("user (edit)\nWhy?", "assistant (done)\nBecause.")

        server.plays(half)
        shown.send("And then?")
        shown.host.run(lambda: shown.texts()[3:] == ["assistant (streaming)\nhalf"])
        shown.press("Stop")
        shown.host.run(lambda: shown.texts()[3:] == ["assistant (stopped)\nhalf"])

        server.answer("Then this.")
        shown.window.models.setCurrentText("large")
        shown.press("Regenerate")
        shown.host.run(lambda: shown.texts()[3:] == ["assistant (done)\nThen this."])
        assert shown.models_asked() == ["small", "small", "large"]

        shown.edit(0, "Why not?", is_given=False)
        assert len(shown.rows()) == 4
        server.fails(400, "<b>No</b> such model")
        shown.edit(0, "Why not?")
        shown.wait_for_the_end(2, "error")
        assert shown.texts()[0] == "user (edit)\nWhy not?"
        assert "<b>No</b> such model" in shown.texts()[1]

        server.answer("At last.")
        shown.press("Retry")
        shown.wait_for_the_end(2)
        assert shown.texts()[1] == "assistant (done)\nAt last."
        shown.press("Retry")
        assert "nothing to retry" in shown.status()
        shown.send(" ")
        assert "text is empty" in shown.status()
        assert len(shown.rows()) == 2

        server.answer(TEXT)
        shown.send("Show me tags")
        shown.wait_for_the_end(4)
        check(shown.texts()[3])
        shown.press("Clear")
        shown.wait_for()


@with_qt6
def test_a_growing_answer_touches_its_own_row_alone(binding: str) -> None:
    with SuggestionsServer() as server:
        shown = Chat(binding, server)
        server.answer("First.")
        shown.send("One?")
        shown.wait_for_the_end(2)
        before = shown.rows()
        touched: list[Any] = []
        for row in before:
            row.textChanged.connect(lambda row=row: touched.append(row))
        server.answer("word " * 30, delay=0.005)
        shown.send("Two?")
        shown.wait_for_the_end(4)
        assert shown.rows()[:2] == before
        assert touched == []
        assert all(row.height() >= row.document().size().height() for row in shown.rows())
        bar = shown.window.centralWidget().verticalScrollBar()
        assert bar.value() == bar.maximum()


@with_qt6
def test_the_program_loads_what_it_has_saved(binding: str) -> None:
    widgets = importlib.import_module(f"{binding}.QtWidgets")
    shown: list[list[str]] = []

    def use(app: Any) -> None:
        """In the place of the main loop: asks a question if there is none yet."""
        core = importlib.import_module(f"{binding}.QtCore")
        [window] = [each for each in app.topLevelWidgets() if each.isVisible()]
        if not window.chat.messages:
            window.ask(window.chat.send, "Why is the sky blue?")
        texts: list[str] = []
        while not texts or "(done)" not in texts[-1]:
            core.QCoreApplication.processEvents()
            rows = [window.rows.itemAt(n).widget() for n in range(window.rows.count() - 1)]
            texts = [row.toPlainText() for row in rows]
        shown.append(texts)
        window.close()

    class Application(widgets.QApplication):
        def exec(self) -> None:
            use(self)

    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        made = mock.Mock(return_value=Application([]))
        with mock.patch.object(widgets, "QApplication", made):
            run_example(binding, "__main__")
            saved = json.loads(Path("qt_chat.json").read_text("utf-8"))
            run_example(binding, "__main__")
        os.chdir("/")
    assert [message["role"] for message in saved["messages"]] == ["user", "assistant"]
    assert shown[0] == shown[1]
    assert "Why is the sky blue?" in shown[0][0]
    assert "playground" in shown[0][1]


@program("gi", display=False, env=OFFSCREEN)
def test_tags_are_text_with_the_qt_of_debian() -> None:
    """Debian 12's PyQt6, 6.4, makes 0 of two flags."""
    sys.path.insert(0, "/usr/lib/python3/dist-packages")
    pytest.importorskip("PyQt6.QtWidgets")
    with SuggestionsServer() as server:
        shown = Chat("PyQt6", server)
        server.answer(TEXT)
        shown.send("Show me tags")
        shown.wait_for_the_end(2)
        check(shown.texts()[1])


def test_it_is_short() -> None:
    code = EXAMPLE.read_text("utf-8").split('"""', 2)[2]
    assert len(code.strip().splitlines()) <= 95
