"""The hand-written windows in examples/, used as a person uses them, with real keys."""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from host import HERE, program
from keys import Keyboard
from script import chunk

from suggestions.testing import Peer, SuggestionsServer
from suggestions.testing.answer_bytes import UNTIL_CLOSE

EXAMPLES = HERE.parent.parent / "examples"
# This platform says that it gives no hints of a window's size.
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "default.warning=false"}
BEFORE, AFTER = 150, 300  # lines of the answer, and of it until the test lets it go on
MEANT = "line 3\n"


def line(number: int) -> str:
    return f"line {number}\n\n"


class Service(SuggestionsServer):
    """Answers first with many lines, and breaks off; then with a word, and is silent."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.plays(self._break_off)
        self.plays(self._hold)

    def _break_off(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        for number in range(AFTER):
            if number == BEFORE:
                assert self.go_on.wait(30)
            peer.send(chunk(line(number)))

    def _hold(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        peer.send(chunk("Begun"))
        peer.hold()


class Shown:
    """What a person sees of a window, and does with it."""

    def text(self) -> str:
        raise NotImplementedError

    def status(self) -> str:
        raise NotImplementedError

    def is_at_end(self) -> bool:
        raise NotImplementedError

    def is_at_begin(self) -> bool:
        raise NotImplementedError

    def select_and_scroll_up(self, begin: int, end: int) -> None:
        raise NotImplementedError

    def selected(self) -> str:
        raise NotImplementedError

    def press(self, name: str) -> None:
        raise NotImplementedError


def use(shown: Shown, service: Service) -> Iterator[Callable[[], bool]]:
    """Yields what has to come to hold before it goes on."""
    assert "Enter" in shown.status()
    assert "Esc" in shown.status()
    shown.press("Return")
    yield lambda: line(BEFORE - 1) in shown.text() and not shown.is_at_begin()
    yield shown.is_at_end
    begin = shown.text().index(MEANT)
    shown.select_and_scroll_up(begin, begin + len(MEANT))
    yield lambda: shown.is_at_begin() and shown.selected() == MEANT
    service.go_on.set()
    yield lambda: "before it was complete" in shown.status()
    assert shown.text() == "".join(line(number) for number in range(AFTER))
    assert shown.is_at_begin()
    assert shown.selected() == MEANT
    shown.press("Return")
    yield lambda: shown.text() == "Begun"
    shown.press("Escape")
    yield lambda: "Aborted" in shown.status()
    assert shown.text() == "Begun"


def drive(
    shown: Shown,
    service: Service,
    later: Callable[[int, Callable[[], Any]], Any],
    leave: Callable[[], Any],
) -> None:
    """Goes through the steps from the toolkit's main loop. `later` takes milliseconds."""
    deadline = time.monotonic() + 30
    steps = use(shown, service)
    conditions: list[Callable[[], bool]] = []

    def look() -> None:
        try:
            assert time.monotonic() < deadline, f"{shown.status()!r}: {shown.text()[-20:]!r}"
            if not conditions or conditions[-1]():
                conditions.append(next(steps))
        except StopIteration:
            leave()
            return
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        later(20, look)

    look()


def stand_in(service: Service) -> Any:
    """In the place of the playground, whose address the example asks."""
    playground = mock.MagicMock()
    playground.return_value.__enter__.return_value.jetpack_url = service.url
    return mock.patch("suggestions.playground.Playground", playground)


