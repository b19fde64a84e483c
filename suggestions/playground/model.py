"""The model: a conversation in, a reply out, as plain values without a wire format in them. The
same conversation always gets the same reply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .answers import (
    CANNOT_DRAW,
    DRAWN,
    Source,
    answer_to,
    shorten,
    sources_for,
    wants_picture,
)
from .objects import value_for
from .pictures import Picture, picture_for

MODELS = ("playground", "playground-reasoner")

_RESULTS = ("tool", "function")  # the roles of a call's result
_QUESTIONS = ("user", "jetpack-ai")

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
    `thinks` is whether the model thinks aloud first; None leaves it to the model's name. `draws` is
    whether an answer may have an image.
    """

    messages: tuple[Message, ...]
    model: str = "playground"
    tools: tuple[Tool, ...] = ()
    max_tokens: int | None = None
    answer: str | None = None
    thinks: bool | None = None
    draws: bool = False


@dataclass(frozen=True)
class Call:
    """A function that the model wants called; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Citation:
    """The source of the answer's text from `start` to `end`, in characters."""

    start: int
    end: int
    source: Source


@dataclass(frozen=True)
class Reply:
    """An answer: `tokens` joined are its text, or else `calls` say what to call.

    `reasoning` holds the tokens of the thinking before it; `prompt_tokens` counts the question, and
    `cached_tokens` the part of it that the question before had, too. A citation begins and ends
    with a token.
    """

    tokens: tuple[str, ...]
    reasoning: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    cached_tokens: int = 0
    citations: tuple[Citation, ...] = ()
    picture: Picture | None = None

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    @property
    def thinking(self) -> str:
        return "".join(self.reasoning)


def reply_to(chat: Chat) -> Reply:
    """The reply to the last message of `chat`, which has at least one.

    A question that names a tool gets a call of it (see `_calls_for`), the result of a tool gets a
    sentence about it. A question that says "cite" or "sources" gets some, one that says "draw" a
    picture. A model with "reasoner" in its name thinks aloud first.
    """
    last = chat.messages[-1]
    thinks = is_reasoner(chat.model) if chat.thinks is None else chat.thinks
    counts = [_TOKENS_PER_MESSAGE + len(tokenize(message.text)) for message in chat.messages]
    reply = Reply(
        tokens=(),
        reasoning=tokenize(_thoughts(last.text)) if thinks else (),
        prompt_tokens=sum(counts),
        cached_tokens=sum(counts[: _before(chat.messages)]),
    )
    if last.role not in _RESULTS and (calls := _calls_for(last.text, chat.tools)):
        return replace(reply, calls=calls, finish_reason="tool_calls")
    tokens, citations = _said(chat)
    drawn = chat.draws and _is_asked_to_draw(chat)
    reply = replace(reply, picture=picture_for(last.text) if drawn else None)
    if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
        tokens = tokens[: chat.max_tokens]
        length = sum(map(len, tokens))
        citations = tuple(each for each in citations if each.end <= length)
        return replace(reply, tokens=tokens, citations=citations, finish_reason="length")
    return replace(reply, tokens=tokens, citations=citations)


def is_reasoner(model: str) -> bool:
    """Whether a model of this name thinks aloud before it answers."""
    return "reasoner" in model


def _before(messages: Sequence[Message]) -> int:
    """How many messages the question before had: those before the model's last answer."""
    answers = (n for n, message in enumerate(messages) if message.role == "assistant")
    return max(answers, default=0)


def _is_asked_to_draw(chat: Chat) -> bool:
    last = chat.messages[-1]
    return chat.answer is None and last.role not in _RESULTS and wants_picture(last.text)


def _said(chat: Chat) -> tuple[tuple[str, ...], tuple[Citation, ...]]:
    """The tokens of the answer, and what it cites."""
    if chat.answer is not None:
        return tokenize(chat.answer), ()
    last = chat.messages[-1]
    tokens = [*tokenize(_text(chat))]
    citations: list[Citation] = []
    for source in sources_for(last.text) if last.role not in _RESULTS else ():
        tokens.append(" " if citations else "\n\n")
        start = sum(map(len, tokens))
        tokens += tokenize(source.sentence)
        citations.append(Citation(start, start + len(source.sentence), source))
    return tuple(tokens), tuple(citations)


def _text(chat: Chat) -> str:
    *earlier, last = chat.messages
    if last.role in _RESULTS:
        answer = f'The tool answered: "{shorten(last.text)}". That is **all** I needed to know.'
    elif _is_asked_to_draw(chat):
        answer = DRAWN if chat.draws else CANNOT_DRAW
    else:
        answer = answer_to(last.text)
    if last.images:
        answer = f"I see {_counted(last.images, 'image')}.\n\n{answer}"
    if last.role in _RESULTS:
        earlier = _before_question(earlier)
    return "\n\n".join([answer, *_memories(earlier)])


def _before_question(messages: list[Message]) -> list[Message]:
    """Those before the newest question."""
    numbers = [n for n, message in enumerate(messages) if message.role in _QUESTIONS]
    return messages[: numbers[-1]] if numbers else messages


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _memories(earlier: Sequence[Message]) -> Iterator[str]:
    """A line each for the system message and for the question before this one."""
    if system := _latest(earlier, "system", "developer"):
        yield f'*I keep my instructions in mind: "{shorten(system, 80)}"*'
    if asked := _latest(earlier, *_QUESTIONS):
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
