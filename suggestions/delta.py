"""Deltas: what a dialect finds in one message of the stream, in words that every dialect shares.

A piece of the answer's text is a plain `str`. Everything else is one of the types below. None of
them is a tuple: a dialect that returns one where it should yield it is told so.
"""

from __future__ import annotations

from dataclasses import dataclass

from suggestions.errors import SuggestionsError
from suggestions.events import Usage


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of the text that the model thinks aloud; no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class FunctionCallPiece:
    """A piece of the (one, legacy) function call; pieces of a field are joined."""

    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallPiece:
    """A piece of a tool call.

    Pieces with one `position` (the wire's `index`) are one call. Without it, an `id` opens a
    call and a piece without either continues the last.
    """

    position: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The model's reason to stop: "stop", "length", "tool_calls", "content_filter" …"""

    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """Which model answers, and the service's id of the request."""

    model: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The service reported an error in the stream."""

    error: SuggestionsError


@dataclass(frozen=True, slots=True)
class Done:
    """The stream's own terminator: nothing after it is read."""


DONE = Done()

Delta = (
    str | Reasoning | FunctionCallPiece | ToolCallPiece | Usage | Finish | Source | Failure | Done
)
