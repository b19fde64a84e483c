"""Markdown in Qt while it is written: how busy the window is, and how long it stands still."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any, NamedTuple

from benchmarks.bench import Bench
from benchmarks.markdown_texts import TEXTS
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker

_PIECE = 5  # characters, 1,000 times a second
_FEED = 0.004  # seconds between two looks at what is due
_THROTTLE = 0.033

_NOTHING = "no view"
_VIEW = "MarkdownView"
_WHOLE = "setMarkdown of all"

_MOST = {"mixed": 0.1, "endless code": 0.1, "endless list": 0.1}
_MOST_OF_OTHERS = 0.2
_LONGEST_GAP = 30.0  # milliseconds, but for a table and a paragraph without an end


class Busy(NamedTuple):
    """What one run took."""

    share: float
    """Of the time, that the thread of the windows was busy, painting included."""
    gap: float
    """Milliseconds: the longest that the thread was busy before a timer was called. Of its own
    time: what other programs of the machine took is not in it."""


def show(way: str, kind: str, characters: int) -> Busy:
    """Shows so many characters at 5,000 a second, in a window that is not on a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6 import QtCore, QtWidgets

    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    opening, repeated = TEXTS[kind]
    text = (opening + repeated * (characters // len(repeated) + 1))[:characters]
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    window, append, finish = _WAYS[way]()
    window.resize(640, 800)
    window.show()
    app.processEvents()
    gaps: list[float] = []
    begun, given = perf_counter(), 0
    spent = last = thread_time()

    def feed() -> None:
        nonlocal last, given
        now = thread_time()
        gaps.append(now - last)
        last = now
        due = min(len(pieces), int((perf_counter() - begun) * 1000))
        for number in range(given, due):
            append(pieces[number])
        given = due
        if given == len(pieces):
            loop.quit()

    loop, timer = QtCore.QEventLoop(), QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(feed)
    timer.start(int(_FEED * 1000))
    loop.exec()
    timer.stop()
    share = (thread_time() - spent) / (perf_counter() - begun)
    finish()
    window.close()
    window.deleteLater()
    return Busy(share, max(gaps) * 1000)


Way = tuple[Any, Callable[[str], object], Callable[[], object]]


def _no_view() -> Way:
    from PyQt6 import QtWidgets

    texts: list[str] = []
    return QtWidgets.QTextBrowser(), texts.append, texts.clear


def _view() -> Way:
    from suggestions.views.qt import MarkdownView

    view = MarkdownView()
    return view, view.appendMarkdown, view.finish


def _whole() -> Way:
    from PyQt6 import QtGui, QtWidgets

    view, texts, last = QtWidgets.QTextBrowser(), [], 0.0
    document = view.document()
    assert document is not None
    features = QtGui.QTextDocument.MarkdownFeature
    flags = features.MarkdownDialectGitHub | features.MarkdownNoHTML

    def append(piece: str) -> None:
        nonlocal last
        texts.append(piece)
        if perf_counter() - last >= _THROTTLE:
            document.setMarkdown("".join(texts), flags)
            last = perf_counter()

    return view, append, texts.clear


_WAYS = {_NOTHING: _no_view, _VIEW: _view, _WHOLE: _whole}


def views(bench: Bench) -> Section:
    section = Section("Views", _TEXT, [])
    if find_spec("PyQt6") is None:
        return section
    for kind in TEXTS:
        section.rows += _rows(bench, kind)
    return section


def _rows(bench: Bench, kind: str) -> list[Row]:
    characters = bench.pick(55_000, 15_000, 1_500)
    ways = tuple(_WAYS) if kind == "mixed" else (_NOTHING, _VIEW)

    def turn(worker: Worker, way: str) -> Busy:
        return Busy(*worker.call(show, way, kind, characters))

    # Each in a process that has shown nothing before; as in a window, the first run counts.
    sets = bench.pick(2 if kind == "mixed" else 1, 1, 1)
    busy = take_turns(ways, turn, lambda one: one.share, sets=sets, rounds=1)
    added = busy.figure(lambda one: one[_VIEW].share - one[_NOTHING].share)
    gap = busy.figure(lambda one: one[_VIEW].gap)
    shares = ", ".join(
        f"{way}: {busy.figure(lambda one, way=way: one[way].share).median:.1%}"  # type: ignore[misc]
        f" and {busy.figure(lambda one, way=way: one[way].gap).median:.0f} ms"  # type: ignore[misc]
        for way in ways
    )
    most = _MOST.get(kind, _MOST_OF_OTHERS)
    rows = [
        Row(f"{kind}: share of the time that the view adds", added, most, detail=shares),
        Row(f"{kind}: longest gap", gap, _LONGEST_GAP if kind in _MOST else None, " ms"),
    ]
    if _WHOLE in ways:
        rows += [
            Row(f"{kind}: {what} of {_VIEW} to that of {_WHOLE}", busy.figure(of), limit)
            for what, of, limit in (
                ("share", lambda one: one[_VIEW].share / one[_WHOLE].share, 0.3),
                ("longest gap", lambda one: one[_VIEW].gap / one[_WHOLE].gap, 0.3),
            )
        ]
    return rows


_TEXT = """\
55 kB of Markdown in pieces of five characters, 1,000 a second, in a window of Qt (PyQt6,
offscreen): which share of the time the thread of the windows is busy, painting included, and how
long it works at most before it calls a timer. Beside it are the same window that shows nothing, and
`QTextBrowser.setMarkdown` of all the text every 33 ms."""
