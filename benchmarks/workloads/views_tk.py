"""Tk: Markdown while it is written, and a long conversation that is opened and scrolled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import perf_counter, sleep, thread_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.long_chat import STEPS, Opened, megabytes, saved
from benchmarks.markdown_texts import TEXTS
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker
from benchmarks.workloads.views import Busy

_PIECE = 5  # characters, 1,000 times a second
_FEED = 4  # milliseconds between two looks at what is due
_THROTTLE = 0.033

_NOTHING = "no view"
_VIEW = "MarkdownText"
_WHOLE = "all of it anew"
_PANEL = "ChatPanel"
_MOST = {"mixed": 0.1, "endless code": 0.1, "endless list": 0.1}
_MOST_OF_OTHERS = 0.2
_LONGEST_GAP = 30.0  # milliseconds, but for a table and a paragraph without an end

Way = tuple[Callable[[str], object], Callable[[], object]]


def show(way: str, kind: str, characters: int, display: str) -> Busy:
    """Shows so many characters at 5,000 a second, in a window."""
    os.environ["DISPLAY"] = display
    import tkinter

    opening, repeated = TEXTS[kind]
    text = (opening + repeated * (characters // len(repeated) + 1))[:characters]
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    root = tkinter.Tk()
    root.geometry("640x800")
    append, finish = _WAYS[way](root)
    root.update()
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
            root.quit()
        else:
            root.after(_FEED, feed)

    root.after(_FEED, feed)
    root.mainloop()
    share = (thread_time() - spent) / (perf_counter() - begun)
    finish()
    root.destroy()
    return Busy(share, max(gaps) * 1000)


def open_and_scroll(messages: int, display: str) -> Opened:
    """Opens a conversation with messages of 2 kB, and scrolls up in it in steps of a wheel."""
    os.environ["DISPLAY"] = display
    import tkinter

    from suggestions.toolkits import tk
    from suggestions.views.tk import ChatPanel

    root = tkinter.Tk()
    root.geometry("640x800")
    first = ChatPanel(root, saved(4, tk(root)))  # what is imported and loaded once
    first.pack(fill="both", expand=True)
    root.update()
    first.destroy()
    root.update()
    chat = saved(messages, tk(root))
    before, begun = megabytes(), thread_time()
    panel = ChatPanel(root, chat)
    panel.pack(fill="both", expand=True)
    root.update()
    took, more = thread_time() - begun, megabytes() - before
    text = next(widget for widget in _all_in(panel) if widget.winfo_class() == "Text")
    steps = []
    for _ in range(STEPS):
        begun = thread_time()
        text.event_generate("<Button-4>")
        root.update()
        steps.append(thread_time() - begun)
        sleep(_FEED / 1000)  # for what the panel does by a timer
    root.destroy()
    return Opened(took * 1000, more, max(steps) * 1000)


def _all_in(widget: Any) -> Iterator[Any]:
    yield widget
    for child in widget.winfo_children():
        yield from _all_in(child)


def _no_view(root: Any) -> Way:
    import tkinter

    tkinter.Text(root).pack(fill="both", expand=True)
    texts: list[str] = []
    return texts.append, texts.clear


def _view(root: Any) -> Way:
    from suggestions.views.tk import MarkdownText

    view = MarkdownText(root)
    view.pack(fill="both", expand=True)
    return view.append, view.finish


def _whole(root: Any) -> Way:
    from suggestions.views.tk import MarkdownText

    view, texts, last = MarkdownText(root), [], 0.0
    view.pack(fill="both", expand=True)

    def append(piece: str) -> None:
        nonlocal last
        texts.append(piece)
        if perf_counter() - last >= _THROTTLE:
            view.set("".join(texts))
            last = perf_counter()

    return append, texts.clear


_WAYS: dict[str, Callable[[Any], Way]] = {_NOTHING: _no_view, _VIEW: _view, _WHOLE: _whole}


@contextmanager
def _display() -> Iterator[str | None]:
    """The name of a virtual display; without Xvfb, that of the real one."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        yield os.environ.get("DISPLAY")
        return
    read, write = os.pipe()
    command = [xvfb, "-displayfd", str(write), "-screen", "0", "1024x900x24", "-noreset"]
    quiet: Any = subprocess.DEVNULL
    server = subprocess.Popen(command, pass_fds=[write], stdout=quiet, stderr=quiet)
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


def views_tk(bench: Bench) -> Section:
    section = Section("Views in Tk", _TEXT, [])
    if find_spec("_tkinter") is None:
        return section
    with _display() as display:
        if display:
            section.rows += _rows_of_opening(bench, display)
            for kind in TEXTS:
                section.rows += _rows(bench, kind, display)
    return section


def _rows_of_opening(bench: Bench, display: str) -> list[Row]:
    messages = bench.pick(1000, 1000, 20)

    def turn(worker: Worker, way: str) -> Opened:
        return Opened(*worker.call(open_and_scroll, messages, display))

    sets = bench.pick(3, 1, 1)
    taken = take_turns((_PANEL,), turn, lambda one: one.milliseconds, sets=sets, rounds=1)

    def row(name: str, of: Callable[[Opened], float], most: float, unit: str) -> Row:
        return Row(name, taken.figure(lambda one: of(one[_PANEL])), most, unit)

    return [
        row("1,000 messages: open", lambda one: one.milliseconds, 150, " ms"),
        row("1,000 messages: memory", lambda one: one.megabytes, 30, " MB"),
        row("1,000 messages: longest step of scrolling", lambda one: one.step, 16, " ms"),
    ]


def _rows(bench: Bench, kind: str, display: str) -> list[Row]:
    characters = bench.pick(55_000, 15_000, 1_500)
    ways = tuple(_WAYS) if kind == "mixed" else (_NOTHING, _VIEW)

    def turn(worker: Worker, way: str) -> Busy:
        return Busy(*worker.call(show, way, kind, characters, display))

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
    return [
        Row(f"{kind}: share of the time that the view adds", added, most, detail=shares),
        Row(f"{kind}: longest gap", gap, _LONGEST_GAP if kind in _MOST else None, " ms"),
    ]


_TEXT = """\
A conversation of 1,000 messages of 2 kB is opened in a panel of Tk, and scrolled 200 times by a
step of the wheel, in the thread's own time. And 55 kB of Markdown come in pieces of five
characters, 1,000 a second: which share of the time the thread of the windows is busy, painting
included, and how long it works at most before it calls a timer. Beside it are the same window that
shows nothing, and all of the text written anew every 33 ms. The server of the display is another
process, and does not count."""
