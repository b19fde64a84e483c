"""The examples in examples/hosts are short: at most 60 lines of code, or 20 around a panel."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from real_host import HOSTS

FRAME = {"qgis": 12, "anki": 8}
"""Lines that the host itself wants of each plugin: its class, its hooks, the path."""


def lines_of_code(path: Path) -> int:
    """Without blank lines, and without the docstring at the top."""
    text = path.read_text("utf-8")
    docstring = ast.parse(text).body[0].end_lineno or 0
    return sum(bool(line.strip()) for line in text.splitlines()[docstring:])


@pytest.mark.parametrize("host", sorted(each.name for each in HOSTS.iterdir() if each.is_dir()))
def test_an_example_is_short(host: str) -> None:
    lines = sum(lines_of_code(path) for path in (HOSTS / host).rglob("*.py"))
    assert lines <= (20 + FRAME[host] if host in FRAME else 60), lines
