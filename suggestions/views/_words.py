"""What a panel says of a message. It knows no toolkit.

The toolkit translates each text, so each is a whole one, with `{}` in the place of a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import NamedTuple

from .._util.elapsed import monotonic
from ..conversation.chat_message import ChatMessage
from ..events import Citation

_LONGEST_CALL = 120
"""Characters of a call in its one line."""
_CALLS = {
    "waiting": "Allow {}?",
    "calling": "Calling {} …",
    "done": "Called {}",
    "stopped": "Stopped {}",
    "error": "{} failed",
}
_CODES = {"refused": "Refused {}", "timeout": "{} took too long"}


class Words(NamedTuple):
    """A text to be translated, and what takes the place of its `{}`."""

    text: str
    value: str = ""

    def __str__(self) -> str:
        """In English."""
        return self.text.replace("{}", self.value)


def words_of_call(message: ChatMessage) -> Words:
    """The line of a tool's message: its state, its name and its arguments."""
    call = message.tool_calls[0]
    shown = " ".join(f"{call.name}({_arguments(call.arguments)})".split())
    if len(shown) > _LONGEST_CALL:
        shown = shown[: _LONGEST_CALL - 1] + "…"
    code = message.error.code if message.error else ""
    return Words(_CODES.get(code, _CALLS[message.status]), shown)


def details_of_call(message: ChatMessage) -> str:
    """What its line unfolds: the whole call if the line may lack some of it, and the result."""
    call = message.tool_calls[0]
    is_cut = words_of_call(message).value.endswith("…")
    # So that the person sees all of what is to be allowed.
    whole = f"{call.name}({call.arguments})" if is_cut or message.status == "waiting" else ""
    result = message.text or (message.error.message if message.error else "")
    return "\n\n".join(filter(None, (whole, result)))


def _arguments(text: str) -> str:
    """As in a call in Python; unchanged if they are not a JSON object."""
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    if not isinstance(read, dict):
        return text
    return ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in read.items()
    )


def words_of_state(message: ChatMessage) -> Words | None:
    """The line below an answer's text, apart from its error; None if there is nothing to say."""
    if message.status == "stopped":
        return Words("Stopped")
    if message.status == "submitted":
        return Words("Waiting …")
    if message.status == "done" and not (message.text or message.tool_calls or message.files):
        return Words("No text came")
    return None


class Countdown:
    """Counts the seconds after which a failed answer may be asked for again."""

    def __init__(self, seconds: float | None) -> None:
        self._until = monotonic() + (seconds or 0.0)

    @property
    def left(self) -> int:
        """Whole seconds that remain; 0 if it is over."""
        return max(0, ceil(self._until - monotonic()))

    @property
    def words(self) -> Words:
        """The text of the button."""
        return Words("Retry in {} s", str(self.left)) if self.left else Words("Retry")


def without_waits(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Messages as a panel finds them: it does not know when they failed, so Retry does not wait."""
    return [
        each._replace(error=each.error._replace(retry_after=None)) if each.error else each
        for each in messages
    ]


def place_of_last(messages: Sequence[ChatMessage]) -> int:
    """The number of the message that offers most: the last one, or the answer that was stopped
    while its tools were called; -1 if there is none."""
    last = place = len(messages) - 1
    while place >= 0 and messages[place].role == "tool":
        place -= 1
    return place if place == last or messages[place].status == "stopped" else -1


def sources_of(citations: Iterable[Citation]) -> list[tuple[str, str]]:
    """The title and the address of each source, in order, each address once."""
    titles: dict[str, str] = {}
    for cited in citations:
        if cited.url and not titles.get(cited.url):
            titles[cited.url] = cited.title
    return [(title or url, url) for url, title in titles.items()]


def conversation_text(messages: Iterable[ChatMessage], say: Callable[[Words], str]) -> str:
    """All of it as Markdown, to be copied. `say` translates."""
    shown = []
    for message in messages:
        if message.role == "tool":
            shown.append(f"*{say(words_of_call(message))}*")
        elif message.text:
            title = say(Words("Question" if message.role == "user" else "Answer"))
            shown.append(f"### {title}\n\n{message.text.strip()}")
    return "".join(f"{each}\n\n" for each in shown)
