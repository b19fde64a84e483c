"""The calls in an answer: pieces in, whole calls out. No I/O, no thread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..dialects.delta import FunctionCallPiece, ToolCallPiece
from ..events import FunctionCall, PartialToolCall, ToolCall
from .text_so_far import TextSoFar

_BLANKS = " \t\r\n"
_MARKS = re.compile(r'(?s:\\.?|["{}])')
# How many times longer one JSON text may be than another of the same value: an escape such as
# \u00e9 has six characters.
_MOST_ESCAPED = 8


class Call:
    """A call while it is assembled, in time that grows with the pieces alone.

    Its arguments are those of its last, most complete event: the whole replaces the pieces before
    it, and pieces replace a whole that came before them, as the first one may be a placeholder.
    """

    __slots__ = (
        *("number", "position", "id", "_names", "_name_length", "_name", "_shown_name"),
        *("_is_whole", "_is_sent_again", "_pieces", "_length", "_shown_arguments", "_end"),
    )

    def __init__(self, position: int | None = None, number: int = 0) -> None:
        self.number = number  # of the calls before it
        self.position = position
        self.id = ""
        self._is_whole = False
        self._is_sent_again = False  # all that there is, with each piece
        self._set_name()
        self._drop_arguments()

    # New lists, because snapshots of the old ones may be still to be made. Those are made on the
    # handlers' thread, so they have a `TextSoFar` of their own.

    def _set_name(self, *names: str) -> None:
        self._names = list(names)
        self._name_length = sum(map(len, names))
        self._name = TextSoFar(self._names)
        self._shown_name: TextSoFar | None = None

    def _drop_arguments(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._shown_arguments: TextSoFar | None = None
        self._end: ObjectEnd | None = None

    @property
    def name(self) -> str:
        return self._name.whole()

    @property
    def arguments(self) -> str:
        return "".join(self._pieces)

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    @property
    def is_placeholder(self) -> bool:
        return self._length == len("{}") and self.arguments == "{}"

    @property
    def is_open(self) -> bool:
        """Whether the arguments have begun, and are not a whole JSON value yet."""
        if self._end is None:
            self._end = ObjectEnd(self._pieces)
        return not (self.is_empty or self._end.is_here())

    def _add_name(self, name: str) -> None:
        if len(name) >= self._name_length and name.startswith(self.name):
            # Some services send the whole name with every piece.
            if len(name) > self._name_length:
                self._set_name(name)
        elif name:
            self._names.append(name)
            self._name_length += len(name)

    def add(self, piece: FunctionCallPiece | ToolCallPiece) -> None:
        self._add_name(piece.name)
        if not piece.arguments:
            return
        # Nearly no piece is one of these.
        if piece.whole or self._is_whole or piece.arguments.lstrip().startswith("{"):
            if self._pieces and self._adds_nothing(piece):
                return
            if piece.whole or self._is_whole or self._is_replaced_by(piece):
                self._drop_arguments()
        self._is_whole = piece.whole
        self._pieces.append(piece.arguments)
        self._length += len(piece.arguments)

    def _adds_nothing(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        # Some services send all of the arguments again, after their pieces.
        return _says_nothing(piece) or (self.repeats(piece) and not self.is_open)

    def _is_replaced_by(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        """Whether the piece does not continue the arguments so far, but has all of them."""
        if self.is_empty or not piece.arguments.startswith("{"):
            return False
        if self.is_placeholder:
            return True  # of gateways before Anthropic
        if len(piece.arguments) <= self._length or not piece.arguments.startswith(self.arguments):
            return False
        # Some services send all of the arguments so far with each piece. But after one of these
        # ends, an object within the arguments may begin as they do.
        self._is_sent_again |= bool(piece.name) or self.arguments.rstrip()[-1] not in ":[,"
        return self._is_sent_again

    def repeats(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        """Whether the piece has the same arguments, all of them."""
        if len(piece.arguments) == self._length and piece.arguments == self.arguments:
            return True
        # Parsing what is much longer, for each of many pieces, would take quadratic time.
        is_alike = self._length <= _MOST_ESCAPED * len(piece.arguments)
        return piece.whole and is_alike and _value_of(piece.arguments) == _value_of(self.arguments)

    def snapshot(self) -> Callable[[], FunctionCall]:
        """Makes the call as it is now, when a handler wants it."""
        if self._has_one_piece():
            return partial(FunctionCall, "".join(self._names), "".join(self._pieces))
        name, arguments = self._shown()
        return partial(_call_upto, name, len(self._names), arguments, len(self._pieces))

    def tool_snapshot(self) -> ToolCallSoFar:
        shown = None if self._has_one_piece() else self._shown()
        return ToolCallSoFar(self.number, self.id, self._names, self._pieces, shown)

    def _has_one_piece(self) -> bool:
        return len(self._names) < 2 and len(self._pieces) < 2  # nothing to join

    def _shown(self) -> tuple[TextSoFar, TextSoFar]:
        name = self._shown_name = self._shown_name or TextSoFar(self._names)
        arguments = self._shown_arguments = self._shown_arguments or TextSoFar(self._pieces)
        return name, arguments

    def whole(self) -> FunctionCall:
        return FunctionCall(self.name, _decoded(self.arguments))


def _says_nothing(piece: FunctionCallPiece | ToolCallPiece) -> bool:
    return not piece.arguments or (piece.whole and piece.arguments == "{}")


def _value_of(arguments: str) -> Any:
    """Their value in JSON, in which blanks do not count; or the text itself if it is not JSON."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _decoded(arguments: str) -> str:
    """The object in arguments that are the JSON of its JSON, as vLLM sends them for Granite."""
    within = _value_of(arguments) if arguments.startswith('"') else None
    return within if isinstance(within, str) and isinstance(_value_of(within), dict) else arguments


