"""The calls in an answer: pieces in, whole calls out. No I/O, no thread."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from suggestions._sources.text_so_far import TextSoFar
from suggestions.dialects.delta import FunctionCallPiece, ToolCallPiece
from suggestions.events import FunctionCall, ToolCall


class Call:
    """A call while it is assembled.

    Its arguments are those of its last, most complete event: the whole replaces the pieces before
    it, and pieces replace a whole that came before them, as the first one may be a placeholder.
    """

    def __init__(self, position: int | None = None) -> None:
        self.position = position
        self.id = ""
        self.name = ""
        self._pieces: list[str] = []
        self._length = 0
        self._is_whole = False
        self._is_sent_again = False  # all that there is, with each piece
        self._so_far = TextSoFar(self._pieces)

    @property
    def arguments(self) -> str:
        return "".join(self._pieces)

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    @property
    def is_open(self) -> bool:
        """Whether the arguments have begun, and are not a whole JSON value yet."""
        if self.is_empty:
            return False
        if not self._pieces[-1].rstrip().endswith("}"):
            return True  # nearly always; to parse them with each piece takes quadratic time
        arguments = self.arguments
        return _value_of(arguments) is arguments

    def add(self, piece: FunctionCallPiece | ToolCallPiece) -> None:
        if piece.name.startswith(self.name):
            self.name = piece.name  # some services send the whole name with every piece
        else:
            self.name += piece.name
        if not piece.arguments:
            return
        # Nearly no piece is one of these.
        if piece.whole or self._is_whole or piece.arguments.lstrip().startswith("{"):
            if self._pieces and self._adds_nothing(piece):
                return
            if piece.whole or self._is_whole or self._is_replaced_by(piece):
                # A new list, because snapshots of the old one may be still to be made.
                self._pieces = []
                self._so_far = TextSoFar(self._pieces)
                self._length = 0
        self._is_whole = piece.whole
        self._pieces.append(piece.arguments)
        self._length += len(piece.arguments)

    def _adds_nothing(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        # Some services send all of the arguments again, after their pieces.
        return _says_nothing(piece) or (self.repeats(piece) and not self.is_open)

    def _is_replaced_by(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        """Whether the arguments so far are no beginning of the piece's, but the piece has all."""
        if self.is_empty or not piece.arguments.startswith("{"):
            return False
        if self._length == len("{}") and self.arguments == "{}":
            return True  # a placeholder, of gateways before Anthropic
        if len(piece.arguments) <= self._length or not piece.arguments.startswith(self.arguments):
            return False
        # Some services send all of the arguments so far with each piece. But after these ends, an
        # object may be within the arguments, and begin as they do.
        self._is_sent_again |= bool(piece.name) or self.arguments.rstrip()[-1] not in ":[,"
        return self._is_sent_again

    def repeats(self, piece: FunctionCallPiece | ToolCallPiece) -> bool:
        """Whether the piece has the arguments that there are, all of them."""
        if len(piece.arguments) == self._length and piece.arguments == self.arguments:
            return True
        return piece.whole and _value_of(piece.arguments) == _value_of(self.arguments)

    def snapshot(self) -> Callable[[], FunctionCall]:
        """Makes the call as it is now, when a handler wants it."""
        return partial(_call_upto, self.name, self._so_far, len(self._pieces))

    def whole(self) -> FunctionCall:
        return FunctionCall(self.name, _decoded(self.arguments))


def _says_nothing(piece: FunctionCallPiece | ToolCallPiece) -> bool:
    return not piece.arguments or (piece.whole and piece.arguments == "{}")


def _value_of(arguments: str) -> Any:
    """Their value in JSON, in which blanks do not count; or the text itself if it is no JSON."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _decoded(arguments: str) -> str:
    """The object in arguments that are the JSON of its JSON, as vLLM sends them for Granite."""
    within = _value_of(arguments) if arguments.startswith('"') else None
    return within if isinstance(within, str) and isinstance(_value_of(within), dict) else arguments


def _call_upto(name: str, arguments: TextSoFar, count: int) -> FunctionCall:
    return FunctionCall(name, arguments.upto(count))


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

    def add(self, piece: ToolCallPiece) -> None:
        call = self._call_of(piece)
        if call is None:
            if not (piece.id or piece.name):
                return  # of a tool that the service runs itself: no piece has named it
            call = Call(piece.position)
            self._calls.append(call)
        self._last[piece.position] = self._last[None] = call
        if piece.id and not call.id:
            call.id = piece.id
            self._by_id[call.id] = self._by_place[call.id, call.position] = call
        call.add(piece)

    def whole(self) -> tuple[ToolCall, ...]:
        # Some services send nothing if a tool is called without arguments.
        whole = ((call.id, call.whole()) for call in self._calls)
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
        return not (piece.whole or call.arguments == "{}" or call.repeats(piece))

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
