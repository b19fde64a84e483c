"""The program itself: its commands, and the ends that all of them share."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Any, TextIO

import click

from suggestions import __version__
from suggestions.cli.ask import ask
from suggestions.cli.demo import demo
from suggestions.cli.exit_codes import BROKEN_PIPE, INTERRUPTED
from suggestions.cli.serve import serve
from suggestions.cli.visible import visible


class _Program(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _discard_output()
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _discard_output()
            ctx.exit(BROKEN_PIPE)
        except OSError as error:
            raise click.ClickException(visible(str(error))) from None


@click.group(cls=_Program)
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """Shows an AI's answer in the terminal while it is being written."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that the output's encoding lacks must not end an answer.
            stream.reconfigure(errors="replace")


for command in (ask, demo, serve):
    group.add_command(command)


def _discard_output() -> None:
    """Lets go of what is still buffered: written when the interpreter exits, it would raise or,
    where nobody reads, block for ever."""
    stream: TextIO | None = sys.stdout  # None where it is closed, as by `>&-`
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
