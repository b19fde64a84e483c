"""`suggestions demo`: three answers of the playground, with their events, or a chat in a window."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from shutil import which
from typing import NamedTuple

import click

from .._sources.suggestions_event_source import SuggestionsEventSource
from .demo_scenes import NAMES, PlainStage, Scene
from .exit_codes import INTERRUPTED
from .following import (
    View,
    closed_by_interrupt,
    events_of,
    need_playground,
    standard_output,
)

_PAUSE = 1.0  # seconds for a person to look at a scene before the next one


class _Part(NamedTuple):
    """A scene, and how it is brought about."""

    scene: Scene
    failure: str = ""
    close_after: int | None = None
    """Chunks after which the source is closed."""


_PARTS = (
    _Part(
        Scene(
            "1. An answer, while it is being written",
            "Who won the world cup in 2022?",
            'source.connect("suggestion", show)',
        )
    ),
    _Part(
        Scene(
            "2. An answer that is closed midway",
            "Give me a list of tips for streaming",
            "source.close()",
        ),
        close_after=45,
    ),
    _Part(
        Scene(
            "3. A failure, as a user sees it",
            "Hello?",
            'source.connect("error_quota_exceeded", explain)',
        ),
        failure="?fail=429",
    ),
)

_FAREWELL = """\
All of this ran on this machine, without a key. Go on with:

  {program} serve
      the same playground, to try your own program with
  {program} ask --help
      your own questions, to a real service
"""


@click.command()
@click.option("--window", is_flag=True, help="Chat in a window instead, of Qt or Tk.")
@click.pass_context
def demo(ctx: click.Context, window: bool) -> None:
    """Show three answers, with the events as they fire. Needs no key and no network."""
    need_playground()
    if window:
        from .demo_window import show_window

        ctx.exit(show_window())
    stream = standard_output()
    from rich.console import Console

    from ..playground import Playground
    from .demo_on_terminal import LiveStage

    console = Console()
    on_terminal = stream.isatty() and console.is_interactive
    with Playground() as playground:
        for part in _PARTS:
            stage = LiveStage(part.scene, console) if on_terminal else PlainStage(part.scene)
            if not _play(part, playground.jetpack_url + part.failure, stage):
                ctx.exit(INTERRUPTED)
            time.sleep(_PAUSE if on_terminal else 0)
    click.echo(_FAREWELL.format(program=_program()), nl=False)


def _program() -> str:
    """What to type to run this program again, in the shell that started it."""
    started, found = sys.argv[0], which("suggestions")
    if Path(started).stem != "suggestions":
        return f"{_quoted(sys.executable)} -m {__name__.partition('.cli')[0]}"
    # On Windows, perhaps only one of them has its ".exe".
    if found and Path(found).with_suffix("").resolve() == Path(started).with_suffix("").resolve():
        return "suggestions"
    return _quoted(started)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def _play(part: _Part, url: str, stage: View) -> bool:
    """Shows one part. Returns False if the user stopped it."""
    source = SuggestionsEventSource(part.scene.question, url=url, start=False)
    chunks = 0
    closing = False
    with closed_by_interrupt(source), stage:
        for event in events_of(source, NAMES):
            if event is None:
                stage.tick()
                continue
            stage.show(event)
            chunks += event.type == "chunk"
            if chunks == part.close_after:
                closing = True
                source.close()
    return closing or source.state != "aborted"
