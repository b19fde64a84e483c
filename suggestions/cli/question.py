"""What is asked: the argument, standard input, or both."""

from __future__ import annotations

import sys
from typing import Any

import click


def question(argument: str | None, system: str | None) -> str | list[dict[str, Any]]:
    """The question for a source. Raises `click.UsageError` where there is none.

    Standard input is the question when there is no argument (or it is "-"), and else its context:
    the argument, a blank line, and what was read.
    """
    read = _standard_input()
    parts = [argument if argument != "-" else None, read]
    text = "\n\n".join(part for part in parts if part and part.strip())
    if not text:
        raise click.UsageError('There is no question. Try: suggestions ask "What is an SDK?"')
    if system is None:
        return text
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def _standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8-sig", "replace").rstrip("\r\n")
