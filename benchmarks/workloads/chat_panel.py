"""The chat panel of Qt: a long conversation that is opened and scrolled, and a long answer.

Other bindings than PyQt6: `QT_BINDING=PySide6 python -m benchmarks chat-panel`. For those of a
distribution, run it with its interpreter.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from socket import SHUT_WR, create_server
from threading import Thread
from time import perf_counter, sleep, thread_time
from typing import Any, NamedTuple

from benchmarks.bench import Bench
from benchmarks.long_chat import STEPS, Opened, megabytes, saved
from benchmarks.markdown_texts import TEXTS
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.wire_bytes import CLOSING, HEADERS, OPENING, event, framed
from benchmarks.worker import Worker

BINDING = os.environ.get("QT_BINDING", "PyQt6")
_PIECE = 5  # characters, 1,000 times a second
_TICK = 0.004  # seconds between two calls of a timer
_SIZE = (640, 800)

_PANEL, _WHOLE, _NOTHING = "ChatPanel", "setMarkdown of all", "no view"


class Busy(NamedTuple):
    """As in `views`: the share of the time that the thread is busy, and the longest gap in ms."""

    share: float
    gap: float


def open_and_scroll(way: str, messages: int) -> Opened:
    """Opens a conversation with messages of 2 kB, and scrolls up in it in steps of a wheel."""
    app = _qt()[0]
    _show(way, _saved(4)).deleteLater()  # what is imported and loaded once
    app.processEvents()
    chat = _saved(messages)
    before, begun = megabytes(), thread_time()
    shown = _show(way, chat)
    app.processEvents()
    took, more = thread_time() - begun, megabytes() - before
    bar = _bar_of(shown)
    steps = []
    for _ in range(STEPS):
        begun = thread_time()
        bar.setValue(bar.value() - 3 * bar.singleStep())
        app.processEvents()
        steps.append(thread_time() - begun)
    return Opened(took * 1000, more, max(steps) * 1000)


def _qt() -> tuple[Any, Any, Any]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    core, widgets = (import_module(f"{BINDING}.{part}") for part in ("QtCore", "QtWidgets"))
    app = widgets.QApplication.instance() or widgets.QApplication([])
    return app, core, widgets


def _saved(messages: int) -> Any:
    from suggestions.toolkits import qt

    return saved(messages, qt())


def _show(way: str, chat: Any) -> Any:
    app, _, widgets = _qt()
    if way == _PANEL:
        from suggestions.views.qt import ChatPanel

        shown = ChatPanel(chat)
    else:
        shown = widgets.QTextBrowser()
        shown.document().setMarkdown("\n\n".join(message.text for message in chat.messages))
    shown.resize(*_SIZE)
    shown.show()
    app.processEvents()
    bar = _bar_of(shown)
    bar.setValue(bar.maximum())
    return shown


def _bar_of(shown: Any) -> Any:
    """Of the list in a panel, or of the text."""
    widgets = _qt()[2]
    is_area = isinstance(shown, widgets.QAbstractScrollArea)
    area = shown if is_area else shown.findChild(widgets.QAbstractScrollArea, "messageList")
    return area.verticalScrollBar()


# A long answer


def show_answer(way: str, kind: str, characters: int, port: int) -> Busy:
    """Shows an answer of the service at that port, or only listens to it."""
    from suggestions import Conversation
    from suggestions.toolkits import qt

    app, core, widgets = _qt()
    url = f"http://127.0.0.1:{port}/{kind.replace(' ', '-')}/{characters}"
    chat = Conversation(dialect="openai", url=url, token="none", dispatch=qt())
    if way == _PANEL:
        from suggestions.views.qt import ChatPanel

        window = ChatPanel(chat)
    else:
        window = widgets.QTextBrowser()
        chat.connect("change", lambda chat, event: None)
    window.resize(*_SIZE)
    window.show()
    app.processEvents()
    # What is imported stays out of Python's full collections: they take 20 ms for PySide6 alone.
    gc.collect()
    gc.freeze()
    gaps: list[float] = []
    chat.send("Go on")
    begun = perf_counter()
    spent = last = thread_time()

    def tick() -> None:
        nonlocal last
        now = thread_time()
        gaps.append(now - last)
        last = now
        if chat.status in ("ready", "error"):
            loop.quit()

    loop, timer = core.QEventLoop(), core.QTimer()
    timer.setTimerType(core.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(int(_TICK * 1000))
    (loop.exec_ if BINDING == "PySide2" else loop.exec)()
    share = (thread_time() - spent) / (perf_counter() - begun)
    if len(chat.messages[-1].text) != characters:
        raise RuntimeError(f"{way} got {chat.messages[-1]}")
    window.close()
    chat.close()
    return Busy(share, max(gaps) * 1000)


def _serve(listener: Any) -> None:
    """Answers, one after the other, as the path says: the kind of text, and its length."""
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:  # it is closed
            return
        with sock:
            _, kind, length, *_ = sock.recv(65536).split(b" ")[1].decode().split("/")
            opening, repeated = TEXTS[kind.replace("-", " ")]
            characters = int(length)
            text = (opening + repeated * (characters // len(repeated) + 1))[:characters]
            sock.sendall(HEADERS + OPENING)
            begun = perf_counter()
            for number, at in enumerate(range(0, characters, _PIECE)):
                sleep(max(0.0, begun + number / 1000 - perf_counter()))
                sock.sendall(framed(event({"content": text[at : at + _PIECE]})))
            sock.sendall(CLOSING)
            sock.shutdown(SHUT_WR)
            while sock.recv(65536):  # what is left of the request would reset the connection
                pass


@contextmanager
def _service() -> Iterator[int]:
    with create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


# What is judged


def chat_panel(bench: Bench) -> Section:
    section = Section(f"Chat panel, {BINDING}", _TEXT, [])
    if find_spec(BINDING) is None:
        if "QT_BINDING" in os.environ:
            raise RuntimeError(f"{sys.executable} has no {BINDING}")
        return section
    section.rows += _rows_of_opening(bench)
    with _service() as port:
        for kind in ("mixed", "endless code", "endless list"):
            section.rows += _rows_of_answer(bench, kind, port)
    return section


def _rows_of_opening(bench: Bench) -> list[Row]:
    def turn(worker: Worker, way: str) -> Opened:
        return Opened(*worker.call(open_and_scroll, way, bench.pick(1000, 1000, 20)))

    taken = take_turns(
        (_PANEL, _WHOLE), turn, lambda one: one.milliseconds, sets=bench.pick(3, 1, 1), rounds=1
    )

    def row(name: str, of: Callable[[Opened], float], most: float, unit: str) -> Row:
        whole = taken.figure(lambda one: of(one[_WHOLE]))
        detail = f"{_WHOLE}: {whole.median:.0f}{unit}"
        return Row(name, taken.figure(lambda one: of(one[_PANEL])), most, unit, detail=detail)

    return [
        row("1,000 messages: open", lambda one: one.milliseconds, 150, " ms"),
        row("1,000 messages: memory", lambda one: one.megabytes, 30, " MB"),
        row("1,000 messages: longest step of scrolling", lambda one: one.step, 16, " ms"),
    ]


def _rows_of_answer(bench: Bench, kind: str, port: int) -> list[Row]:
    characters = bench.pick(55_000, 15_000, 1_500)

    def turn(worker: Worker, way: str) -> Busy:
        return Busy(*worker.call(show_answer, way, kind, characters, port))

    busy = take_turns((_NOTHING, _PANEL), turn, lambda one: one.share, sets=1, rounds=1)
    added = busy.figure(lambda one: one[_PANEL].share - one[_NOTHING].share)
    gap = busy.figure(lambda one: one[_PANEL].gap)
    return [
        Row(f"{kind}: share of the time that the panel adds", added, 0.1),
        Row(f"{kind}: longest gap", gap, 30, " ms"),
    ]


_TEXT = """\
A conversation of 1,000 messages of 2 kB is opened, and scrolled by three lines 200 times, beside
one `QTextBrowser` with the Markdown of all. And an answer of 55 kB comes in pieces of five
characters, 1,000 a second: which share of the time the thread of the windows is busy, painting
included, beside a conversation that nothing shows, and how long it works at most before it calls a
timer. All of it is the thread's own time. `gc.freeze()` was called when the window was shown."""
