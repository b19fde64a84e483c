"""A scene of the demo on a terminal: the answer grows beside its events, or above them."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ..events import Event
from .demo_scenes import NAMES, Scene, described
from .live import INTERVAL
from .markdown import AnswerMarkdown, Tail
from .plain_text import visible

_EVENTS_WIDTH = 40  # columns
_NARROW = 76  # columns; with fewer, the events are below the answer
_AROUND = 7  # lines of a scene that are neither the answer nor the events
_COLOURS = {"done": "green", "abort": "yellow", "error": "red"}


class LiveStage:
    """Two panels, repainted as events come. They stay on the screen at the end."""

    names = NAMES

    def __init__(self, scene: Scene, console: Console) -> None:
        self._console = console
        self._scene = scene
        self._colour = "blue"
        self._answer: RenderableType = Spinner("dots")
        self._counts: Counter[str] = Counter()
        self._last: dict[str, str] = {}  # by the event's name, in order of appearance
        self._next_painting = 0.0
        self._region = Live(console=console, auto_refresh=False, get_renderable=self._paint)

    def __enter__(self) -> LiveStage:
        title, _, code = self._scene
        self._console.print(Text.assemble((title, "bold"), "\n", (f"  {code}", "cyan")))
        self._region.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._region.stop()

    def show(self, event: Event[Any]) -> None:
        self._counts[event.type] += 1
        self._last[event.type] = described(event)
        self._colour = _COLOURS.get(event.type, self._colour)
        if event.type == "suggestion":
            self._answer = AnswerMarkdown(event.detail)
        elif event.type == "error":
            self._answer = Text(visible(event.detail.message))
        self.tick()

    def tick(self) -> None:
        if monotonic() >= self._next_painting:
            self._region.refresh()
            self._next_painting = monotonic() + INTERVAL

    def _paint(self) -> RenderableType:
        narrow = self._console.width < _NARROW
        height = self._console.height - _AROUND
        if narrow:
            height -= len(self._last) + 2
        asked = Text(self._scene.question, style="italic dim", overflow="ellipsis", no_wrap=True)
        tail = Tail(self._answer, max(2, height))
        answer = Panel(Group(asked, "", tail), border_style=self._colour, title="answer")
        events = Panel(self._events(), border_style=self._colour, title="events")
        # The terminal shows Ctrl-C as "^C" at the cursor. After a full line, that would begin a new
        # line, and the next painting would leave a line of this one. So the last line is empty.
        if narrow:
            return Group(answer, events, "")
        both = Table.grid(expand=True)
        both.add_column(ratio=1)
        both.add_column(width=_EVENTS_WIDTH)
        both.add_row(answer, events)
        return Group(both, "")

    def _events(self) -> RenderableType:
        rows = Table.grid(padding=(0, 1))
        rows.add_column(no_wrap=True, style="bold")
        rows.add_column(no_wrap=True, justify="right", style="dim")
        rows.add_column(no_wrap=True, overflow="ellipsis")
        for name, detail in self._last.items():
            count = self._counts[name]
            rows.add_row(name, f"\u00d7{count}" if count > 1 else "", Text(visible(detail)))
        return rows
