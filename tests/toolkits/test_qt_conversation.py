"""`qt_conversation`: what a view on the model sees of a chat, in each binding, under the tester of
Qt, which ends the program if the model breaks a rule of Qt's."""

from __future__ import annotations

import gc
import importlib
import random
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from chat_service import ChatService, numbered
from host import program
from script import DONE, HOLD, chunk
from service import Service
from test_qt import OFFSCREEN, Host

from suggestions.toolkits import qt_conversation

BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
ROLES = (
    *("messageId", "role", "text", "status", "error", "reasoning", "modelName", "images"),
    *("toolName", "toolArguments", "isLast"),
)


def each(body: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("binding", BINDINGS)(
        program("{binding}.QtWidgets", "{binding}.QtTest", display=False, env=OFFSCREEN)(body)
    )


class View:
    """Keeps what it has read, and reads again only what the model says has changed."""

    def __init__(self, host: Host, model: Any) -> None:
        test = importlib.import_module(f"{host.core.__name__.partition('.')[0]}.QtTest")
        mode = test.QAbstractItemModelTester.FailureReportingMode.Fatal
        self._tester = test.QAbstractItemModelTester(model, mode)
        self.model = model
        self.names = {
            number: bytes(name).decode() for number, name in dict(model.roleNames()).items()
        }
        self.rows: list[dict[str, Any]] = []
        self.announced: list[tuple[int, set[str]]] = []
        """The row and the roles of each change of data."""
        self.properties: dict[str, Any] = {}
        self.told: list[tuple[str, Any]] = []
        """The new value of each property that has changed."""
        self.threads: set[int] = set()
        self.is_in_dialog = False
        """A slot runs a loop before the model could say all of a change."""
        self._read_all()
        model.rowsInserted.connect(lambda parent, first, last: self._insert(first, last))
        model.rowsRemoved.connect(lambda parent, first, last: self._remove(first, last))
        model.dataChanged.connect(self._change)
        model.modelReset.connect(self._read_all)
        for name in ("status", "busy", "count", "errorMessage"):
            self.properties[name] = model.property(name)
            getattr(model, f"{name}Changed").connect(lambda new, name=name: self._tell(name, new))

    def row(self, number: int) -> dict[str, Any]:
        index = self.model.index(number, 0)
        return {name: self.model.data(index, role) for role, name in self.names.items()}

    def texts(self) -> list[tuple[str, str, str]]:
        return [(row["role"], row["text"], row["status"]) for row in self.rows]

    def check(self) -> None:
        """Nothing has changed that was not announced."""
        assert self.rows == [self.row(number) for number in range(self.model.rowCount())]
        assert self.properties == {name: self.model.property(name) for name in self.properties}
        assert [row["isLast"] for row in self.rows[-1:]] == [True] * bool(self.rows)
        assert self.threads <= {threading.get_ident()}

    def _read_all(self) -> None:
        self.rows = [self.row(number) for number in range(self.model.rowCount())]

    def _insert(self, first: int, last: int) -> None:
        self.threads.add(threading.get_ident())
        self.rows[first:first] = [self.row(number) for number in range(first, last + 1)]

    def _remove(self, first: int, last: int) -> None:
        del self.rows[first : last + 1]

    def _change(self, first: Any, last: Any, roles: Any) -> None:
        assert first.row() == last.row()
        named = {self.names[int(role)] for role in roles if int(role) in self.names}
        self.announced.append((first.row(), named))
        row = self.row(first.row())
        self.rows[first.row()].update({name: row[name] for name in named})

    def _tell(self, name: str, value: Any) -> None:
        assert value == self.model.property(name)
        if name == "count" and not self.is_in_dialog:
            assert self.rows == [self.row(number) for number in range(value)]
        self.properties[name] = value
        self.told.append((name, value))

    def values_of(self, name: str) -> list[Any]:
        return [value for told, value in self.told if told == name]


def answer(view: View, host: Host, service: ChatService, number: int, *steps: object) -> None:
    """Asks, and waits until the view shows the end of the answer."""
    service.feed(number, *(steps or (chunk(f"answer {number}"), DONE)))
    view.model.send(f"question {number}", **numbered(number))
    host.run(lambda: view.rows and view.rows[-1]["status"] in ("done", "error"))
    host.run(lambda: not view.model.busy)


@each
def test_a_view_touches_what_has_changed_and_nothing_else(binding: str) -> None:
    host, service = Host(binding), ChatService()
    model = qt_conversation(**service.given(), throttle=None)
    assert isinstance(model, host.core.QAbstractListModel)
    view = View(host, model)
    assert set(view.names.values()) == set(ROLES)
    assert view.properties == {"status": "ready", "busy": False, "count": 0, "errorMessage": ""}
    model.send("Why?", **numbered(1))
    assert (model.status, model.busy) == ("submitted", True)
    host.run(lambda: view.texts() == [("user", "Why?", "done"), ("assistant", "", "submitted")])
    assert view.announced == [(0, {"isLast"})]
    service.feed(1, chunk("a"))
    host.run(lambda: view.rows[1]["text"] == "a")
    host.run(lambda: model.status == "streaming")
    del view.announced[:]
    service.feed(1, chunk("b"))
    host.run(lambda: view.rows[1]["text"] == "ab")
    assert view.announced == [(1, {"text"})]
    service.feed(1, chunk(finish="stop"), DONE)
    host.run(lambda: model.status == "ready")
    assert view.texts() == [("user", "Why?", "done"), ("assistant", "ab", "done")]
    assert view.announced[-1][0] == 1
    assert "status" in view.announced[-1][1]
    assert "text" not in view.announced[-1][1]
    assert {row for row, _ in view.announced} == {1}
    assert view.values_of("status") == ["submitted", "streaming", "ready"]
    assert view.values_of("busy") == [True, False]
    assert view.values_of("count") == [1, 2]
    assert model.data(model.index(1, 0)) == "ab"
    assert model.data(model.index(7, 0)) is None
    assert model.rowCount(model.index(0, 0)) == 0
    view.check()
    assert type(qt_conversation()) is type(model)
    with pytest.raises(TypeError, match="dispatch"):
        qt_conversation(dispatch=print)
    with pytest.raises(TypeError, match="colour"):
        qt_conversation(colour="red")
    service.cut()


@each
def test_a_whole_chat(binding: str) -> None:
    """Stop, regenerate, edit, an error with a retry, clear."""
    host, service = Host(binding), ChatService()
    model = qt_conversation(**service.given(), throttle=None)
    view = View(host, model)
    answer(view, host, service, 1)
    service.feed(2, chunk("half"), HOLD)
    model.send("question 2", **numbered(2))
    host.run(lambda: view.texts()[3:] == [("assistant", "half", "streaming")])
    model.stop()
    assert model.status == "ready"
    host.run(lambda: view.texts()[3:] == [("assistant", "half", "stopped")])

    service.feed(3, chunk("whole"), DONE)
    old = view.rows[3]["messageId"]
    model.regenerate(**numbered(3))
    host.run(lambda: view.texts()[3:] == [("assistant", "whole", "done")])
    assert view.rows[3]["messageId"] != old
    view.check()

    service.feed(4, chunk("other"), DONE)
    model.edit(view.rows[0]["messageId"], "question 4", **numbered(4))
    host.run(
        lambda: view.texts() == [("user", "question 4", "done"), ("assistant", "other", "done")]
    )
    view.check()

    answer(view, host, service, 5, chunk("a piece"), OSError("gone"))
    assert view.texts()[-1] == ("assistant", "a piece", "error")
    assert view.rows[-1]["error"] == model.errorMessage != ""
    assert model.status == "error"
    service.feed(6, chunk("at last"), DONE)
    model.retry(**numbered(6))
    host.run(lambda: view.texts()[3:] == [("assistant", "at last", "done")])
    assert (model.errorMessage, view.rows[-1]["error"]) == ("", "")
    view.check()

    service.feed(7, HOLD)
    model.send("question 7", **numbered(7))
    model.clear()
    host.run(lambda: model.count == 0)
    assert (model.status, model.rowCount()) == ("ready", 0)
    host.turn(0.05)
    view.check()
    service.cut()


@each
def test_tools_and_what_they_ask(binding: str) -> None:
    host, service = Host(binding), ChatService()

    def get_weather(city: str) -> str:
        """The weather in a city now."""
        return f"{len(city)} degrees"

    model = qt_conversation(**service.given(), tools=[get_weather], approve=[get_weather])
    view = View(host, model)
    calls = [
        {"index": n, "id": f"c{n}", "function": {"name": "get_weather", "arguments": arguments}}
        for n, arguments in enumerate(('{"city": "Paris"}', '{"city": "Rome"}'))
    ]
    service.feed(1, chunk("I look."), chunk(tool_calls=calls), chunk(finish="tool_calls"), DONE)
    service.feed(1, chunk("It is 5 degrees."), DONE)
    model.send("How warm?", **numbered(1))
    host.run(lambda: [row["status"] for row in view.rows[2:]] == ["waiting", "waiting"])
    host.run(lambda: model.status == "calling")
    assert model.busy
    assert [row["toolName"] for row in view.rows] == ["", "", "get_weather", "get_weather"]
    assert view.rows[2]["toolArguments"] == '{"city": "Paris"}'
    view.check()
    model.approve(view.rows[2]["messageId"])
    model.refuse(view.rows[3]["messageId"])
    host.run(lambda: model.status == "ready")
    assert view.texts()[1:3] == [
        ("assistant", "I look.", "done"),
        ("tool", "5 degrees", "done"),
    ]
    assert view.rows[3]["status"] == "error"
    assert view.rows[3]["error"]
    assert view.texts()[4] == ("assistant", "It is 5 degrees.", "done")
    assert model.errorMessage == ""  # what the model could answer is no failure of the chat
    view.check()
    model.approve("none")
    assert "message" in model.errorMessage
    service.cut()


@each
def test_a_slot_never_raises(binding: str) -> None:
    host, service = Host(binding), ChatService()
    model = qt_conversation(**service.given())
    view = View(host, model)
    for nothing in ("", " \n"):
        model.send(nothing)
        model.edit("none", nothing)
    assert (model.status, model.errorMessage, view.told) == ("ready", "", [])
    model.regenerate()
    assert "nothing to answer" in model.errorMessage
    model.retry()
    assert "nothing to retry" in model.errorMessage
    model.edit("none", "a text")
    assert "message" in model.errorMessage
    model.send("a text", images=["no-such-file.png"])
    assert "no-such-file.png" in model.errorMessage
    model.send("a text", colour="red")
    assert "colour" in model.errorMessage
    assert not model.load("no JSON")
    assert "JSON" in model.errorMessage
    assert (view.rows, view.values_of("status")) == ([], [])
    view.check()
    model.stop()
    assert model.errorMessage == ""
    answer(view, host, service, 1)
    field, button = host.widgets.QLineEdit(), host.widgets.QPushButton()
    field.textChanged.connect(model.send)
    button.clicked.connect(model.clear)
    field.setText("  ")
    assert model.status == "ready"
    button.click()
    host.run(lambda: view.rows == [])
    service.cut()


@each
def test_a_saved_chat_is_loaded_also_in_mid_answer(binding: str) -> None:
    host, service = Host(binding), ChatService()
    model = qt_conversation(**service.given(), throttle=None)
    view = View(host, model)
    answer(view, host, service, 1)
    service.feed(2, chunk("half"), HOLD)
    model.send("question 2", images=[b"GIF89a"], **numbered(2))
    host.run(lambda: view.texts()[3:] == [("assistant", "half", "streaming")])
    assert view.rows[2]["images"] == ["data:image/gif;base64,R0lGODlh"]
    saved, old = model.toJson(), model.conversation
    assert "very-secret" not in saved
    assert model.load(saved)
    assert (model.status, old.status) == ("ready", "ready")
    assert view.texts()[3:] == [("assistant", "half", "stopped")]
    assert view.rows[2]["images"] == ["data:image/gif;base64,R0lGODlh"]
    view.check()
    service.feed(3, chunk("whole"), DONE)
    model.regenerate(**numbered(3))
    host.run(lambda: view.texts()[3:] == [("assistant", "whole", "done")])
    with pytest.raises(RuntimeError, match="closed"):
        old.send("question 4")
    view.check()
    service.cut()


@each
def test_a_chat_that_has_failed_is_loaded_with_its_error(binding: str) -> None:
    host, service = Host(binding), ChatService()
    model = qt_conversation(**service.given(), throttle=None)
    answer(View(host, model), host, service, 1, OSError("gone"))
    again = qt_conversation(**service.given(), throttle=None)
    view = View(host, again)
    assert again.load(model.toJson())
    assert again.errorMessage == model.errorMessage != ""
    view.check()
    service.feed(2, chunk("at last"), DONE)
    again.retry(**numbered(2))
    host.run(lambda: view.texts()[1:] == [("assistant", "at last", "done")])
    assert again.errorMessage == ""
    service.cut()


@each
@pytest.mark.parametrize("way", ["deleted", "parent deleted", "dropped"])
def test_its_answer_stops_when_it_is_gone(binding: str, way: str) -> None:
    host, service = Host(binding), Service(20, silent=True)
    parent = host.core.QObject() if way == "parent deleted" else None
    model = qt_conversation(parent, url=service.url)
    model.send("Why?")
    host.run(lambda: model.count == 2 and model.data(model.index(1, 0)) == service.text)
    chat, gone = model.conversation, weakref.ref(model)
    if way == "dropped":
        gc.disable()  # it goes with its last reference, and needs no collection
        del model
        assert gone() is None
    else:
        host.delete(parent or model)
    assert chat.messages[-1].status == "stopped"
    host.run(service.has_seen_all_hang_up)
    with pytest.raises(RuntimeError, match="closed"):
        chat.send("Why?")


@each
@pytest.mark.parametrize("seed", range(3))
def test_commands_in_any_order(binding: str, seed: int) -> None:
    host, service, chance = Host(binding), ChatService(), random.Random(seed)
    model = qt_conversation(**service.given(), retries=0, throttle=0.01)
    view = View(host, model)
    for number in range(1, 61):
        steps = (chunk("a"), chunk("b"), HOLD, DONE, OSError("gone"))
        service.feed(number, *chance.sample(steps, chance.randrange(5)))
        user = [row["messageId"] for row in view.rows if row["role"] == "user"]
        command = chance.choice(("send", "regenerate", "retry", "edit", "stop", "clear", "load"))
        if command == "send":
            model.send(f"question {number}", **numbered(number))
        elif command == "edit":
            model.edit(chance.choice([*user, "none"]), "edited", **numbered(number))
        elif command == "load":
            assert model.load(model.toJson())
        elif command in ("regenerate", "retry"):
            getattr(model, command)(**numbered(number))
        elif command == "stop" or number % 3 == 0:
            getattr(model, command)()
        if chance.random() < 0.6:
            host.turn(chance.choice((0.0, 0.01, 0.03)))
            view.check()
    model.stop()
    host.run(
        lambda: view.texts() == [(m.role, m.text, m.status) for m in model.conversation.messages]
    )
    host.turn(0.02)
    view.check()
    assert not model.busy
    service.cut()


@each
@pytest.mark.parametrize("signal", ["rowsInserted", "statusChanged", "dataChanged"])
def test_a_dialog_that_a_signal_opens_shows_the_rest_of_the_answer(
    binding: str, signal: str
) -> None:
    host, service = Host(binding), Service(100)
    model = qt_conversation(url=service.url)
    view = View(host, model)
    shown: list[str] = []

    def open_dialog(*_: Any) -> None:
        if not opened:
            opened.append(signal)
            host.run(lambda: model.status == "ready" and model.count == 2)
            shown.append(model.data(model.index(1, 0)))

    opened: list[str] = []
    getattr(model, signal).connect(open_dialog)
    model.send("Why?")
    host.run(lambda: shown)
    assert shown == [service.text]
    assert view.values_of("status")[-1] == "ready"
    view.check()


@each
def test_a_dialog_that_a_new_row_opens_clears_the_chat(binding: str) -> None:
    host, service = Host(binding), Service(5, silent=True)
    model = qt_conversation(url=service.url)
    view = View(host, model)

    def clear(parent: Any, first: int, last: int) -> None:
        if first == 1:
            view.is_in_dialog = True
            model.clear()
            host.run(lambda: model.rowCount() == 0)
            view.is_in_dialog = False

    model.rowsInserted.connect(clear)
    model.send("Why?")
    host.run(lambda: view.values_of("count")[-1:] == [0])
    view.check()


@each
def test_a_list_view_of_widgets_shows_the_texts(binding: str) -> None:
    host, service = Host(binding), ChatService()
    window = host.widgets.QListView()
    model = qt_conversation(window, **service.given())
    window.setModel(model)
    window.resize(300, 200)
    window.show()
    view = View(host, model)
    empty = window.grab().toImage()
    answer(view, host, service, 1)
    assert window.grab().toImage() != empty
    assert [model.data(model.index(n, 0)) for n in (0, 1)] == ["question 1", "answer 1"]
    host.delete(window)
    service.cut()


def test_importing_it_imports_no_toolkit() -> None:
    code = """
import sys, suggestions.toolkits as made
made.qt_conversation
assert not [name for name in sys.modules if name.startswith(("PyQt", "PySide"))]
try:
    made.qt_conversation()
except RuntimeError as error:
    assert "QApplication" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
