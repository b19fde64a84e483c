"""A chat, line by line: questions, commands, and a file that always has all of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from ...conversation.chat_message import ChatMessage
from ...conversation.conversation import Conversation
from ...dialects.question import ImagePart
from .. import exit_codes
from ..plain_text import visible
from . import saved
from .interrupts import LineDropped
from .lines import FIRST, Lines
from .screen import Screen

_COMMAND = re.compile(r"/(\w*)(?:\s+(.*))?", re.DOTALL)
_HELP = {
    "/retry": "ask again, after an error",
    "/regenerate": "drop the newest answer and ask again",
    "/edit [TEXT]": "drop the newest question and its answer, and ask another one",
    "/save FILE": "save a copy of the chat",
    "/clear": "begin with no messages",
    "/help": "show this",
    "/quit": "leave, like Ctrl-D",
}
_INPUT = """\
A line that ends with \\ goes on in the next one; so does all between two \"\"\".
Ctrl-C stops the answer, or drops the line; a second one leaves. The chat is saved in"""


class Session:
    """Reads questions and commands up to the end of the input, and shows the answers.

    `images` go with the first question.
    """

    def __init__(
        self,
        chat: Conversation,
        lines: Lines,
        screen: Screen,
        place: saved.Place,
        images: Sequence[ImagePart],
    ) -> None:
        self._chat = chat
        self._lines = lines
        self._screen = screen
        self._place = place
        self._images = images
        self._saved = chat.to_json()
        self._is_unsaved = False  # writing the file has failed
        self._commands: dict[str, Callable[[str], int | None]] = {
            "retry": self._retry,
            "regenerate": self._regenerate,
            "edit": self._edit,
            "save": self._save_copy,
            "clear": self._clear,
            "help": self._help,
        }

    def run(self) -> int:
        """Returns the exit code: of a pipe, that of the first question that failed, as the later
        ones counted on its answer."""
        if self._lines.is_interactive:
            self._greet()
        code = exit_codes.DONE
        try:
            while code == exit_codes.DONE:
                said = self._next()
                if said is None:
                    break
                code = self._do(said) or exit_codes.DONE
                if self._lines.is_interactive:
                    code = exit_codes.DONE
        finally:
            self._chat.stop()
            self._save()
        return code or (exit_codes.FAILED if self._is_unsaved else exit_codes.DONE)

    def _greet(self) -> None:
        messages = self._chat.messages
        last = max((n for n, each in enumerate(messages) if each.role == "user"), default=0)
        for message in messages[last:] if self._screen.on_terminal else ():
            self._show_again(message)
        hint = "/help shows the commands, and Ctrl-D leaves."
        if self._chat.status == "error":
            hint = "The newest answer failed: /retry asks again."
        elif messages and messages[-1].role == "user":
            hint = "There is no answer yet: /regenerate asks again."
        click.echo(f"({hint})\n", err=True)

    def _show_again(self, message: ChatMessage) -> None:
        if message.role == "user":
            click.echo(f"{FIRST}{visible(message.text)}\n")
        else:
            self._screen.show_again(message)
            click.echo("\n" if message.role == "assistant" and message.text else "", nl=False)

    def _next(self) -> str | None:
        """What the user says; None if the user leaves."""
        try:
            while True:
                said = self._typed(self._lines.question)
                if said.strip() == "/quit":
                    return None
                if said.strip():
                    return said
        except EOFError:
            return None

    def _typed(self, read: Callable[[], str]) -> str:
        """What the user types; nothing, if that is dropped. Raises `EOFError`."""
        try:
            return read()
        except EOFError:
            if self._lines.is_interactive:
                click.echo(err=True)
            raise
        except LineDropped:
            if not self._lines.is_interactive:
                raise KeyboardInterrupt from None
            click.echo("\n(Ctrl-C once more leaves.)", err=True)
            return ""

    def _do(self, said: str) -> int | None:
        """Carries out a command, or asks a question. Returns an exit code if there is one."""
        command = _COMMAND.fullmatch(said.rstrip())
        if command is None:
            return self._ask(lambda: self._send(said))
        name, argument = command[1], (command[2] or "").strip()
        if name not in self._commands:
            known = ", ".join(each.partition(" ")[0] for each in _HELP)
            return _wrong(f"There is no command /{name}: expected one of {known}.")
        return self._commands[name](argument)

    # Questions

    def _ask(self, command: Callable[[], object]) -> int:
        """Calls a command that asks, and shows the answer. Returns the exit code."""
        self._screen.begin()
        try:
            with _without_warnings():
                command()
        except (TypeError, ValueError, RuntimeError, OSError) as wrong:
            return _wrong(f"{wrong}")
        # The question is saved at once, in case the machine stops before its answer has come.
        self._save()
        try:
            message = self._screen.follow()
        finally:
            self._save()
        if self._lines.is_interactive:
            self._say_what_next(message)
        if message.error is not None:
            return exit_codes.BY_ERROR.get(message.error.code, exit_codes.FAILED)
        return exit_codes.INTERRUPTED if message.status == "stopped" else exit_codes.DONE

    def _say_what_next(self, message: ChatMessage) -> None:
        if message.error is not None:
            click.echo("(/retry asks again.)", err=True)
        elif message.status == "stopped":
            # The terminal may have written ^C in this line.
            click.echo("\n(Stopped. Ctrl-C once more leaves.)", err=True)
        click.echo(err=True)

    def _send(self, text: str) -> None:
        self._chat.send(text, self._images)
        self._images = ()

    def _retry(self, argument: str) -> int:
        return self._ask(self._chat.retry)

    def _regenerate(self, argument: str) -> int:
        return self._ask(self._chat.regenerate)

    def _edit(self, argument: str) -> int:
        asked = [each for each in self._chat.messages if each.role == "user"]
        if not asked:
            return _wrong("There is no question to edit yet.")
        text = argument
        with suppress(EOFError):
            text = text or self._typed(lambda: self._lines.edited(asked[-1].text))
        if not text.strip():
            return exit_codes.DONE
        return self._ask(lambda: self._chat.edit(asked[-1], text))

    # Files

    def _save(self) -> None:
        text = self._chat.to_json()
        if text == self._saved or not (self._chat.messages or self._place.is_given):
            return
        try:
            self._place.write(text)
        except saved.WrittenByAnother:
            self._leave_to_others()
            self._save()
        except OSError as error:
            self._is_unsaved = True
            _wrong(f"The chat is not saved: {self._place.path}: {error.strerror or error}")
        else:
            self._saved, self._is_unsaved = text, False

    def _leave_to_others(self) -> None:
        """The other program keeps its file, and this chat gets a new one."""
        old, self._place = self._place, saved.Place(saved.new_place(), False)
        words = f"another program has changed {old.path}: this chat goes on in {self._place.path}."
        click.echo(visible(f"Note: {words}"), err=True)

    def _save_copy(self, argument: str) -> int:
        if not argument:
            return _wrong("/save needs the name of a file.")
        path = Path(argument).expanduser()
        try:
            if path.exists():
                Conversation.from_json(path.read_text("utf-8-sig"))
            saved.write(path, self._chat.to_json())
        except OSError as error:
            return _wrong(f"{path}: {error.strerror or error}")
        except ValueError:
            return _wrong(f"{path} is there already, and is no chat.")
        click.echo(f"Saved in {visible(str(path))}.", err=True)
        return exit_codes.DONE

    def _clear(self, argument: str) -> None:
        """A file that the user has named is cleared as well. Otherwise, the old chat stays."""
        self._chat.clear()
        if not self._place.is_given:
            self._place = saved.Place(saved.new_place(), False)
        self._save()

    def _help(self, argument: str) -> None:
        for command, words in _HELP.items():
            click.echo(f"{command:<13} {words}", err=True)
        click.echo(f"{_INPUT}\n{visible(str(self._place.path))}", err=True)


def _wrong(words: str) -> int:
    click.echo(f"Error: {visible(words)}", err=True)
    return exit_codes.USAGE


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Of arguments: they were reported once, before the chat began."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
