"""The events of AG-UI 1.0, the protocol between agents and their front ends.

Source: the npm packages `@ag-ui/core` (its schemas) and `@ag-ui/client` (`verifyEvents`, and how a
client applies the events to its messages), version 1.0. Clients from 0.0.45 on read what is sent
here; those before 1.0 have no word for the end of an answer that was stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from ...errors import AbortedError
from ...events import Event, ToolCall
from ..tool_result import RelayedResult
from .protocol import (
    ENDINGS,
    PARTS,
    AnswerFacts,
    Wording,
    as_text,
    counts_of,
    error_of,
    events_of,
    sse,
    text_sse,
)
from .tool_calls import CallPieces, with_id


class AgUiFrames:
    """Text, reasoning, and tool calls in pieces with their results; citations and files as `CUSTOM`
    events. At the end comes `RUN_FINISHED` with the usage, or else `RUN_ERROR`.

    All text and all calls of one answer of the model are one message. `RUN_STARTED` is sent when
    the service has accepted the request; what fails before is `RUN_ERROR` alone.
    """

    optional = PARTS
    by_default: Collection[str] = PARTS

    def __init__(
        self,
        source: AnswerFacts,
        wording: Wording,
        events: Collection[str],
        thread_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self.event_names: tuple[str, ...] = ("open", "chunk", "step", *events_of(events), *ENDINGS)
        self.message_id: str | None = None
        self._run = {
            "threadId": _new_id() if thread_id is None else thread_id,
            "runId": _new_id() if run_id is None else run_id,
        }
        self._source = source
        self._wording = wording
        self._has_usage = "usage" in events
        self._has_begun = False
        self._block = ""  # "TEXT" or "REASONING", if one is open
        self._block_id = self._before_piece = ""
        self._calls = _Calls()

    def encode(self, event: Event[Any]) -> bytes:
        kind, detail = event.type, event.detail
        if kind in ("chunk", "reasoning"):
            return self._piece("TEXT" if kind == "chunk" else "REASONING", detail)
        if kind == "open":
            return self._begin()
        if kind == "step":
            ended, self.message_id = self._end_block(), None
            self._calls.start_step()
            return ended
        if kind == "done":
            return self._begin() + self._end_block() + self._finished()
        if kind == "abort" and self._has_begun and not self._calls.are_open:
            return self._end_block() + self._finished(outcome={"type": "cancelled"})
        if kind in ENDINGS:
            return self._end_block() + self._failed(event)
        before = self._begin() + self._end_block()
        if kind == "tool_result":
            return before + self._calls.result(detail)
        if kind in ("citation", "file"):
            return before + sse({"type": "CUSTOM", "name": kind, "value": detail._asdict()})
        return before + self._call(detail)

    def _begin(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        return sse({"type": "RUN_STARTED", **self._run})

    def _message(self) -> str:
        """The id of the message that the model's answer is."""
        self.message_id = self.message_id or _new_id()
        return self.message_id

    def _piece(self, block: str, text: str) -> bytes:
        """A piece of a block, which begins with its first piece and ends when another begins."""
        begun = b"" if self._block == block else self._begin_block(block)
        return begun + text_sse(self._before_piece, text)

    def _begin_block(self, block: str) -> bytes:
        before = self._begin() + self._end_block()
        # Text that follows a call is added to the message that has begun before the call.
        self._block, id = block, self._message() if block == "TEXT" else _new_id()
        self._block_id, start = id, {"messageId": id}
        self._before_piece = (
            f'data: {{"type": "{block}_MESSAGE_CONTENT", "messageId": "{id}", "delta": '
        )
        if block == "TEXT":
            return before + sse({"type": "TEXT_MESSAGE_START", **start, "role": "assistant"})
        before += sse({"type": "REASONING_START", **start})
        return before + sse({"type": "REASONING_MESSAGE_START", **start, "role": "reasoning"})

    def _end_block(self) -> bytes:
        if not self._block:
            return b""
        block, self._block = self._block, ""
        named = {"messageId": self._block_id}
        ended = sse({"type": f"{block}_MESSAGE_END", **named})
        return ended if block == "TEXT" else ended + sse({"type": "REASONING_END", **named})

    def _call(self, detail: Any) -> bytes:
        call = with_id(detail)
        if isinstance(call, ToolCall):
            return self._calls.whole(call, self._message())
        return self._calls.piece(call, self._message())

    def _finished(self, **more: Any) -> bytes:
        source = self._source
        about = {"finishReason": source.finish_reason or "stop"} if not more else {}
        if source.model:
            about["model"] = source.model
        said = {"metadata": about} if about else {}
        return sse({"type": "RUN_FINISHED", **self._run, **more, **self._usage(), **said})

    def _failed(self, event: Event[Any]) -> bytes:
        error = error_of(event)
        is_stopped = event.type == "abort" or isinstance(error, AbortedError)
        code = "abort" if is_stopped else error.code  # the client's own word
        failed = {"type": "RUN_ERROR", "message": self._wording.sentence(error), "code": code}
        said: dict[str, Any] = {}
        if error.retry_after is not None:
            said["metadata"] = {"retryAfter": error.retry_after}  # seconds
        return sse({**failed, **self._usage(), **said})

    def _usage(self) -> dict[str, Any]:
        usage = self._source.usage
        if usage is None or not self._has_usage:
            return {}
        model = {"model": self._source.model} if self._source.model else {}
        return {"usage": [{**model, **counts_of(usage)}]}


class _Calls:
    """The calls of tools of a run, each with an id of its own, and their results."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        """A client fails at a second call with an id that is open."""
        self._ended: set[str] = set()
        self.start_step()

    def start_step(self) -> None:
        self._pieces = CallPieces()
        self._open: dict[int, str] = {}  # the id of each call, by the number of calls before it
        self._whole = 0

    @property
    def are_open(self) -> bool:
        return bool(self._open)

    def piece(self, detail: Any, message: str) -> bytes:
        return self._added(detail.number, self._pieces.of_piece(detail), message)

    def whole(self, call: ToolCall, message: str) -> bytes:
        number, self._whole = self._whole, self._whole + 1
        rest = self._added(number, self._pieces.of_whole(call), message)
        id = self._open.pop(number)
        self._ended.add(id)
        return rest + sse({"type": "TOOL_CALL_END", "toolCallId": id})

    def result(self, result: RelayedResult) -> bytes:
        """A client would take the result of a call that it does not know into its history, and no
        service takes that."""
        if result.call_id not in self._ended:
            return b""
        answered = {"messageId": _new_id(), "toolCallId": result.call_id, "role": "tool"}
        said = {"metadata": {"isError": True}} if result.is_error else {}
        text = as_text(result.output)
        return sse({"type": "TOOL_CALL_RESULT", **answered, "content": text, **said})

    def _added(self, number: int, added: Mapping[str, Any] | None, message: str) -> bytes:
        if added is None:
            return b""
        data = b""
        if "id" in added:
            id = self._open[number] = self._own_id(added["id"])
            start = {"toolCallName": added["name"], "parentMessageId": message}
            data = sse({"type": "TOOL_CALL_START", "toolCallId": id, **start})
        if added["arguments"]:
            delta = {"toolCallId": self._open[number], "delta": added["arguments"]}
            data += sse({"type": "TOOL_CALL_ARGS", **delta})
        return data

    def _own_id(self, id: str) -> str:
        """Some services have one id for all calls."""
        own = id if id not in self._known else f"call_{_new_id()}"
        self._known.add(own)
        return own


def _new_id() -> str:
    return uuid.uuid4().hex
