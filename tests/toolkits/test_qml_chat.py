"""A list of QML on `qt_conversation`, in each binding, and the example's window."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host import HERE, program
from script import chunk
from test_qt import Host

from suggestions.playground import Playground
from suggestions.testing import Peer, SuggestionsServer
from suggestions.testing.answer_bytes import UNTIL_CLOSE
from suggestions.toolkits import qt_conversation

EXAMPLE = HERE.parent.parent / "examples" / "qml_chat" / "main.py"
ENV = {"QT_QUICK_BACKEND": "software"}


def host_of(binding: str) -> Host:
    # Offscreen, Qt 5 takes no picture of a window of QML.
    is_qt5 = binding in ("PyQt5", "PySide2")
    os.environ["QT_QPA_PLATFORM"] = "xcb" if is_qt5 else "offscreen"
    return Host(binding)


def need(host: Host, *modules: str) -> None:
    """Skips the test if Qt does not have these modules of QML."""
    qml = importlib.import_module(f"{binding_of(host)}.QtQml")
    engine = qml.QQmlEngine()
    component = qml.QQmlComponent(engine)
    lines = [*(f"import {module}" for module in modules), "Item {}"]
    component.setData("\n".join(lines).encode(), host.core.QUrl())
    if component.isError():
        missing = component.errorString().splitlines()[0]
        pytest.skip(f"{missing}: install Debian's qml6-module-* or qml-module-*")


def binding_of(host: Host) -> str:
    return str(host.core.__name__.partition(".")[0])


def with_quick(*bindings: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        needed = ("{binding}.QtWidgets", "{binding}.QtQml", "{binding}.QtQuick")
        return pytest.mark.parametrize("binding", bindings)(program(*needed, env=ENV)(body))

    return decorate


LIST = """
import QtQuick 2.15