def _call_upto(name: TextSoFar, names: int, arguments: TextSoFar, count: int) -> FunctionCall:
    return FunctionCall(name.upto(names), arguments.upto(count))


def new_call_id() -> str:
    import uuid  # takes long to import, and most answers need none

    return f"call_{uuid.uuid4().hex}"


class ToolCallSoFar:
    """Makes a tool call as it was after one of its pieces, when a handler wants it.

    For a relay it has the pieces themselves: sending all of the arguments again with each piece
    would take quadratic time. `number` is the call's among those of the answer.
    """

    __slots__ = ("_count", "_names", "_names_count", "_pieces", "_shown", "id", "number")

    def __init__(
        self,
        number: int,
        id: str,
        names: list[str],
        pieces: list[str],
        shown: tuple[TextSoFar, TextSoFar] | None,
    ) -> None:
        self.number = number
        self.id = id
        self._names, self._names_count = names, len(names)
        self._pieces, self._count = pieces, len(pieces)
        self._shown = shown

    def __call__(self) -> PartialToolCall:
        if self._shown is None:
            return PartialToolCall(self.id, self.name, self.arguments_after(None) or "")
        name, arguments = self._shown
        return PartialToolCall(self.id, name.upto(self._names_count), arguments.upto(self._count))

    @property
    def name(self) -> str:
        return "".join(self._names[: self._names_count])

    def arguments_after(self, earlier: ToolCallSoFar | None) -> str | None:
        """What its arguments have more than at an earlier piece; None if they replace those."""
        start = earlier._count if earlier else 0
        if start and earlier and earlier._pieces is not self._pieces:
            return None
        return "".join(self._pieces[start : self._count])


