"""The demo in a window: a chat with the playground, in the panel of Qt or of Tk."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from ..conversation.conversation import Conversation
from ..dialects.openai import OpenAI
from ..playground import Playground
from .exit_codes import INTERRUPTED
from .plain_text import visible

TITLE = "suggestions demo"
WIDTH, HEIGHT = 560, 680
BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
QUESTIONS = ("Give me a list of tips for streaming", 'Get weather for "Paris", please.')
"""The window asks both by itself. For the second, the model calls a tool that has to be allowed."""
_LOOK = 100  # milliseconds after which Ctrl-C is noticed
_NO_TOOLKIT = "A window needs Qt or Tk: pip install PyQt6, or your system's python3-tk."
_NO_DISPLAY = "A window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set."


def get_weather(city: str) -> dict[str, str | int]:
    """The weather in a city now."""
    return {"city": city, "degrees": 18, "sky": "clear"}


def show_window() -> int:
    """Returns the program's exit code, after the window was closed.

    Raises `click.ClickException` if there is no toolkit or no display.
    """
    widgets = _qt_widgets()
    if widgets is None and not _has_tk():
        raise click.ClickException(_NO_TOOLKIT)
    if sys.platform.startswith("linux") and not _has_display(widgets):
        raise click.ClickException(_NO_DISPLAY)
    with Playground() as playground:
        return _show_tk(playground) if widgets is None else _show_qt(playground, widgets)


def _has_display(widgets: Any) -> bool:
    """Qt would abort without one; some of its platforms need none."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", *(("QT_QPA_PLATFORM",) if widgets else ()))
    return any(os.environ.get(name) for name in names)


def _qt_widgets() -> Any:
    """The widgets of the first binding that can be imported; None if there is none."""
    for name in BINDINGS:
        try:
            return import_module(f"{name}.QtWidgets")
        except ImportError:  # also if it lacks a library of the system
            continue
    return None


def _has_tk() -> bool:
    try:
        import_module("tkinter")
    except ImportError:
        return False
    return True


def _show_qt(playground: Playground, widgets: Any) -> int:
    from ..toolkits import qt

    core = import_module(widgets.__name__.replace("QtWidgets", "QtCore"))
    app = widgets.QApplication.instance() or widgets.QApplication(sys.argv[:1])
    from ..views.qt import ChatPanel

    chat = _chat(playground, qt())
    panel = ChatPanel(chat)
    panel.setWindowTitle(TITLE)
    panel.resize(WIDTH, HEIGHT)
    panel.show()
    look = core.QTimer()
    look.timeout.connect(lambda: None)  # Ctrl-C is noticed only while Python runs
    look.start(_LOOK)
    with _interrupted_by(lambda: app.exit(INTERRUPTED)):
        code = int((getattr(app, "exec", None) or app.exec_)())
    chat.close()
    panel.deleteLater()
    return code


def _show_tk(playground: Playground) -> int:
    import tkinter

    from ..toolkits import tk
    from ..views.tk import ChatPanel

    try:
        root = tkinter.Tk()
    except tkinter.TclError as error:
        raise click.ClickException(visible(str(error))) from None
    root.title(TITLE)
    root.geometry(f"{WIDTH}x{HEIGHT}")
    chat = _chat(playground, tk(root))
    ChatPanel(root, chat).pack(fill="both", expand=True)
    codes: list[int] = []

    def look() -> None:
        if codes:
            root.destroy()
        else:
            root.after(_LOOK, look)

    look()
    with _interrupted_by(lambda: codes.append(INTERRUPTED)):
        root.mainloop()
    chat.close()
    return codes[0] if codes else 0


def _chat(playground: Playground, dispatch: Any) -> Conversation:
    first, second = QUESTIONS
    chat = Conversation(
        dialect=OpenAI(playground.openai_url),
        token="playground",
        tools=[get_weather],
        approve=[get_weather],
        dispatch=dispatch,
    )

    def go_on(chat: Conversation, event: Any) -> None:
        if len(chat.messages) == 2:  # nothing else was asked meanwhile
            chat.send(second)

    chat.once("done", go_on)
    chat.send(first)
    return chat


@contextmanager
def _interrupted_by(leave: Callable[[], object]) -> Iterator[None]:
    """Calls `leave` at Ctrl-C. An exception would be raised in any handler of the toolkit."""
    before = signal.signal(signal.SIGINT, lambda number, frame: leave())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
