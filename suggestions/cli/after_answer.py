"""What is printed after an answer: its sources, and notes about what its text does not show."""

from __future__ import annotations

from collections.abc import Iterable

import click

from .._sources.suggestions_event_source import SuggestionsEventSource
from ..events import AnswerFile, Citation
from .plain_text import visible


def show_sources(citations: Iterable[Citation], *, on_terminal: bool) -> None:
    """Lists what the answer cites, each source once.

    On a terminal the list stands under the answer. In a pipe it goes to standard error, because a
    program that reads the text wants it as it is.
    """
    lines = list(dict.fromkeys(filter(None, map(_source_line, citations))))
    if lines:
        numbered = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
        before = "\n" if on_terminal else ""
        click.echo("\n".join([f"{before}Sources:", *numbered]), err=not on_terminal)


def note(source: SuggestionsEventSource) -> None:
    """Prints what the text of a complete answer does not show."""
    if source.tool_calls or source.full_function_call:
        click.echo("Note: the model calls a function. --json shows the call.", err=True)
    elif not (source.full_message or source.files):
        click.echo("Note: the answer is empty.", err=True)
    note_files(source.files, "--json shows it")
    if source.finish_reason == "length":
        click.echo("Note: the answer stopped at the allowed length.", err=True)


def note_files(files: Iterable[AnswerFile], where: str) -> None:
    """Prints the type and the size of each file, and `where` the user finds it."""
    for file in files:
        what = f"{_in_line(file.media_type) or 'of an unknown type'}, {_size_or_address(file)}"
        click.echo(f"Note: the answer has a file: {what}. {where}.", err=True)


def _source_line(citation: Citation) -> str:
    """Its title and address; what it quotes if there is neither."""
    named = f"{_in_line(citation.title)} {_in_line(citation.url)}".strip()
    return named or _in_line(citation.quote)


def _size_or_address(file: AnswerFile) -> str:
    try:
        data = file.data
    except ValueError:
        return "damaged"
    return _in_line(file.url) if data is None else f"{len(data)} bytes"


def _in_line(text: str) -> str:
    """Words of others in a line, with control characters in a form that is seen and not obeyed."""
    return " ".join(visible(text).split())
