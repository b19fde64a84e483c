"""A wire: the bytes that a service is known to send, and what a user gets.

The bytes are made up; what is odd about them is what users of that service have reported in public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

from suggestions import Dialect
from suggestions.errors import SuggestionsError
from suggestions.events import AnswerFile, Citation

SSE = "text/event-stream; charset=utf-8"
JSON = "application/json"
NDJSON = "application/x-ndjson"
PLAIN = "text/plain; charset=utf-8"
HTML = "text/html"

Call = tuple[str, Any]
"""The name of a tool, and its arguments: a dict is compared as JSON, a str as it is."""


class Received(NamedTuple):
    """What a user gets. A field that is `...` may have any value."""

    text: str
    error: type[SuggestionsError] | None
    """None for `done`, or else a class of the error."""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    function: Call | None = None
    usage: tuple[int, int] | EllipsisType | None = None
    """The tokens of the question, and those of the answer."""
    finish: str | EllipsisType | None = ...
    quotes: tuple[str, ...] = ()
    """Parts of the error's message."""
    lacks: tuple[str, ...] = ()
    """Words that would mislead in the error's message."""
    retry_after: float | None = None
    citations: tuple[Citation, ...] = ()
    files: tuple[AnswerFile, ...] = ()
    parts: tuple[Mapping[str, Any], ...] = ()
    """The content of the assistant's message; empty if that is the text alone."""


def done(
    text: str = "", *, finish: str | EllipsisType | None = "stop", **received: Any
) -> Received:
    return Received(text, None, finish=finish, **_frozen(received))


def failed(
    error: type[SuggestionsError],
    text: str = "",
    *,
    usage: tuple[int, int] | EllipsisType | None = ...,
    **received: Any,
) -> Received:
    return Received(text, error, usage=usage, **_frozen(received))


def _frozen(received: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in received.items()}


class Wire(NamedTuple):
    name: str
    """Who sends it, and what is odd about it."""
    dialect: str | Dialect
    body: bytes
    received: Received
    status: int = 200
    content_type: str = SSE
    headers: Mapping[str, str] = {}


Table = Sequence[Wire]