ListView {
    property string state_: chat.status + ", " + chat.count + (chat.busy ? ", busy" : "")
    property string error: chat.errorMessage
    width: 400
    height: 300
    model: chat
    delegate: Text {
        required property string messageId
        required property string role
        required property string status
        required property bool isLast
        required property var model
        property string words: role + ", " + status + ": " + model.text + (isLast ? "." : "")
        text: words
    }
    function ask() { chat.send(""); chat.send("Why?") }
    function change() { chat.edit(itemAtIndex(0).messageId, "Why not?") }
    function stop() { chat.stop() }
    function regenerate() { chat.regenerate() }
    function retry() { chat.retry() }
    function clear() { chat.clear() }
    function saveAndLoad() { chat.load(chat.toJson()) }
    function loadWhatIsNone() { chat.load("no JSON") }
}
"""


class Shown:
    """A list of QML that shows the model."""

    def __init__(self, host: Host, model: Any) -> None:
        self.host = host
        need(host, "QtQuick 2.15")
        quick = importlib.import_module(f"{binding_of(host)}.QtQuick")
        self.view = quick.QQuickView()
        self.view.rootContext().setContextProperty("chat", model)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "List.qml")
            path.write_text(LIST)
            self.view.setSource(host.core.QUrl.fromLocalFile(str(path)))
        self.root = self.view.rootObject()
        self.view.show()

    def call(self, name: str) -> None:
        self.host.core.QMetaObject.invokeMethod(self.root, name)

    def rows(self) -> list[str]:
        items = self.root.property("contentItem").childItems()
        rows = [item for item in items if item.property("messageId")]
        return [item.property("text") for item in sorted(rows, key=lambda item: item.y())]

    def check_picture_is_not(self, other: Any) -> None:
        self.host.run(lambda: self.view.grabWindow() != other)

    def wait_for(self, *rows: str, state: str) -> None:
        self.host.run(lambda: self.rows() == list(rows) and self.root.property("state_") == state)


@with_quick("PyQt6", "PySide6", "PyQt5", "PySide2")
def test_a_list_of_qml_follows_the_chat(binding: str) -> None:
    host = host_of(binding)
    with SuggestionsServer() as server:
        model = qt_conversation(url=server.url, dialect="openai", token="very-secret", retries=0)
        shown = Shown(host, model)
        assert (shown.rows(), shown.root.property("state_")) == ([], "ready, 0")
        empty = shown.view.grabWindow()

        may_write = threading.Event()
        server.plays(lambda peer: write_half(peer, may_write))
        shown.call("ask")
        shown.wait_for("user, done: Why?", "assistant, submitted: .", state="submitted, 2, busy")
        may_write.set()
        writing = ("user, done: Why?", "assistant, streaming: Because.")
        shown.wait_for(*writing, state="streaming, 2, busy")
        shown.check_picture_is_not(empty)
        shown.call("stop")
        shown.wait_for("user, done: Why?", "assistant, stopped: Because.", state="ready, 2")

        server.answer("So")
        shown.call("regenerate")
        shown.wait_for("user, done: Why?", "assistant, done: So.", state="ready, 2")

        server.fails(400, "<b>No</b>")
        shown.call("change")
        shown.wait_for("user, done: Why not?", "assistant, error: .", state="error, 2")
        assert "<b>No</b>" in shown.root.property("error")
        server.answer("Well")
        shown.call("retry")
        shown.wait_for("user, done: Why not?", "assistant, done: Well.", state="ready, 2")
        assert shown.root.property("error") == ""

        shown.call("saveAndLoad")
        shown.wait_for("user, done: Why not?", "assistant, done: Well.", state="ready, 2")
        shown.call("loadWhatIsNone")
        assert "JSON" in shown.root.property("error")
        shown.call("clear")
        shown.wait_for(state="ready, 0")
        host.delete(shown.view)  # before the model that it shows


def write_half(peer: Peer, may_write: threading.Event) -> None:
    peer.request()
    peer.send(UNTIL_CLOSE)
    may_write.wait(30)
    peer.send(chunk("Because"))
    peer.hold()


def items_of(item: Any) -> Iterator[Any]:
    yield item
    for child in item.childItems():
        yield from items_of(child)


class Example:
    """The window of examples/qml_chat, as a person sees it."""

    def __init__(self, host: Host, url: str) -> None:
        from suggestions.dialects.openai import OpenAI

        need(host, "QtQuick", "QtQuick.Controls", "QtQuick.Layouts")
        binding = binding_of(host)
        if binding == "PySide6":
            sys.modules["PyQt6"] = None  # type: ignore[assignment]  # as if it were not installed
        qml = importlib.import_module(f"{binding}.QtQml")
        importlib.import_module(f"{binding}.QtQuick")  # or the window is none of QML's
        names = runpy.run_path(str(EXAMPLE))
        self.host = host
        weather = names["get_weather"]
        given = {"tools": [weather], "approve": [weather]}
        self.chat = qt_conversation(dialect=OpenAI(url), **given)
        self.engine = qml.QQmlApplicationEngine()
        names["load"](self.engine, self.chat)
        [self.window] = self.engine.rootObjects()

    def visible(self, text: str) -> list[Any]:
        """The items that a person sees and that show this text."""
        items = items_of(self.window.contentItem())
        return [item for item in items if item.isVisible() and item.property("text") == text]

    def press(self, text: str) -> None:
        def buttons() -> list[Any]:
            found = self.visible(text)
            return [item for item in found if item.metaObject().indexOfMethod("click()") >= 0]

        self.host.run(lambda: bool(buttons()))
        self.host.core.QMetaObject.invokeMethod(buttons()[-1], "click")

    def type(self, text: str) -> None:
        [field] = [
            item
            for item in items_of(self.window.contentItem())
            if item.property("placeholderText") == "Ask"
        ]
        field.setProperty("text", text)


@with_quick("PyQt6", "PySide6")
def test_the_example(binding: str) -> None:
    host = host_of(binding)
    with Playground(pace=0) as playground:
        shown = Example(host, playground.openai_url)
        shown.type("Get weather for Paris")
        shown.press("Send")
        host.run(lambda: bool(shown.visible('{"city": "Paris"}')))
        assert shown.visible("Get weather for Paris")
        shown.press("Allow")
        host.run(lambda: bool(shown.visible("It is 5 degrees in Paris.")))
        host.run(lambda: bool(shown.visible("Regenerate")))
        assert not shown.visible("Allow")

        shown.press("Regenerate")
        shown.press("Refuse")
        host.run(lambda: bool(shown.visible("Regenerate")))
        assert not shown.visible("It is 5 degrees in Paris.")

        shown.press("Edit")
        shown.type("Who won the world cup in 2022?")
        shown.press("Send again")
        host.run(lambda: bool(shown.visible("Regenerate")) and shown.chat.count == 2)
        assert shown.visible("Who won the world cup in 2022?")
        assert not shown.visible("Get weather for Paris")
        shown.press("Clear")
        host.run(lambda: not shown.visible("You"))
        del shown.engine


@with_quick("PyQt6", "PySide6")
def test_the_example_stops_and_tries_again(binding: str) -> None:
    host = host_of(binding)
    with Playground(pace=0.2) as playground:
        shown = Example(host, playground.openai_url)
        shown.type("Tell me a lot")
        shown.press("Send")
        host.run(lambda: shown.chat.status == "streaming")
        shown.press("Stop")
        host.run(lambda: bool(shown.visible("stopped")))
        url = playground.openai_url
    shown.press("Regenerate")  # the playground is gone
    host.run(lambda: bool(shown.visible("Retry")))
    assert shown.visible(shown.chat.errorMessage)
    with Playground(pace=0, port=int(url.rpartition(":")[2].partition("/")[0])):
        shown.press("Retry")
        host.run(lambda: bool(shown.visible("Regenerate")))
    assert shown.chat.errorMessage == ""
    del shown.engine
