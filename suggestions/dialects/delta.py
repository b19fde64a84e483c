"""Deltas: what a dialect finds in one message of the stream, in types that all dialects share.

A piece of the answer's text is a plain `str`. Everything else is one of the types below. They are
no tuples, so that a dialect which returns a single one, and not a list of them, raises an error.
They are not dataclasses, because creating those takes longer than importing all the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ..errors import SuggestionsError
from ..events import AnswerFile, Citation, Usage


class _Value:
    """Equal to a value of the same type with equal fields."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and repr(other) == repr(self)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        names = (name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ()))
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({fields})"


class Reasoning(_Value):
    """A piece of the model's reasoning, which is not part of the answer."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class WholeText(_Value):
    """All the text of one part of the answer, as the event that closes the part repeats it.

    The pieces of the part came before it, or some of them, or none: what is missing of the text is
    added. `part` says which part it is, by any value that can be a key of a dict; None is the
    whole answer.
    """

    __slots__ = ("part", "text")

    def __init__(self, text: str, part: Hashable = None) -> None:
        self.text = text
        self.part = part


class WholeReasoning(WholeText):
    """The same of the model's reasoning."""

    __slots__ = ()


class FunctionCallPiece(_Value):
    """A piece of the one function call of the older APIs; the pieces of a field are joined.

    With `whole`, `arguments` are all of the call's: they replace what had come before.
    """

    __slots__ = ("arguments", "name", "whole")

    def __init__(self, name: str = "", arguments: str = "", *, whole: bool = False) -> None:
        self.name = name
        self.arguments = arguments
        self.whole = whole


class ToolCallPiece(_Value):
    """A piece of a tool call.

    Pieces with the same `position` (the wire's `index`) are one call. But a piece with a name and
    with an `id` that is new at that position begins another call. Without a position, a piece with
    an `id` begins a call, and a piece with neither continues the last.

    With `whole`, `arguments` are all of the call's: they replace what had come before.
    """

    __slots__ = ("arguments", "id", "name", "position", "whole")

    def __init__(
        self,
        position: int | None = None,
        id: str = "",
        name: str = "",
        arguments: str = "",
        *,
        whole: bool = False,
    ) -> None:
        self.position = position
        self.id = id
        self.name = name
        self.arguments = arguments
        self.whole = whole


class Attached(_Value):
    """What comes with the text: a citation, or a file that the model made.

    The `start` and `end` of a citation count from the beginning of the `part` of the answer, if a
    `WholeText` has closed it, and else of the part that is being written. With `from_end`, they
    count from so many characters before the end of the text that was closed last. What has come
    before is not reported again.
    """

    __slots__ = ("detail", "from_end", "part")

    def __init__(
        self,
        detail: Citation | AnswerFile,
        *,
        part: Hashable = None,
        from_end: int | None = None,
    ) -> None:
        self.detail = detail
        self.part = part
        self.from_end = from_end


class OpaquePiece(_Value):
    """A piece of a part of the answer that the service has signed or encrypted.

    Only the service can read it, and it goes back there as it came, as a part of the assistant's
    message. Pieces with the same `position` are one part: a text is joined to the text that the
    field has, unless it is a name (`type`, `id`, `format`, `service`); any other value replaces it.
    With `whole`, the piece replaces all. The part counts once a piece `is_last`; one that was cut
    off is refused by its service. A part `for_calls` counts if the answer has calls of tools. The
    position None is for the parts of a list that repeats all of the answer: they count only if no
    part with a position does.

    The part stands after the text that had come before its first piece; with `from_end`, so many
    characters before the end of the text that was closed last. A part of the type "item" or "call"
    may only name what is in the message anyway: then it counts only beside one that says more.
    """

    __slots__ = ("fields", "for_calls", "from_end", "is_last", "position", "whole")

    def __init__(
        self,
        position: Hashable,
        fields: Mapping[str, Any],
        *,
        is_last: bool = False,
        whole: bool = False,
        for_calls: bool = False,
        from_end: int | None = None,
    ) -> None:
        self.position = position
        self.fields = fields
        self.for_calls = for_calls
        self.from_end = from_end
        self.is_last = (is_last or whole) and not for_calls
        self.whole = whole


class OtherChoice(_Value):
    """What a choice with an index other than 0 says.

    The choices after the first are alternatives to it, and are not part of the answer. But some
    services have just one, with the index 1: at the end, it counts if there was no first.
    """

    __slots__ = ("deltas", "index")

    def __init__(self, index: int, deltas: Sequence[Delta]) -> None:
        self.index = index
        self.deltas = deltas


class Finish(_Value):
    """The model's reason to stop: "stop", "length", "tool_calls", "content_filter" …

    "" if the wire names none for an answer that is complete: it is "tool_calls" if there are calls,
    and else "stop".
    """

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
    """The stream's terminator: nothing after it is read."""

    __slots__ = ()


DONE = Done()

Delta = (
    str
    | Reasoning
    | WholeText
    | FunctionCallPiece
    | ToolCallPiece
    | OpaquePiece
    | Attached
    | OtherChoice
    | Usage
    | Finish
    | Source
    | Failure
    | Done
)
