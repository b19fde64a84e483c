"""The model: a conversation in, a reply out, as plain values without a wire format in them. The
same conversation always gets the same reply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .answers import answer_to, shorten
from .objects import value_for

MODELS = ("playground", "playground-reasoner")

_RESULTS = ("tool", "function")  # the roles of a call's result

# What a chat format spends on the frame of a message, as the real services count it.
_TOKENS_PER_MESSAGE = 4

# In this order: ideographs and whatever lies beyond them (emoji), two at a time at most; a word or
# a run of signs with the space before it; line ends; any other space. Together they match anything.
_PIECE = re.compile(r"[\u2e80-\U0010ffff]{1,2}| ?[^\W\u2e80-\U0010ffff]+| ?[^\w\s]+|\n+|\s")
_LONGEST_WHOLE_WORD = 7


@dataclass(frozen=True)
class Message:
    """One turn of the conversation; `images` is how many it shows."""

    role: str
    text: str
    images: int = 0


@dataclass(frozen=True)
class Tool:
    """A function that the model may call; `parameters` is its JSON schema."""

    name: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Chat:
    """A question with its options. `max_tokens` limits the answer; None is no limit.

    `answer` is the answer if the request says which: an object that fits its schema, as JSON text.
    """

    messages: tuple[Message, ...]
    model: str = "playground"
    tools: tuple[Tool, ...] = ()
    max_tokens: int | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Call:
    """A function that the model wants called; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Reply:
    """An answer: `tokens` joined are its text, or else `calls` say what to call.

    `reasoning` holds the tokens of the thinking before it; `prompt_tokens` counts the question.
    """

    tokens: tuple[str, ...]
    reasoning: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"
    prompt_tokens: int = 0

    @property
    def text(self) -> str:
        return "".join(self.tokens)


def reply_to(chat: Chat) -> Reply:
    """The reply to the last message of `chat`, which has at least one.

    A question that names a tool gets a call of it (see `_calls_for`), the result of a tool gets a
    sentence about it. A model with "reasoner" in its name thinks aloud first.
    """
    last = chat.messages[-1]
    reasoning = tokenize(_thoughts(last.text)) if "reasoner" in chat.model else ()
    prompt_tokens = sum(_TOKENS_PER_MESSAGE + len(tokenize(m.text)) for m in chat.messages)
    calls = _calls_for(last.text, chat.tools) if last.role not in _RESULTS else ()
    if calls:
        return Reply((), reasoning, calls, "tool_calls", prompt_tokens)
    tokens = tokenize(_text(chat.messages) if chat.answer is None else chat.answer)
    if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
        return Reply(tokens[: chat.max_tokens], reasoning, (), "length", prompt_tokens)
    return Reply(tokens, reasoning, (), "stop", prompt_tokens)


def _text(messages: Sequence[Message]) -> str:
    *earlier, last = messages
    if last.role in _RESULTS:
        answer = f'The tool answered: "{shorten(last.text)}". That is **all** I needed to know.'
    else:
        answer = answer_to(last.text)
    if last.images:
        answer = f"I see {_counted(last.images, 'image')}.\n\n{answer}"
    return "\n\n".join([answer, *_memories(earlier)])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _memories(earlier: Sequence[Message]) -> Iterator[str]:
    """A line each for the system message and for the question before this one."""
    if system := _latest(earlier, "system", "developer"):
        yield f'*I keep my instructions in mind: "{shorten(system, 80)}"*'
    if asked := _latest(earlier, "user", "jetpack-ai"):
        yield f'*Before this, you asked: "{shorten(asked, 80)}"*'


def _latest(messages: Sequence[Message], *roles: str) -> str:
    return next((message.text for message in reversed(messages) if message.role in roles), "")


def _thoughts(question: str) -> str:
    return (
        f'The question is "{shorten(question, 80)}". First I look whether I know the answer by '
        "heart. If I do, I say it in a few sentences; if I do not, I say so and stay friendly."
    )


def _calls_for(question: str, tools: Iterable[Tool]) -> tuple[Call, ...]:
    """The calls of all the tools that the question names, in the order of the tools.

    The rule: a question calls for each tool whose name it contains, with `_` and a space the same
    ("get weather for Paris" calls `get_weather`). Its arguments are found in the question too, as
    `value_for` says.
    """
    words = _plain(question)
    return tuple(
        Call(tool.name, json.dumps(_arguments(tool, question), ensure_ascii=False))
        for tool in tools
        if _plain(tool.name) in words
    )


def _plain(text: str) -> str:
    return text.replace("_", " ").lower()


def _arguments(tool: Tool, question: str) -> object:
    # The name of the tool is not what the question is about.
    about = re.sub(re.escape(tool.name), "", question, flags=re.IGNORECASE).strip()
    return value_for({"type": "object", **tool.parameters}, about)


def tokenize(text: str) -> tuple[str, ...]:
    """The tokens of `text`; joined they are exactly `text`."""
    return tuple(token for piece in _PIECE.findall(text) for token in _cut_in_two(piece))


def _cut_in_two(piece: str) -> tuple[str, ...]:
    if len(piece.strip()) <= _LONGEST_WHOLE_WORD:
        return (piece,)
    middle = (len(piece) + 1) // 2
    return piece[:middle], piece[middle:]
