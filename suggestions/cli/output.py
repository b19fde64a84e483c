"""Standard output, where there is one."""

from __future__ import annotations

import sys
from typing import TextIO

import click


def output() -> TextIO:
    """Raises `click.ClickException` where it is closed, as by `>&-`."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise click.ClickException("standard output is closed: there is nowhere to write to.")
    return stream
