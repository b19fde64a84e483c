"""`qt_suggester`: signals, properties and slots of either binding, in Python and in QML."""

from __future__ import annotations

import gc
import importlib
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from host import program
from service import Service
from test_qt import BINDINGS, OFFSCREEN, Host, both

from suggestions.toolkits import qt_suggester


def with_qml(body: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("binding", BINDINGS)(
        program("{binding}.QtWidgets", "{binding}.QtQml", display=False, env=OFFSCREEN)(body)
    )


class Emitted:
    """What the signals of a suggester have said, in order."""

    NAMES = (
        "stateChanged",
        "suggestionChanged",
        "errorChanged",
        "done",
        "stopped",
        "failed",
    )

    def __init__(self, suggester: Any) -> None:
        self.all: list[tuple[str, str]] = []
        self.threads: set[int] = set()
        for name in self.NAMES:
            getattr(suggester, name).connect(lambda value, name=name: self._hear(name, value))

    def _hear(self, name: str, value: str) -> None:
        self.threads.add(threading.get_ident())
        self.all.append((name, value))

    def of(self, name: str) -> list[str]:
        return [value for told, value in self.all if told == name]


@both
def test_signals_and_properties_follow_the_answer(binding: str) -> None:
    host, service = Host(binding), Service(100)
    suggester = qt_suggester(url=service.url)
    assert isinstance(suggester, host.core.QObject)
    assert (suggester.state, suggester.suggestion, suggester.error) == ("init", "", "")
    told = Emitted(suggester)
    suggester.request("Why?")
    host.run(lambda: told.of("done") == [service.text])
    assert told.of("stateChanged") == ["requesting", "suggesting", "done"]
    assert told.of("suggestionChanged")[-1] == service.text
    assert len(told.of("suggestionChanged")) == 100
    assert (suggester.state, suggester.suggestion) == ("done", service.text)
    assert told.threads == {threading.get_ident()}
    assert type(qt_suggester()) is type(suggester)


@both
def test_the_latest_of_two_requests(binding: str) -> None:
    host, service = Host(binding), Service(50, held_at=25)
    suggester = qt_suggester(url=service.url)
    told = Emitted(suggester)
    suggester.request("Why? Why?")
    host.run(lambda: bool(told.of("suggestionChanged")))
    suggester.request([{"role": "user", "content": "Why?"}], options={"feature": "test"})
    assert (suggester.state, suggester.suggestion) == ("requesting", "")
    service.go_on.set()
    host.run(lambda: bool(told.of("done")))
    assert told.of("stateChanged") == ["requesting", "suggesting"] * 2 + ["done"]
    assert told.of("suggestionChanged").count("") == 1
    assert told.of("stopped") == []


@both
def test_a_failure_and_the_way_back(binding: str) -> None:
    host = Host(binding)
    suggester = qt_suggester(url="http://127.0.0.1:9/", retries=0)
    told = Emitted(suggester)
    suggester.request("Why?")
    host.run(lambda: bool(told.of("failed")))
    assert suggester.state == "error"
    assert told.of("failed") == [suggester.error] == told.of("errorChanged") != [""]
    suggester.reset()
    host.run(lambda: told.all[-1] == ("errorChanged", ""))
    assert told.of("stateChanged") == ["requesting", "error", "init"]


@both
def test_slots_can_be_connected(binding: str) -> None:
    host, service = Host(binding), Service(3, silent=True)
    suggester = qt_suggester(url=service.url)
    told = Emitted(suggester)
    field, button = host.widgets.QLineEdit(), host.widgets.QPushButton()
    field.textChanged.connect(suggester.request)
    button.clicked.connect(suggester.stop)
    for nothing in ("", "  "):
        field.setText("x" + nothing)
        suggester.reset()
        field.setText(nothing)
        assert suggester.state == "init"
    field.setText("Why?")
    host.run(lambda: told.of("suggestionChanged")[-1:] == [service.text])
    button.click()
    assert suggester.state == "aborted"
    host.run(lambda: told.of("stopped") == [service.text])


@both
@pytest.mark.parametrize("way", ["deleted", "parent deleted", "dropped"])
def test_its_request_closes_when_it_is_gone(binding: str, way: str) -> None:
    host, service = Host(binding), Service(20, silent=True)
    parent = host.core.QObject() if way == "parent deleted" else None
    suggester = qt_suggester(parent, url=service.url)
    told = Emitted(suggester)
    suggester.request("Why?")
    host.run(lambda: bool(told.of("suggestionChanged")))
    source, gone = suggester.suggester.source, weakref.ref(suggester)
    if way == "dropped":
        gc.disable()  # it goes with its last reference, and needs no collection
        del suggester
        assert gone() is None
    else:
        host.delete(parent or suggester)
    assert source.state == "aborted"
    host.run(service.has_seen_all_hang_up)
    host.turn(0.05)


QML = b"""
import QtQml
QtObject {
    property string shown: suggester.state + ": " + suggester.suggestion
    property string error: suggester.error
    property string ended
    property Connections connections: Connections {
        target: suggester
        function onDone(text) { ended = text }
        function onStopped(text) { ended = "stopped" }
    }
    function ask() { suggester.request(""); suggester.request("Why?") }
    function stop() { suggester.stop() }
}
"""


@with_qml
def test_a_binding_in_qml_follows_the_answer(binding: str) -> None:
    host, service = Host(binding), Service(30, held_at=1)
    qml = importlib.import_module(f"{binding}.QtQml")
    suggester = qt_suggester(url=service.url)
    engine = qml.QQmlApplicationEngine()
    engine.rootContext().setContextProperty("suggester", suggester)
    component = qml.QQmlComponent(engine)
    component.setData(QML, host.core.QUrl())
    if missing := re.findall('module "(.+?)" is not installed', component.errorString()):
        pytest.skip(f"Qt has no QML module {missing[0]}: install Debian's qml6-module-qtqml*")
    view = component.create()
    assert view is not None, component.errorString()
    assert view.property("shown") == "init: "
    host.core.QMetaObject.invokeMethod(view, "ask")
    assert suggester.state == "requesting"
    service.go_on.set()
    host.run(lambda: view.property("ended") == service.text)
    assert view.property("shown") == f"done: {service.text}"
    service.go_on.clear()
    host.core.QMetaObject.invokeMethod(view, "ask")
    host.run(lambda: view.property("shown") == "suggesting: 0 ")
    host.core.QMetaObject.invokeMethod(view, "stop")
    host.run(lambda: view.property("ended") == "stopped")
    assert view.property("shown") == f"aborted: {suggester.suggestion}"
    assert view.property("error") == ""
    host.delete(view)  # before the suggester that it is bound to


def test_importing_it_imports_no_toolkit() -> None:
    code = """
import sys, suggestions.toolkits as made
made.qt_suggester
assert not [name for name in sys.modules if name.startswith(("PyQt", "PySide"))]
try:
    made.qt_suggester()
except RuntimeError as error:
    assert "QApplication" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@both
@pytest.mark.parametrize("moment", ["requesting", "suggesting"])
def test_a_modal_dialog_shows_the_answer_as_it_is_written(binding: str, moment: str) -> None:
    host, service = Host(binding), Service(100)
    widgets: Any = importlib.import_module(f"{binding}.QtWidgets")
    suggester = qt_suggester(url=service.url)
    told = Emitted(suggester)
    shown: list[str] = []

    def open_dialog(state: str) -> None:
        if state == moment:
            dialog = widgets.QDialog()
            label = widgets.QLabel(dialog)
            suggester.suggestionChanged.connect(label.setText)
            suggester.done.connect(dialog.accept)
            dialog.exec()
            shown.append(label.text())

    suggester.stateChanged.connect(open_dialog)
    suggester.request("Why?")
    host.run(lambda: shown)
    assert shown == [service.text]
    assert told.of("stateChanged") == ["requesting", "suggesting", "done"]
    texts = told.of("suggestionChanged")
    assert texts == sorted(texts, key=len)
    assert texts[-1] == service.text
    assert told.of("done") == [service.text]


@both
def test_another_question_is_asked_from_the_dialog_of_an_error(binding: str) -> None:
    host, service = Host(binding), Service(20)
    widgets: Any = importlib.import_module(f"{binding}.QtWidgets")
    suggester = qt_suggester()
    shown: list[str] = []

    def open_dialog(message: str) -> None:
        dialog = widgets.QDialog()
        suggester.done.connect(dialog.accept)
        suggester.request("Why?", url=service.url)
        dialog.exec()
        shown.append(suggester.suggestion)

    suggester.failed.connect(open_dialog)
    suggester.request("Why?", url="http://127.0.0.1:9/", retries=0)
    host.run(lambda: shown)
    assert shown == [service.text]
    assert (suggester.state, suggester.error) == ("done", "")
