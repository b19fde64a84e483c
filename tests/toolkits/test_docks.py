"""The docks in examples/docks, and examples/qt_panel.py: short, and they work.

calibre is the real one. In the place of the other hosts stand the few names that the example takes
from them, over a real window of Qt.
"""

from __future__ import annotations

import ast
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from host import HERE, program
from vendoring import NEEDED, copy_package

EXAMPLES = HERE.parent.parent / "examples"
DOCKS = EXAMPLES / "docks"
# The platform says that it gives no hints of a window's size.
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "default.warning=false"}
OFFSCREEN |= {"OPENAI_API_KEY": "key", "AI_MODEL_NAME": "m"}
HOSTS = {
    "qgis": ["qgis.py"],
    "krita": ["krita.py"],
    "freecad": ["freecad.py"],
    "calibre": ["calibre/__init__.py", "calibre/ui.py"],
}


def lines_of_code(path: Path) -> int:
    """Without blank lines, and without the docstring at the top."""
    text = path.read_text("utf-8")
    docstring = ast.parse(text).body[0].end_lineno or 0
    return sum(bool(line.strip()) for line in text.splitlines()[docstring:])


@pytest.mark.parametrize("host", HOSTS)
def test_a_dock_has_at_most_20_lines(host: str) -> None:
    assert sum(lines_of_code(DOCKS / file) for file in HOSTS[host]) <= 20


def test_every_dock_is_counted() -> None:
    counted = {DOCKS / file for files in HOSTS.values() for file in files}
    assert set(DOCKS.rglob("*.py")) == counted


def test_a_window_with_tools_and_saving_has_at_most_25_lines() -> None:
    assert lines_of_code(EXAMPLES / "qt_panel.py") <= 25


def module(name: str, **contents: Any) -> None:
    made = ModuleType(name)
    vars(made).update(contents)
    sys.modules[name] = made


def check(host: Any, dock: Any, window: Any) -> None:
    """The dock is in the window, with a chat that answers."""
    from test_shown_whole import answering

    window.show()
    assert dock.isVisible()
    assert dock.windowTitle() == "Chat"
    panel = dock.widget()
    assert type(panel).__name__ == "ChatPanel"
    chat = panel.conversation()
    with answering():
        chat.send("Why?")
        host.run(lambda: chat.status in ("ready", "error"))
    assert [message.status for message in chat.messages] == ["done", "done"], chat.messages
    host.run(lambda: "The *end*" in panel.toMarkdown())


@pytest.mark.parametrize("binding", ["PyQt5", "PyQt6"])
@program("{binding}.QtWidgets", display=False, env=OFFSCREEN)
def test_qgis(binding: str) -> None:
    from test_qt import Host

    host = Host(binding)
    module("qgis")
    module("qgis.PyQt")
    module("qgis.PyQt.QtCore", Qt=host.core.Qt)
    module("qgis.PyQt.QtWidgets", QDockWidget=host.widgets.QDockWidget)
    window = host.widgets.QMainWindow()
    iface = SimpleNamespace(
        mainWindow=lambda: window,
        addDockWidget=window.addDockWidget,
        removeDockWidget=window.removeDockWidget,
    )
    plugin = runpy.run_path(str(DOCKS / "qgis.py"))["classFactory"](iface)
    plugin.initGui()
    check(host, plugin.dock, window)
    plugin.unload()
    host.turn(0.05)
    assert window.findChildren(host.widgets.QDockWidget) == []


@pytest.mark.parametrize("binding", ["PyQt5", "PyQt6"])
@program("{binding}.QtWidgets", display=False, env=OFFSCREEN)
def test_krita(binding: str) -> None:
    from test_qt import Host

    host = Host(binding)
    factories: list[tuple[Any, ...]] = []
    krita = SimpleNamespace(addDockWidgetFactory=factories.append)
    module(
        "krita",
        DockWidget=host.widgets.QDockWidget,
        DockWidgetFactory=lambda *given: given,
        DockWidgetFactoryBase=SimpleNamespace(DockRight="right"),
        Krita=SimpleNamespace(instance=lambda: krita),
    )
    runpy.run_path(str(DOCKS / "krita.py"))
    [(_, side, docker)] = factories
    assert side == "right"
    window = host.widgets.QMainWindow()
    dock = docker()
    window.addDockWidget(host.core.Qt.DockWidgetArea.RightDockWidgetArea, dock)
    check(host, dock, window)


