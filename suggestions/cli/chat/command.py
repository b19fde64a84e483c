"""`suggestions chat`: many questions, with the commands of a chat window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...dialects.question import ImagePart
from ..following import standard_output, text_view
from ..service_options import EPILOG, as_wrong_usage, service_options

if TYPE_CHECKING:
    from ...conversation.tool import Tool


def _read_tools(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> Any:
    from .tools import read_tools

    return read_tools(ctx, param, given)


@click.command(epilog=EPILOG)
@click.option("--continue", "goes_on", is_flag=True, help="Go on with the newest chat.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of the chat: it goes on if the file is there, and else begins. "
    "[default: a new file in the user's data directory]",
)
@service_options
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="MODULE:FUNCTION",
    callback=_read_tools,
    help="A function that the model may call, described by its docstring and type hints. Its "
    "module may be in the current directory. May be given several times.",
)
@click.option("--yes", is_flag=True, help="Run each call of a tool without asking.")
@click.option("--plain", is_flag=True, help="Plain text also on a terminal.")
@click.pass_context
def chat(
    ctx: click.Context,
    goes_on: bool,
    file: Path | None,
    asked: dict[str, Any],
    system: str | None,
    images: list[ImagePart],
    tools: dict[str, Tool],
    yes: bool,
    plain: bool,
) -> None:
    """Ask one question after the other, with all that was said before.

    On a terminal, each line is a question, and its answer is Markdown that grows in place. Ctrl-C
    stops the answer, a second one leaves, and Ctrl-D leaves; /help lists the commands. In a pipe,
    each line of standard input is a question, and the first that fails ends the chat with its exit
    code. Before a tool is called, the terminal is asked; without one, only --yes allows it.

    The chat is saved after each answer, in the JSON of the class Conversation: any program that
    uses the SDK can go on with it.
    """
    from . import saved
    from .interrupts import Interrupts
    from .lines import Lines
    from .screen import Arrived, Screen
    from .session import Session
    from .shown_calls import Calls

    if goes_on and file is not None:
        raise click.UsageError("--file goes on with its chat, --continue with the newest: give one")
    stream = standard_output()
    _check(asked, tools)
    place = saved.Place(
        file or (saved.newest() if goes_on else saved.new_place()), file is not None
    )
    asked |= {"tools": tools.values(), "approve": None if yes else list(tools)}
    conversation = _conversation(place.path, goes_on, system, asked)
    arrived = Arrived()
    with conversation, Interrupts(lambda: arrived.put(None)) as interrupts:
        lines = Lines(lambda: saved.data_directory() / "history", interrupts)
        calls = Calls(tools, lines, on_terminal=stream.isatty())
        screen = Screen(
            conversation,
            arrived,
            lambda: text_view(stream, plain=plain),
            calls,
            on_terminal=stream.isatty(),
        )
        code = Session(conversation, lines, screen, place, images).run()
    ctx.exit(code)


def _check(asked: dict[str, Any], tools: dict[str, Tool]) -> None:
    """Raises `click.UsageError` now for what would be refused with each question."""
    from ..._sources.suggestions_event_source import SuggestionsEventSource

    with as_wrong_usage():
        options = asked["options"]
        if tools:
            options = asked["dialect"].with_tools(options, list(tools.values()))
        SuggestionsEventSource("?", **{**asked, "options": options}, start=False)


def _conversation(path: Path, must_exist: bool, system: str | None, asked: dict[str, Any]) -> Any:
    """The chat of a file, or a new one. Raises `click.ClickException`."""
    from ...conversation.conversation import Conversation
    from . import saved

    if system is not None:
        asked = {**asked, "system": system}
    if not (must_exist or path.exists()):
        return Conversation(**asked)
    try:
        return Conversation.from_json(saved.read(path), **asked)
    except ValueError as error:
        raise saved.CannotBeRead(path, error) from None