@program("gi", env={"GTK_A11Y": "none", "GDK_BACKEND": "x11"})
def test_gtk() -> None:
    import gi

    gi.require_version("Gtk", "4.0")
    gi.require_version("GdkX11", "4.0")
    from gi.repository import GdkX11, GLib, Gtk

    assert GdkX11
    keyboard = Keyboard()

    class Window(Shown):
        def __init__(self, window: Any) -> None:
            self.window, self.scroll = window, window.scroll
            self.buffer = window.answer.get_buffer()

        def text(self) -> str:
            return str(self.buffer.get_text(*self.buffer.get_bounds(), True))

        def status(self) -> str:
            return str(self.window.status.get_text())

        def is_at_end(self) -> bool:
            return bool(
                self.scroll.get_value() + self.scroll.get_page_size() >= self.scroll.get_upper() - 1
            )

        def is_at_begin(self) -> bool:
            return bool(self.scroll.get_value() == 0)

        def select_and_scroll_up(self, begin: int, end: int) -> None:
            first, last = (self.buffer.get_iter_at_offset(place) for place in (begin, end))
            self.buffer.select_range(first, last)
            self.scroll.set_value(0)

        def selected(self) -> str:
            bounds = self.buffer.get_selection_bounds()
            return str(self.buffer.get_text(*bounds, True)) if bounds else ""

        def press(self, name: str) -> None:
            keyboard.press(name)

    def begin() -> bool:
        application = Gtk.Application.get_default()
        windows = application.get_windows() if application else []
        if not windows or not windows[0].get_mapped():
            return True
        [window] = windows
        keyboard.focus(window.get_surface().get_xid())
        shown = Window(window)
        GLib.timeout_add(300, lambda: drive(shown, service, GLib.timeout_add, window.close))
        return False

    with Service() as service, stand_in(service):
        GLib.timeout_add(50, begin)
        runpy.run_path(str(EXAMPLES / "gtk_window.py"), run_name="__main__")
        assert len(service.requests) == 2


@program("wx.stc")
def test_wx() -> None:
    import wx

    keyboard = Keyboard()

    class Frame(Shown):
        def __init__(self, frame: Any) -> None:
            self.frame, self.answer = frame, frame.answer

        def text(self) -> str:
            return str(self.answer.GetText())

        def status(self) -> str:
            return str(self.frame.GetStatusBar().GetStatusText())

        def is_at_end(self) -> bool:
            end = self.answer.PointFromPosition(self.answer.GetLength()).y
            return 0 <= end < int(self.answer.GetClientSize().height)

        def is_at_begin(self) -> bool:
            return bool(self.answer.GetFirstVisibleLine() == 0)

        def select_and_scroll_up(self, begin: int, end: int) -> None:
            self.answer.SetSelection(begin, end)
            self.answer.ScrollToStart()

        def selected(self) -> str:
            return str(self.answer.GetSelectedText())

        def press(self, name: str) -> None:
            keyboard.press(name)

    def begin() -> None:
        [frame] = wx.GetTopLevelWindows()
        keyboard.focus(frame.GetHandle())
        drive(Frame(frame), service, wx.CallLater, frame.Close)

    class App(wx.App):
        def OnInit(self) -> bool:
            wx.CallLater(500, begin)
            return True

    wx.App = App
    with Service() as service, stand_in(service):
        runpy.run_path(str(EXAMPLES / "wx_window.py"), run_name="__main__")
        assert len(service.requests) == 2


@program("tkinter")
def test_tk() -> None:
    keyboard = Keyboard()
    with Service() as service:
        window = runpy.run_path(str(EXAMPLES / "tk_window.py"))["Window"](service.url)

        class Window(Shown):
            def text(self) -> str:
                return str(window.text.get("1.0", "end-1c"))

            def status(self) -> str:
                return str(window.status.cget("text"))

            def is_at_end(self) -> bool:
                return bool(window.text.yview()[1] == 1.0)

            def is_at_begin(self) -> bool:
                return bool(window.text.yview()[0] == 0.0)

            def select_and_scroll_up(self, begin: int, end: int) -> None:
                window.text.focus()
                keyboard.press("x")  # which changes nothing
                window.text.tag_add("sel", f"1.0+{begin}c", f"1.0+{end}c")
                window.text.yview_moveto(0)

            def selected(self) -> str:
                return "".join(map(str, window.text.get(*window.text.tag_ranges("sel"))))

            def press(self, name: str) -> None:
                if name == "Return":
                    window.question.focus()
                    window.update()
                keyboard.press(name)

        window.update()
        window.focus_force()
        drive(Window(), service, window.after, window.destroy)
        window.mainloop()
        assert len(service.requests) == 2


