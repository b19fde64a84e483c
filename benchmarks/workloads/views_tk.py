"""Markdown in Tk while it is written: how busy the window is, and how long it stands still."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker
from benchmarks.workloads.views import TEXTS, Busy

_PIECE = 5  # characters, 1,000 times a second
_FEED = 4  # milliseconds between two looks at what is due
_THROTTLE = 0.033

_NOTHING = "no view"
_VIEW = "MarkdownText"
_WHOLE = "all of it anew"
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
            for kind in TEXTS:
                section.rows += _rows(bench, kind, display)
    return section


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
55 kB of Markdown in pieces of five characters, 1,000 a second, in a window of Tk: which share of
the time the thread of the windows is busy, painting included, and how long it works at most before
it calls a timer. Beside it are the same window that shows nothing, and all of the text written anew
every 33 ms. The server of the display is another process, and does not count."""