class ObjectEnd:
    """Finds the end of the JSON object that pieces begin with. It looks at each piece once."""

    __slots__ = (
        *("_pieces", "_count", "_depth", "_is_in_text", "_is_escaped", "_has_ended"),
        "_is_whole",
    )

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._count = 0  # of the pieces that it has looked at
        self._depth = 0
        self._is_in_text = False
        self._is_escaped = False  # the next character
        self._has_ended = False
        self._is_whole: bool | None = None  # None while it is not known

    def is_here(self) -> bool:
        """Whether the pieces are one whole object, followed by blanks alone."""
        while self._is_whole is not False and self._count < len(self._pieces):
            self._read(self._pieces[self._count])
            self._count += 1
        if self._has_ended and self._is_whole is None:
            text = "".join(self._pieces)
            self._is_whole = _value_of(text) is not text
        return bool(self._is_whole)

    def _read(self, piece: str) -> None:
        if not (self._depth or self._has_ended):
            piece = piece.lstrip(_BLANKS)
            if piece and not piece.startswith("{"):
                self._is_whole = False
                return
        rest = piece if self._has_ended else self._after_end(piece)
        if rest.strip(_BLANKS):
            self._is_whole = False

    def _after_end(self, piece: str) -> str:
        """What follows the end of the object in this piece; "" if it does not end here."""
        start, self._is_escaped = int(self._is_escaped and bool(piece)), False
        for match in _MARKS.finditer(piece, start):
            mark = match[0]
            self._is_escaped = mark == "\\"  # at the end of the piece
            if mark == '"':
                self._is_in_text = not self._is_in_text
            elif mark in "{}" and not self._is_in_text:
                self._depth += 1 if mark == "{" else -1
                if not self._depth:
                    self._has_ended = True
                    return piece[match.end() :]
        return ""


class ToolCalls:
    """All calls of tools in an answer."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        # The last call with an id, and the last with that id at a position.
        self._by_id: dict[str, Call] = {}
        self._by_place: dict[tuple[str, int | None], Call] = {}
        # The call of the last piece, by that piece's position; under None, of the last at all.
        self._last: dict[int | None, Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, piece: ToolCallPiece) -> Call | None:
        """Returns the call that the piece is of; None if it is of a tool that the service runs
        itself, which no piece has named."""
        call = self._call_of(piece)
        if call is None:
            if not (piece.id or piece.name):
                return None
            call = Call(piece.position, len(self._calls))
            self._calls.append(call)
        self._last[piece.position] = self._last[None] = call
        if piece.id and not call.id:
            call.id = piece.id
            self._by_id[call.id] = self._by_place[call.id, call.position] = call
        call.add(piece)
        return call

    def whole(self) -> tuple[ToolCall, ...]:
        # Some services send nothing if a tool is called without arguments, and some have no ids,
        # by which the result of a tool names the call that it answers.
        whole = ((call.id or new_call_id(), call.whole()) for call in self._calls)
        return tuple(ToolCall(id, call.name, call.arguments or "{}") for id, call in whole)

    def _call_of(self, piece: ToolCallPiece) -> Call | None:
        """The call that a piece continues, None if it opens another."""
        call = self._with_id_of(piece) if piece.id else None
        if call:
            return None if self._is_another(call, piece) else call
        last = self._last.get(piece.position)
        if last is None:
            latest = self._last.get(None)  # its index may come late
            last = latest if latest and latest.position is None and not piece.name else None
        return last if last and self._continues(last, piece) else None

    def _with_id_of(self, piece: ToolCallPiece) -> Call | None:
        call = self._by_place.get((piece.id, piece.position))
        if call is None and (piece.whole or piece.position is None):
            call = self._by_id.get(piece.id)
        return call

    @staticmethod
    def _is_another(call: Call, piece: ToolCallPiece) -> bool:
        """Whether a piece with the id of this call is of another: some services have one id for
        all calls. The arguments of this call are complete then, and the piece begins others."""
        if not (piece.name and piece.arguments.startswith("{")) or call.is_empty or call.is_open:
            return False
        if piece.name != call.name:
            return True
        return not (piece.whole or call.is_placeholder or call.repeats(piece))

    @staticmethod
    def _continues(call: Call, piece: ToolCallPiece) -> bool:
        """Whether a piece at the place of this call continues it, even if its id differs."""
        has_new_id = bool(piece.id and call.id)
        if not piece.name:
            # Some services have a new id for each piece of a call.
            return not has_new_id or piece.position is not None
        if not call.name:
            return True
        # Some services have one index for all calls, and others neither index nor id.
        has_name = piece.name == call.name
        repeats = has_name and (_says_nothing(piece) or call.repeats(piece))
        if has_new_id:
            # Some gateways have a new id in each event, also in the one that closes the call.
            return piece.whole and (repeats or (has_name and call.is_empty))
        if call.is_empty:
            return piece.position is not None or piece.name.startswith(call.name)
        return repeats or (has_name and call.is_open)
