"""What a frame format is, and what all of them use."""

from __future__ import annotations

import json
from typing import Any, Protocol

from ...errors import (
    AbortedError,
    NetworkError,
    SuggestionsError,
    from_code,
)
from ...events import Event, Usage
from ..server_stop import is_stopping, stopping_error

ENDINGS = ("done", "error", "abort")
"""Every source sends exactly one of these events. It is the last one that is relayed."""

_FRIENDLY = "Sorry, the answer could not be completed. Please try again in a moment."


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
        return from_code(error.code, "").message if error.severity == "info" else _FRIENDLY


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


def sse(value: object) -> bytes:
    """One server-sent event with JSON as its data (WHATWG HTML, section 9.2.5)."""
    try:
        data = in_json(value)
    except ValueError:
        # JSON has no NaN and no Infinity, and a browser reads neither; Python does, in the counts
        # of a service.
        data = in_json(json.loads(json.dumps(value), parse_constant=lambda name: None))
    return sse_of(data)


def sse_of(data: str) -> bytes:
    """One server-sent event with this JSON as its data."""
    try:
        return f"data: {data}\n\n".encode()
    except UnicodeEncodeError:
        # Half a surrogate pair: UTF-8 cannot write it, a JSON escape can.
        return f"data: {json.dumps(json.loads(data))}\n\n".encode()
