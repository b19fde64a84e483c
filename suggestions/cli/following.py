"""What the commands share: a source followed from the main thread, and what it is shown through."""

from __future__ import annotations

import signal
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Protocol, TextIO

import click

from .._sources.suggestions_event_source import SuggestionsEventSource
from ..events import Event
from .exit_codes import USAGE
from .plain_text import Plain, visible

_TICK = 0.1  # seconds


class View(AbstractContextManager[Any], Protocol):
    """Shows the events that it names, in order. It is entered before the first and left after the
    last."""

    @property
    def names(self) -> Collection[str]: ...

    def show(self, event: Event[Any]) -> None: ...

    def tick(self) -> None:
        """Called when nothing has come for a moment."""


def events_of(source: SuggestionsEventSource, names: Iterable[str]) -> Iterator[Event[Any] | None]:
    """Starts the source and yields its events of those names, and `end`, the last of all.

    Yields None whenever nothing has come for a tenth of a second.
    """
    arrived: SimpleQueue[Event[Any]] = SimpleQueue()

    def put(source: SuggestionsEventSource, event: Event[Any]) -> None:
        arrived.put(event)

    # With a handler for `error`, the source logs no warning: the command reports `source.error`.
    for name in {*names, "error", "end"}:
        source.connect(name, put)
    source.start()
    while True:
        try:
            event = arrived.get(timeout=_TICK)
        except Empty:
            yield None
            continue
        yield event
        if event.type == "end":
            return


@contextmanager
def closed_by_interrupt(source: SuggestionsEventSource) -> Iterator[None]:
    """The first Ctrl-C closes the source, which then ends in `abort`: no exception interrupts a
    line that is just being written. A second one interrupts the program as usual, and any further
    one is ignored: an exception while the program cleans up would leave a terminal as it is.

    Closes the source in any case.
    """

    before = signal.getsignal(signal.SIGINT)

    def close(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, interrupt)
        source.close()

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if callable(before):
            before(number, frame)

    if before is not signal.SIG_IGN:  # as a shell sets it for a job in the background
        signal.signal(signal.SIGINT, close)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, before)
        source.close()


def standard_output() -> TextIO:
    """Raises `click.ClickException` if it is closed, as by `>&-`."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise click.ClickException("standard output is closed: there is nowhere to write to.")
    return stream


def text_view(stream: TextIO, *, plain: bool) -> View:
    """Markdown that grows on a terminal that can show it, and else plain text."""
    if not stream.isatty():
        return Plain(stream)
    from rich.console import Console

    console = Console()
    if plain or not console.is_interactive:
        return Plain(stream, visible)
    from .live import Live

    return Live(console)


class _MissingExtra(click.ClickException):
    exit_code = USAGE


def need_playground() -> None:
    """Raises a `click.ClickException` that says what to install, if Flask is missing."""
    if find_spec("flask") is None:
        raise _MissingExtra(
            'the playground needs Flask: pip install "suggestions-sdk[cli,playground]"'
        )
