"""The body of `POST /chat/completions`, as clients of OpenAI send it; and refusals of it.

Source: OpenAI's API reference, "Create chat completion".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._util.one_line import printable
from .frames.openai import asks_for_usage
from .frames.openai_errors import error_object

_LONGEST = 500  # characters of a message: it may quote a word of the request
_INVALID = "invalid_request_error"


class Refused(Exception):
    """What the client gets in place of an answer: a status, and an object with `error`."""

    def __init__(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        kind = _INVALID if status < 500 else "server_error"
        self.status = status
        self.value = error_object(printable(message)[:_LONGEST], kind, code, param)
        self.headers: dict[str, str] = {}


class Asking(NamedTuple):
    """What a client asks for. `model` is None if it names none."""

    model: str | None
    messages: list[Any]
    parameters: dict[str, Any]
    is_streamed: bool
    wants_usage: bool


def read_request(body: bytes) -> Asking:
    """Raises `Refused`. The items of the messages are checked when they are asked."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(
            400, "We could not parse the JSON body of your request: expected a JSON object."
        ) from None
    if not isinstance(value, dict):
        raise Refused(400, "The body of the request must be a JSON object.")
    # Clients in some languages send null for what is not set.
    given = {name: each for name, each in value.items() if each is not None}
    messages = given.pop("messages", None)
    if not isinstance(messages, list):
        raise _wrong("messages", "expected a list of messages")
    if not messages:
        raise _wrong("messages", "the list is empty: expected at least one message")
    model = given.pop("model", None)
    if not isinstance(model, (str, type(None))):
        raise _wrong("model", "expected a text")
    is_streamed = given.pop("stream", False)
    if not isinstance(is_streamed, bool):
        raise _wrong("stream", "expected true or false")
    wants_usage = asks_for_usage(given)
    if not isinstance(given.pop("stream_options", {}), Mapping):
        raise _wrong("stream_options", "expected an object")
    if given.pop("n", 1) != 1:
        raise _wrong("n", "only one choice can be asked for: expected 1")
    return Asking(model, messages, given, is_streamed, wants_usage)


def _wrong(param: str, expected: str) -> Refused:
    return Refused(400, f"Invalid value for '{param}': {expected}.", "invalid_value", param)
