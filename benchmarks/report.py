"""What the workloads found, as a table to print and as `RESULTS.md`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.rounds import Pair

RESULTS = Path(__file__).with_name("RESULTS.md")
PLOT = Path(__file__).with_name("results.svg")
_PACKAGES = (
    "suggestions-sdk",
    "requests",
    "sseclient-py",
    "blinker",
    "requests-sse",
    "httpx",
    "httpx2",
    "openai",
    "launchdarkly-eventsource",
    "aiohttp",
    "uvicorn",
)


@dataclass
class Row:
    """One figure; with a `limit`, at most which it is to be, judged by the median round."""

    what: str
    measured: Pair
    limit: float | None = None
    unit: str = ""
    detail: str = ""

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "met" if self.measured.median <= self.limit else "missed"

    def cells(self) -> list[str]:
        limit = "" if self.limit is None else f"≤ {_number(self.limit)}{self.unit}"
        figures = [
            "" if figure is None else f"{_number(figure)}{self.unit}" for figure in self.measured
        ]
        return [self.what, *figures, limit, self.verdict, self.detail]


HEADINGS = ["", "median round", "quietest", "target", "", "in figures"]


@dataclass
class Section:
    """What one workload found. `curves` are for the plot: name -> (x, y) of each line."""

    title: str
    text: str
    rows: list[Row]
    curves: dict[str, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)


def _number(value: float) -> str:
    if value and abs(value) < 0.1:
        return f"{value:.3f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def as_text(section: Section) -> str:
    """The section for a terminal."""
    table = [HEADINGS, *(row.cells() for row in section.rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in table
    ]
    return "\n".join([f"\n{section.title}", "-" * len(section.title), *lines])


def as_markdown(sections: Iterable[Section], *, seconds: float, busy: tuple[float, float]) -> str:
    """The whole of `RESULTS.md`."""
    sections = list(sections)
    judged = [row for section in sections for row in section.rows if row.limit is not None]
    missed = [row for row in judged if row.verdict == "missed"]
    parts = [
        "# Results",
        "Written by `make bench`; how it is measured is in [README.md](README.md).",
        _surroundings(seconds, busy),
        f"**{len(judged) - len(missed)} of {len(judged)} targets met.**"
        + "".join(f"\n- missed: {row.what} ({', '.join(row.cells()[1:4])})" for row in missed),
        f"![The results as a plot]({PLOT.name})",
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text, _markdown_table(section.rows)]
    return "\n\n".join(parts) + "\n"


def _markdown_table(rows: Iterable[Row]) -> str:
    lines = ["| " + " | ".join(HEADINGS) + " |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for row in rows:
        cells = row.cells()
        if row.verdict == "missed":
            cells[4] = "**missed**"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _surroundings(seconds: float, busy: tuple[float, float]) -> str:
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, {seconds / 60:.0f} minutes. "
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.release()}, {_processor()}, {os.cpu_count()} processors; load average "
        f"{busy[0]:.1f} before and {busy[1]:.1f} after. {packages}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
