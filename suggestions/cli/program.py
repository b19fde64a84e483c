"""The program itself: its commands, and how all of them end on Ctrl-C or a closed pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TextIO

import click

from .. import __version__
from .chat.command import chat
from .command_ask import ask
from .command_demo import demo
from .command_serve import serve
from .exit_codes import BROKEN_PIPE, INTERRUPTED
from .plain_text import visible


class _Program(click.Group):
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _visible_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _visible_errors():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            _show_cursor()
            _discard_output()
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _discard_output()
            ctx.exit(BROKEN_PIPE)
        except OSError as error:
            raise click.ClickException(visible(str(error))) from None


@contextmanager
def _visible_errors() -> Iterator[None]:
    """click quotes wrong arguments in its messages, and a program may have pasted them."""
    try:
        yield
    except click.ClickException as error:
        vars(error).update(message=visible(error.message))
        raise


@click.group(cls=_Program)
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """Show an AI's answer in the terminal while it is being written."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that the output's encoding lacks becomes a question mark, and no error.
            stream.reconfigure(errors="replace")


for command in (ask, chat, demo, serve):
    group.add_command(command)


def _show_cursor() -> None:
    """Rich hides it while an answer grows, and an interrupt may keep it from undoing that."""
    if "rich" in sys.modules and sys.stdout is not None:
        from rich.console import Console

        Console().show_cursor()


def _discard_output() -> None:
    """Drops what is still buffered. The interpreter would write it at its exit, and then raise, or
    block for ever if the reader does not read."""
    stream: TextIO | None = sys.stdout  # None if it is closed, as by `>&-`
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
