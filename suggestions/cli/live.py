"""An answer as Markdown that grows in place, on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live as Region
from rich.spinner import Spinner
from rich.text import Text

from ..events import Event
from .markdown import AnswerMarkdown, Tail, split_blocks
from .plain_text import visible

INTERVAL = 0.08
"""Seconds between two paintings."""

_SHARE = 4  # painting takes at most a quarter of the time


class Live:
    """Shows a spinner until the first text, then the text.

    A complete Markdown block is printed for good. Below it, a small region is repainted with the
    block that still grows. So no printed text moves, and at the end the scrollback has the whole
    answer, however long it is. If the growing block is higher than the screen, the region shows its
    end.
    """

    names = ("open", "retry", "reasoning", "chunk")

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        self._show_status("Asking ...")
        self._region = Region(
            self,
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._growing = ""  # the text of the blocks that are not printed yet
        self._begun = False
        self._stale = False  # there is text that the region does not show yet
        self._printed = False
        self._next_painting = 0.0

    def __rich__(self) -> RenderableType:
        """What the region shows now. Rich calls this whenever it paints."""
        if not self._begun:
            return self._spinner
        height = max(2, self._console.height - 3)
        # Ctrl-C is shown at the cursor: so the last line is empty, as in `demo_on_terminal`.
        return Group(Tail(_spaced(self._growing, below=self._printed), height), "")

    def __enter__(self) -> Live:
        self._region.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._begun = True
        complete = split_blocks(self._growing + "\n")
        self._growing = ""
        self._print(complete)
        self._region.stop()

    def show(self, event: Event[Any]) -> None:
        if event.type == "chunk":
            self._begun = True
            self._growing += visible(event.detail)
            self._stale = True
        elif event.type == "open":
            self._show_status("Waiting for the answer ...")
        elif event.type == "reasoning":
            self._show_status("Thinking ...")
        elif event.type == "retry":
            retry = event.detail
            self._show_status(f"{retry.error.message} Trying again in {retry.delay:.1f} s ...")
        self.tick()

    def tick(self) -> None:
        began = monotonic()
        if began >= self._next_painting and (self._stale or not self._begun):
            self._stale = False
            *complete, self._growing = split_blocks(self._growing)
            self._print(complete)
            self._region.refresh()
            self._next_painting = monotonic() + max(INTERVAL, _SHARE * (monotonic() - began))

    def _show_status(self, words: str) -> None:
        self._spinner.update(text=Text(visible(words), style="dim"))

    def _print(self, blocks: Iterable[str]) -> None:
        """Prints for good. Rich repaints the region at the same time."""
        for block in filter(str.strip, blocks):
            self._console.print(_spaced(block, below=self._printed))
            self._printed = True


def _spaced(text: str, *, below: bool) -> RenderableType:
    """Markdown, with an empty line before it if there is more of it above."""
    return Group("", AnswerMarkdown(text)) if below else AnswerMarkdown(text)