@pytest.mark.parametrize("binding", ["PySide2", "PySide6"])
@program("{binding}.QtWidgets", display=False, env=OFFSCREEN)
def test_freecad(binding: str) -> None:
    from test_qt import Host

    host = Host(binding)
    window = host.widgets.QMainWindow()
    module("FreeCADGui", getMainWindow=lambda: window)
    # Its QtGui has the widgets, too, and its oldest versions have no QtWidgets.
    module("PySide", QtCore=host.core, QtGui=host.widgets)
    # FreeCAD runs the file within a function, and forgets its names.
    exec((DOCKS / "freecad.py").read_text("utf-8"), {}, {})
    [dock] = window.findChildren(host.widgets.QDockWidget)
    check(host, dock, window)


@program("PyQt6.QtWidgets", display=False, env=OFFSCREEN)
def test_the_window_with_tools_and_saving() -> None:
    import tempfile

    from PyQt6 import QtCore, QtTest, QtWidgets
    from test_shown_whole import answering

    def offered(panel: Any) -> list[Any]:
        buttons = panel.findChildren(QtWidgets.QAbstractButton)
        return [each for each in buttons if each.text() == "Allow" and each.isVisible()]

    def use(app: Any) -> None:
        [panel] = [each for each in app.topLevelWidgets() if each.isVisible()]
        chat = panel.conversation()
        if not chat.messages:
            chat.send('Delete file "old.txt".')
            while not (buttons := offered(panel)):
                app.processEvents()
            [allow] = buttons
            QtTest.QTest.mouseClick(allow, QtCore.Qt.MouseButton.LeftButton)
            while chat.status not in ("ready", "error"):
                app.processEvents()
        seen.append([message.role for message in chat.messages])
        panel.close()

    seen: list[list[str]] = []
    app = QtWidgets.QApplication([])
    QtWidgets.QApplication.exec = lambda *_: use(app)

    class OneApplication(QtWidgets.QApplication):
        """The one of both runs: Qt crashes if there is a second one before the first is freed."""

        def __new__(cls, *_: Any) -> Any:
            return app

    QtWidgets.QApplication = OneApplication
    with tempfile.TemporaryDirectory() as folder, answering():
        os.chdir(folder)
        Path("old.txt").touch()
        for _ in range(2):
            runpy.run_path(str(EXAMPLES / "qt_panel.py"), run_name="__main__")
        assert not Path("old.txt").exists()
        os.chdir("/")
    assert seen == [["user", "assistant", "tool", "assistant"]] * 2


CALIBRE = """
import sys
from calibre.customize.ui import find_plugin, initialize_plugins
from calibre.gui2 import Application
from calibre.gui2.keyboard import Manager as KeyboardManager
from qt.core import QMainWindow, QDockWidget, QEventLoop

initialize_plugins()
app = Application([])
window = QMainWindow()
window.keyboard = KeyboardManager(window)
window.bars_manager = None
plugin = find_plugin("Chat")
action = plugin.load_actual_plugin(window)
action.interface_action_base_plugin = plugin
action.do_genesis()
window.show()
panel = window.findChild(QDockWidget).widget()
print(type(panel).__name__, action.dock.isVisible())
chat = panel.conversation()
chat.send("Who won the world cup in 2022?", url=sys.argv[-1])
while chat.status not in ("ready", "error"):
    app.processEvents()
print(chat.messages[-1].error, chat.messages[-1].text)
action.qaction.trigger()
print(action.dock.isVisible())
chat.close()
"""


@pytest.mark.skipif(shutil.which("calibre-debug") is None, reason="there is no calibre")
def test_calibre(tmp_path: Path) -> None:
    from suggestions.testing import SuggestionsServer

    folder = tmp_path / "plugin"
    shutil.copytree(DOCKS / "calibre", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "plugin-import-name-chat.txt").touch()
    for name in ("suggestions", *NEEDED):
        copy_package(name, folder)
    archive = shutil.make_archive(str(folder), "zip", folder)
    script = tmp_path / "use.py"
    script.write_text(CALIBRE, "utf-8")
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    env = {**kept, **OFFSCREEN, "CALIBRE_CONFIG_DIRECTORY": str(tmp_path)}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("calibre-customize", "--add-plugin", archive)
    with SuggestionsServer() as server:
        server.answer("Hello from calibre")
        printed = run("calibre-debug", "-e", str(script), "--", server.url)
    assert printed.splitlines()[-3:] == ["ChatPanel True", "None Hello from calibre", "False"]
