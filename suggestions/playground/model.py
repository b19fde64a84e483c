"""The model: a conversation in, a reply out. The same one always gets the same reply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .answers import answer_to, shorten
from .calls import calls_for
from .chat import Chat, Message, Reply
from .tokens import tokenize

MODELS = ("playground", "playground-reasoner")

_RESULTS = ("tool", "function")  # the roles that bring the result of a call

# What a chat format spends on the frame of a message, as the real services count it.
_TOKENS_PER_MESSAGE = 4


def reply_to(chat: Chat) -> Reply:
    """The reply to the last message of `chat`, which has at least one.

    A question that names a tool is answered by a call of it (the rule is in `calls`), the result of
    a tool by a sentence about it. A model with "reasoner" in its name thinks aloud first.
    """
    last = chat.messages[-1]
    reasoning = tokenize(_thoughts(last.text)) if "reasoner" in chat.model else ()
    prompt_tokens = sum(_TOKENS_PER_MESSAGE + len(tokenize(m.text)) for m in chat.messages)
    calls = calls_for(last.text, chat.tools) if last.role not in _RESULTS else ()
    if calls:
        return Reply((), reasoning, calls, "tool_calls", prompt_tokens)
    tokens = tokenize(_text(chat.messages))
    if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
        return Reply(tokens[: chat.max_tokens], reasoning, (), "length", prompt_tokens)
    return Reply(tokens, reasoning, (), "stop", prompt_tokens)


def _text(messages: Sequence[Message]) -> str:
    *earlier, last = messages
    if last.role in _RESULTS:
        answer = f'The tool answered: "{shorten(last.text)}". That is **all** I needed to know.'
    else:
        answer = answer_to(last.text)
    return "\n\n".join([answer, *_memories(earlier)])


def _memories(earlier: Sequence[Message]) -> Iterator[str]:
    """A line for what the model was told before: the system message, and the last question."""
    if told := _latest(earlier, "system", "developer"):
        yield f'*I keep in mind what I was told: "{shorten(told, 80)}"*'
    if asked := _latest(earlier, "user", "jetpack-ai"):
        yield f'*Before this, you asked: "{shorten(asked, 80)}"*'


def _latest(messages: Sequence[Message], *roles: str) -> str:
    return next((message.text for message in reversed(messages) if message.role in roles), "")


def _thoughts(question: str) -> str:
    return (
        f'The question is "{shorten(question, 80)}". First I look whether I know the answer by '
        "heart. If I do, I say it in a few sentences; if I do not, I say so and stay friendly."
    )
