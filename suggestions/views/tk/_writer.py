"""Writes Markdown that grows into a `tkinter.Text`: finished blocks once, the tail anew.

Of the tail, too, only what differs is written again, so that a selection in it stays.
"""

from __future__ import annotations

import re
import tkinter
from collections.abc import Callable
from time import perf_counter

from .._blocks import Block, MarkdownBlocks
from ._runs import Runs, TaggedRun
from ._style import Style
from ._timers import Timers

_INTERVAL = 33
"""Milliseconds between two updates, at least."""
_REST = 9
"""A pause after an update is as many times as long as it, so a tenth of the time is for updates."""
_NEVER_IN_TK = re.compile("[\0\ud800-\udfff]")
_WIDE = re.compile("[\U00010000-\U0010ffff]")


class MarkdownWriter:
    """Appends at a mark. `tags` are given to all that it writes; `name` is its own in the text."""

    def __init__(
        self,
        text: tkinter.Text,
        style: Style,
        timers: Timers,
        name: str,
        tags: tuple[str, ...] = (),
        *,
        after_update: Callable[[], object],
    ) -> None:
        self._text, self._style, self._timers = text, style, timers
        self.name, self._tags = name, tags
        self.mark = f"end:{name}"
        """The end of what is written."""
        self._begin_of_tail = f"tail:{name}"
        self._after_update = after_update
        self._blocks = MarkdownBlocks()
        self._finished: list[Block] = []
        self._codes = 0
        self._tail: list[TaggedRun] = []
        self._next_update = 0.0
        self.is_finished = False

    def begin_at(self, index: str) -> None:
        self._text.mark_set(self.mark, index)
        self._text.mark_set(self._begin_of_tail, index)
        self._text.mark_gravity(self._begin_of_tail, "left")

    def append(self, text: str) -> None:
        self._finished += self._blocks.feed(text)
        wait = self._next_update - perf_counter()
        if wait <= 0:
            self.update()
        else:
            self._timers.begin(f"update:{self.name}", int(wait * 1000) + 1, self.update)

    def write(self, text: str) -> None:
        """A whole text, at once."""
        self._finished += self._blocks.feed(text)
        self.finish()

    def finish(self) -> None:
        """Nothing more comes; writes all of it now."""
        self._finished += self._blocks.finish()
        self.is_finished = True
        self.update()

    def end(self) -> None:
        """Called after what it has written was deleted."""
        self.stop()
        self._text.mark_unset(self.mark, self._begin_of_tail)

    def stop(self) -> None:
        """What has not been shown yet is not shown any more."""
        self._timers.cancel(f"update:{self.name}")
        self._timers.cancel(f"measure:{self.name}")

    def update(self) -> None:
        """Shows what has come since the last update."""
        self._timers.cancel(f"update:{self.name}")
        begun = perf_counter()
        finished, self._finished = self._finished, []
        runs = [run for block in finished for run in self._runs_of(block)]
        codes = self._codes
        tail = self._runs_of(self._blocks.tail)
        self._codes = codes
        if finished:
            self._replace_tail(runs)
            self._text.mark_set(self._begin_of_tail, self.mark)
            self._text.mark_gravity(self._begin_of_tail, "left")
            self._tail = []
        self._replace_tail(tail)
        self._tail = tail
        self._after_update()
        self._rest(begun, perf_counter())

    def _rest(self, begun: float, ended: float) -> None:
        self._next_update = ended + max(_INTERVAL / 1000, _REST * (ended - begun))

        # Tk lays out and paints when it is idle, after what was idle before and before this.
        def measure() -> None:
            painted = perf_counter()
            self._next_update = painted + max(_INTERVAL / 1000, _REST * (painted - begun))

        self._timers.begin(f"measure:{self.name}", 0, measure)

    def _runs_of(self, block: Block | None) -> list[TaggedRun]:
        if block is None:
            return []
        block = block._replace(source=in_tk(block.source), code=in_tk(block.code))
        made = Runs(block, self._codes, self.name)
        self._codes = made.codes
        return made.runs

    def _replace_tail(self, runs: list[TaggedRun]) -> None:
        """Puts the runs in place of the tail, as far as they differ from it."""
        same, places = 0, 0
        for old, new in zip(self._tail, runs, strict=False):
            if old != new or _kept(old[0], new[0]) < len(old[0]):
                break
            places += len(old[0])
            same += 1
        rest = runs[same:]
        if same < len(self._tail) and rest and self._tail[same][1] == rest[0][1]:
            kept = _kept(self._tail[same][0], rest[0][0])
            places += kept
            rest = [(rest[0][0][kept:], rest[0][1]), *rest[1:]]
        text = self._text
        begin = f"{self._begin_of_tail} + {places} indices"
        selected = text.tag_ranges("sel")
        deletes = text.compare(begin, "<", self.mark)
        if not deletes and not any(run for run, _ in rest):
            return
        touched = deletes and selected and text.compare(selected[1], ">", begin)
        if deletes:
            text.delete(begin, self.mark)
        arguments: list[object] = []
        for shown, tags in rest:
            if shown:
                self._style.ensure(tags)
                arguments += [shown, (*self._tags, *tags)]
        if arguments:
            text.tk.call(str(text), "insert", self.mark, *arguments)
        if touched:
            text.tag_remove("sel", begin, self.mark)
            text.tag_add("sel", str(selected[0]), str(selected[1]))


def in_tk(text: str) -> str:
    """Without what would end the text in Tk, or raise there: NUL, and halves of characters."""
    return _NEVER_IN_TK.sub("\ufffd", text)


def _kept(one: str, other: str) -> int:
    """How many characters both begin with, up to one that Tk may count as two."""
    most = min(len(one), len(other))
    if wide := _WIDE.search(one):
        most = min(most, wide.start())
    if one[:most] == other[:most]:
        return most
    low = 0
    while low < most:  # halving: comparing strings is fast, and characters one by one is not
        middle = (low + most + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            most = middle - 1
    return low