@pytest.mark.parametrize("binding", ["PyQt6", "PySide6"])
@program("{binding}.QtTest", display=False, env=OFFSCREEN)
def test_qt(binding: str) -> None:
    import importlib

    core, widgets, testing = (
        importlib.import_module(f"{binding}.{name}") for name in ("QtCore", "QtWidgets", "QtTest")
    )
    if binding == "PySide6":
        sys.modules["PyQt6"] = None  # type: ignore[assignment]  # as if it were not installed
    names = runpy.run_path(str(EXAMPLES / "qt_window.py"))
    app = widgets.QApplication([])

    class Window(Shown):
        def text(self) -> str:
            return str(window.text.toMarkdown())

        def status(self) -> str:
            return str(window.status.text())

        def is_at_end(self) -> bool:
            bar = window.text.verticalScrollBar()
            return bool(bar.value() == bar.maximum())

        def is_at_begin(self) -> bool:
            return bool(window.text.verticalScrollBar().value() == 0)

        def select_and_scroll_up(self, begin: int, end: int) -> None:
            cursor = window.text.document().find("line 3")
            window.text.setTextCursor(cursor)
            window.text.verticalScrollBar().setValue(0)

        def selected(self) -> str:
            return str(window.text.textCursor().selectedText()) + "\n"

        def press(self, name: str) -> None:
            key = getattr(core.Qt.Key, f"Key_{name}")
            testing.QTest.keyClick(window.question, key)

    with Service() as service:
        window = names["Window"](service.url)
        window.show()
        window.activateWindow()
        drive(Window(), service, core.QTimer.singleShot, app.quit)
        app.exec()
        assert len(service.requests) == 2


@program("prompt_toolkit", display=False)
def test_prompt_toolkit() -> None:
    import asyncio

    from prompt_toolkit.data_structures import Size
    from prompt_toolkit.formatted_text import to_formatted_text
    from prompt_toolkit.formatted_text.utils import fragment_list_to_text
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    class Screen(DummyOutput):
        def get_size(self) -> Size:
            return Size(rows=20, columns=80)

    class App(Shown):
        def __init__(self, app: Any, pipe: Any) -> None:
            self.app, self.pipe = app, pipe
            self.question, *_ = app.layout.find_all_windows()
            *_, self.window, self.label = app.layout.find_all_windows()
            self.buffer = self.window.content.buffer

        def text(self) -> str:
            return str(self.buffer.text)

        def status(self) -> str:
            return fragment_list_to_text(to_formatted_text(self.label.content.text))

        def is_at_end(self) -> bool:
            seen = self.window.render_info
            return bool(seen and seen.last_visible_line() >= self.text().count("\n") - 2)

        def is_at_begin(self) -> bool:
            seen = self.window.render_info
            return bool(seen and seen.first_visible_line() < 10)

        def select_and_scroll_up(self, begin: int, end: int) -> None:
            up, down, shift_down = "\x1b[A", "\x1b[B", "\x1b[1;2B"
            self.pipe.send_text("\t" + "x" + up * (2 * BEFORE + 5) + down * 6 + shift_down)

        def selected(self) -> str:
            document = self.buffer.document
            begin, end = document.selection_range() if document.selection else (0, 0)
            return str(self.buffer.text[begin:end])

        def press(self, name: str) -> None:
            if name == "Return" and self.app.layout.current_window is self.window:
                self.pipe.send_text("\t")
            self.pipe.send_text({"Return": "\r", "Escape": "\x1b"}[name])

    names = runpy.run_path(str(EXAMPLES / "prompt_toolkit_app.py"))
    with Service() as service, create_pipe_input() as pipe:
        app = names["make_app"](service.url, input=pipe, output=Screen())
        shown = App(app, pipe)

        def later(milliseconds: int, then: Callable[[], Any]) -> None:
            asyncio.get_running_loop().call_later(milliseconds / 1000, then)

        def begin() -> None:
            later(100, lambda: drive(shown, service, later, lambda: pipe.send_text("\x11")))

        app.run(pre_run=begin)
        assert len(service.requests) == 2
