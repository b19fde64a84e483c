"""What every wire format asks the model, and what it gets: plain values, no wire in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One turn of the conversation."""

    role: str
    text: str


@dataclass(frozen=True)
class Tool:
    """A function that the model may call; `parameters` is its JSON schema."""

    name: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Chat:
    """A question with all that goes with it. `max_tokens` bounds the answer, None is no bound."""

    messages: tuple[Message, ...]
    model: str = "playground"
    tools: tuple[Tool, ...] = ()
    max_tokens: int | None = None


@dataclass(frozen=True)
class Call:
    """The wish to have a function called; `arguments` is JSON text."""

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
