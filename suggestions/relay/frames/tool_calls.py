"""Tool calls in pieces, so that what is sent of them grows with the pieces alone."""

from __future__ import annotations

import uuid
from typing import Any

from ..._sources.calls import ToolCallSoFar
from ...events import FunctionCall, ToolCall


def with_id(call: Any) -> Any:
    """A call of the older kind has no id, and gets one."""
    return ToolCall(f"call_{uuid.uuid4().hex}", *call) if isinstance(call, FunctionCall) else call


class _Sent:
    """What has been sent of one call. It cannot be taken back, so that some pieces wait."""

    def __init__(self) -> None:
        self.last: ToolCallSoFar | None = None
        self.name = ""
        self.arguments: list[str] = []
        self._held = ""
        self._waits = False
        """The rest is sent when the call is whole."""

    def take(self, call: ToolCallSoFar) -> str:
        """What is to be sent now of the arguments, after another piece.

        A "{}" that comes first is held: it is a placeholder of some services. A JSON text in a JSON
        text, which others send, waits for the whole call, which has it decoded.
        """
        new = call.arguments_after(self.last)
        self.last = call
        if new is None:
            # Some services send all of the arguments so far with each piece, others all of them
            # first and then once more in pieces.
            whole, sent = call.arguments_after(None) or "", "".join(self.arguments)
            new, self._held = _rest(whole, sent), ""
            self._waits |= not whole.startswith(sent)
        self._waits |= not self.arguments and new.startswith('"')
        if self._waits:
            return ""
        if new == "{}" and not self.arguments:
            self._held = new
            return ""
        ready, self._held = self._held + new, ""
        if ready:
            self.arguments.append(ready)
        return ready


class CallPieces:
    """The tool calls of one answer: what is to be sent for each piece, and at the end."""

    def __init__(self) -> None:
        self._sent: dict[int, _Sent] = {}
        self._indexes: dict[int, int] = {}
        self._whole = 0
        self._before = 0

    def start_step(self) -> None:
        """Another answer of the model: its calls count from 0 again, and their indexes go on."""
        self._before += len(self._indexes)
        self._sent.clear()
        self._indexes.clear()
        self._whole = 0

    def of_piece(self, call: ToolCallSoFar) -> dict[str, Any] | None:
        """What a piece adds: `index`, and what is new of `id`, `name` and `arguments`.

        None if it adds nothing, or if the call has no id or name yet: it begins with both.
        """
        sent = self._sent.setdefault(call.number, _Sent())
        if not (call.id and call.name):
            return None
        return self._addition(call.number, sent, call.id, call.name, sent.take(call))

    def of_whole(self, call: ToolCall) -> dict[str, Any] | None:
        """The same for the next whole call: what it has more than its pieces."""
        number, self._whole = self._whole, self._whole + 1
        sent = self._sent.pop(number, None) or _Sent()
        rest = _rest(call.arguments, "".join(sent.arguments))
        return self._addition(number, sent, call.id, call.name, rest)

    def whole(self, call: ToolCall) -> dict[str, Any]:
        """All of the next whole call, with its `index`."""
        number, self._whole = self._whole, self._whole + 1
        return {"index": self._index(number), **call._asdict()}

    def _index(self, number: int) -> int:
        # Without gaps, in the order in which they are sent: openai's own client needs that.
        return self._before + self._indexes.setdefault(number, len(self._indexes))

    def _addition(
        self, number: int, sent: _Sent, id: str, name: str, arguments: str
    ) -> dict[str, Any] | None:
        is_first = not sent.name
        if not (is_first or arguments or name != sent.name):
            return None
        addition: dict[str, Any] = {"index": self._index(number)}
        if is_first:
            addition["id"] = id
        if is_first or name != sent.name:
            addition["name"] = _rest(name, sent.name)
            sent.name = name
        return {**addition, "arguments": arguments}


def _rest(whole: str, sent: str) -> str:
    """What is left to send. Of a whole that differs from what was sent, nothing can be."""
    return whole[len(sent) :] if whole.startswith(sent) else ""
