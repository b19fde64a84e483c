"""Deltas: what a dialect finds in one message of the stream, in words that every dialect shares.

A piece of the answer's text is a plain `str`. Everything else is one of the types below. None of
them is a tuple: a dialect that returns one where it should yield it is told so. Nor is any a
dataclass: making those would take longer than importing all the rest.
"""

from __future__ import annotations

from suggestions.errors import SuggestionsError
from suggestions.events import Usage


class _Value:
    """Equal to another of its type whose fields are equal."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and repr(other) == repr(self)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"


class Reasoning(_Value):
    """A piece of the text that the model thinks aloud; no part of the answer."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class FunctionCallPiece(_Value):
    """A piece of the (one, legacy) function call; pieces of a field are joined."""

    __slots__ = ("arguments", "name")

    def __init__(self, name: str = "", arguments: str = "") -> None:
        self.name = name
        self.arguments = arguments


class ToolCallPiece(_Value):
    """A piece of a tool call.

    Pieces with one `position` (the wire's `index`) are one call, unless one has a name and an
    `id` that is new there: that one opens another. Without a position, an `id` opens a call and a
    piece without either continues the last.
    """

    __slots__ = ("arguments", "id", "name", "position")

    def __init__(
        self, position: int | None = None, id: str = "", name: str = "", arguments: str = ""
    ) -> None:
        self.position = position
        self.id = id
        self.name = name
        self.arguments = arguments


class Finish(_Value):
    """The model's reason to stop: "stop", "length", "tool_calls", "content_filter" …"""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Source(_Value):
    """Which model answers, and the service's id of the request."""

    __slots__ = ("model", "request_id")

    def __init__(self, model: str | None = None, request_id: str | None = None) -> None:
        self.model = model
        self.request_id = request_id


class Failure(_Value):
    """The service reported an error in the stream."""

    __slots__ = ("error",)

    def __init__(self, error: SuggestionsError) -> None:
        self.error = error


class Done(_Value):
    """The stream's own terminator: nothing after it is read."""

    __slots__ = ()


DONE = Done()

Delta = (
    str | Reasoning | FunctionCallPiece | ToolCallPiece | Usage | Finish | Source | Failure | Done
)
