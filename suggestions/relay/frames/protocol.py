"""What a frame format is, and what all of them use."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Protocol

from ..._sources.answer_following import TOOL_CALL_PIECE
from ...errors import (
    AbortedError,
    AuthenticationError,
    NetworkError,
    SuggestionsError,
    from_code,
)
from ...events import Event, Usage
from ..server_stop import is_stopping, stopping_error

ENDINGS = ("done", "error", "abort")
"""Every source sends exactly one of these events. It is the last one that is relayed."""

PARTS = (
    *("reasoning", "tool_call", "tool_result", "function_done"),
    *("citation", "file", "usage"),
)
"""What a front end can show of an answer besides its text."""

_SORRY = "Sorry, the answer could not be completed."
_LATER = " Please try again in a moment."


def events_of(parts: Collection[str]) -> tuple[str, ...]:
    """The events that these parts of an answer are made of. The usage comes with the end."""
    named = {"tool_call": (TOOL_CALL_PIECE, "tool_call"), "usage": ()}
    return tuple(event for part in parts for event in named.get(part, (part,)))


class AnswerFacts(Protocol):
    """What a format says of an answer besides its events: of the last one, if tools run here."""

    @property
    def finish_reason(self) -> str | None: ...

    @property
    def usage(self) -> Usage | None: ...

    @property
    def model(self) -> str | None: ...


class Frames(Protocol):
    """One answer in one format."""

    event_names: tuple[str, ...]
    """The events that the format sends something for."""
    message_id: str | None
    """The id of the message that the answer is, for a format that names it. None if the client is
    to choose it: the answer then goes on with a message that the client has."""

    def encode(self, event: Event[Any]) -> bytes:
        """What is sent for one of them: server-sent events, as bytes."""
        ...


_LARGEST_COUNT = 2**53 - 1
"""The largest one that JavaScript takes."""


def counts_of(usage: Usage) -> dict[str, int]:
    """As AG-UI's `TokenUsage` has them, and the AI SDK's `LanguageModelUsage`."""
    counts = {
        "inputTokens": usage.prompt_tokens,
        "outputTokens": usage.completion_tokens,
        "totalTokens": usage.total_tokens,
    }
    if usage.cached_tokens:
        counts["cachedInputTokens"] = usage.cached_tokens
    if usage.reasoning_tokens:
        counts["reasoningTokens"] = usage.reasoning_tokens
    return {name: count for name, count in counts.items() if 0 <= count <= _LARGEST_COUNT}


class Wording:
    """The sentence that a browser gets for an error.

    With `expose_errors` it is the service's own. Otherwise it is `message`; without one it is
    ours, which quotes no service and says what to do if the person can do something. Raises
    `TypeError`, `ValueError`.
    """

    def __init__(self, expose_errors: bool, message: str | None) -> None:
        if not isinstance(message, (str, type(None))):
            raise TypeError(f"error_message must be a str, not {type(message).__name__}")
        if message is not None and not message.strip():
            raise ValueError("error_message is empty: expected a sentence")
        self._expose = expose_errors
        self._message = message

    def sentence(self, error: SuggestionsError, plain: str = "") -> str:
        """`plain` is the sentence for a program; a person gets "try again"."""
        if self._expose or isinstance(error, AbortedError):
            return error.message
        if self._message:
            return self._message
        if plain:
            return plain
        if error.severity == "info":
            return from_code(error.code, "").message
        # Another try does not help if the service refuses the program's key.
        return _SORRY if isinstance(error, AuthenticationError) else _SORRY + _LATER


def error_of(event: Event[Any]) -> SuggestionsError:
    """The error of an `error` event. An `abort` is an error to the browser, which did not ask to
    stop."""
    if isinstance(event.detail, SuggestionsError):
        return event.detail
    if is_stopping():
        return stopping_error()
    return NetworkError("The answer was stopped before it was complete.")


in_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""A value as JSON. `json.dumps` would make a new encoder for each."""

text_in_json = json.encoder.encode_basestring
"""The same for a text, in C, without a call of Python's own."""


def json_of(value: object) -> str:
    """A value as JSON that a browser reads too. JSON has no NaN and no Infinity; Python does, in
    the counts of a service and in what a tool returns. Those are null."""
    try:
        return in_json(value)
    except ValueError:
        return in_json(json.loads(json.dumps(value), parse_constant=lambda name: None))


def as_text(value: object) -> str:
    """A text as it is, and any other value as JSON."""
    return value if isinstance(value, str) else json_of(value)


def encoded(data: str) -> bytes:
    """JSON as UTF-8, which cannot write half a surrogate pair; a JSON escape can."""
    try:
        return data.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(data)).encode()


def sse(value: object) -> bytes:
    """One server-sent event with JSON as its data (WHATWG HTML, section 9.2.5)."""
    return b"data: " + encoded(json_of(value)) + b"\n\n"


def text_sse(before: str, text: str) -> bytes:
    """One server-sent event whose last field is a text. `before` is all that comes before it, from
    "data: {" on. Most events are pieces of text, and this is the fastest way."""
    data = before + text_in_json(text) + "}"
    try:
        return (data + "\n\n").encode()
    except UnicodeEncodeError:
        return b"data: " + encoded(data.removeprefix("data: ")) + b"\n\n"
