"""The picture of a full run: ratios beside their targets, and costs as things grow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
# The same figures make the same file.
matplotlib.rcParams.update({"svg.hashsalt": "suggestions", "font.size": 8})

from matplotlib.figure import Figure  # noqa: E402

from benchmarks.clients import OURS  # noqa: E402
from benchmarks.report import Row, Section  # noqa: E402

_COMPARED = f": {OURS} to "
_WIDTH = 11.0  # inches
_BAR = 0.19  # inches
_OURS, _TARGET = "#2563eb", "#dc2626"


def draw(sections: Iterable[Section], path: Path) -> None:
    """Writes the picture as SVG."""
    sections = list(sections)
    ratios = [row for section in sections for row in section.rows if _COMPARED in row.what]
    curves = {title: lines for section in sections for title, lines in section.curves.items()}
    across = max(1, len(curves))
    figure = Figure(figsize=(_WIDTH, 3.2 + _BAR * len(ratios)), layout="constrained")
    grid = figure.add_gridspec(2, across, height_ratios=[_BAR * max(1, len(ratios)), 2.6])
    _bars(figure.add_subplot(grid[0, :]), ratios)
    for place, (title, lines) in enumerate(curves.items()):
        _lines(figure.add_subplot(grid[1, place]), title, lines)
    figure.savefig(path, format="svg", metadata={"Date": None})


def _bars(axes: Any, rows: list[Row]) -> None:
    places = range(len(rows))
    axes.barh(places, [row.measured.median for row in rows], color=_OURS, height=0.7)
    for place, row in zip(places, rows, strict=True):
        if row.limit is not None:
            axes.plot([row.limit] * 2, [place - 0.45, place + 0.45], color=_TARGET, linewidth=2)
    axes.set_yticks(places, [row.what.replace(_COMPARED, ", to ") for row in rows])
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.6)
    axes.set_xlabel("CPU an event, as a multiple of the other's; red: at most so much is wanted")


def _lines(axes: Any, title: str, lines: dict[str, list[tuple[float, float]]]) -> None:
    for name, points in lines.items():
        color = _OURS if name == OURS else "grey"
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, color=color, label=name)
    axes.set_xscale("log", base=2)
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(frameon=False)
