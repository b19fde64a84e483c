"""AG-UI 1.0: what its clients ask of an agent, and the events of a run.

Such a backend is an agent behind one of the protocol's integrations, or our relay with
`frames="ag-ui"`.

Source: the npm package `@ag-ui/core`, its schemas `RunAgentInput` and `Event`, version 1.0, and of
the versions before it the events `THINKING_...`.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SuggestionsError, from_code, from_report, is_report, stopped_early
from ..events import Usage
from .ag_ui_question import ASKED, message_of, tool_of
from .base import Asked, Options, Request, refuse
from .delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from .described_tool import DescribedTool, described, with_more
from .json_message import event_in, id_of, name_of, text_of, usage_of
from .prompted import Prompted
from .relay import citation_in, file_in, seconds_in

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_OWN = {"messages": "the question", "think_tags": "an argument of the dialect"}
_Event = Mapping[str, Any]


class AgUi(Prompted):
    """`POST {url}` with a `RunAgentInput`, as `HttpAgent` of `@ag-ui/client` does. The answer is
    the events of a run, which ends with `RUN_FINISHED` or `RUN_ERROR`.

    `url` is the whole address, such as "https://app.example/agent". Each question is a run with a
    new `runId`, in a thread with a new `threadId`; a parameter or an option `threadId` names the
    thread. Other fields, such as `state`, `context` and `forwardedProps`, are parameters and
    options, too. The results of tools that the backend runs, its state, activities and steps, and
    what a subagent says are not part of the answer. The order of the events is not checked.
    """

    name = "ag-ui"
    roles = frozenset(("system", "developer", "user", "assistant", "tool"))

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, _OWN, self.name)
        asked = [{"role": "user", "content": question}] if isinstance(question, str) else question
        body: dict[str, Any] = {
            "threadId": str(uuid.uuid4()),
            "runId": str(uuid.uuid4()),
            "state": {},
            "tools": [],
            "context": [],
            "forwardedProps": {},
            **self._parameters,
            **options,
            "messages": [message_of(f"question[{n}]", message) for n, message in enumerate(asked)],
        }
        if isinstance(body["tools"], (list, tuple)):
            body["tools"] = [tool_of(tool) for tool in body["tools"]]
        return Request(self.url, body)

    def with_tools(self, options: Options, tools: Sequence[DescribedTool]) -> Options:
        given = {**self._parameters, **options}.get("tools")
        return with_more(options, "tools", given, map(described, tools))

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        event = event_in(message)
        if event is None:
            return ()
        kind = event.get("type")
        if kind == "RUN_ERROR":
            return _failed(event, message.data)
        read = _EVENTS.get(kind) if isinstance(kind, str) else None
        if read is not None:
            return () if event.get("subagentRunId") else read(event)
        if kind is None and is_report(event):
            return (Failure(from_report(event, body=message.data)),)
        return ()


# What an answer says, by the type of the event


def _text(event: _Event) -> Iterable[Delta]:
    if event.get("role") in (None, "assistant"):
        yield text_of(event.get("delta"))


def _reasoning(event: _Event) -> Iterable[Delta]:
    yield Reasoning(text_of(event.get("delta")))


def _call(event: _Event) -> Iterable[Delta]:
    id, name = id_of(event.get("toolCallId")), text_of(event.get("toolCallName"))
    yield ToolCallPiece(_position(id), id, name, text_of(event.get("delta")))


def _position(id: str) -> int | None:
    """The format has no positions, and pieces of several calls may alternate. A piece without an id
    is of the last call."""
    return zlib.crc32(id.encode("utf-8", "replace")) >> 1 if id else None


def _started(event: _Event) -> Iterable[Delta]:
    yield Source(request_id=name_of(event.get("runId")))


def _custom(event: _Event) -> Iterable[Delta]:
    """What our relay sends; other backends have what they like."""
    name, value = event.get("name"), event.get("value")
    if isinstance(value, Mapping):
        if name == "citation" and (value.get("url") or value.get("title") or value.get("quote")):
            yield citation_in(value)
        elif name == "file" and value.get("url"):
            yield file_in(value)


def _snapshot(event: _Event) -> Iterable[Delta]:
    """All messages of the thread. The answer is what follows those that were sent: a run may have
    sent it in pieces before, or not."""
    messages = _objects_in(event.get("messages"))
    asked = [n for n, message in enumerate(messages) if _is_asked(message)]
    answer = messages[asked[-1] + 1 if asked else 0 :]
    answer = [message for message in answer if not message.get("subagentRunId")]
    thought = "".join(_content(m) for m in answer if m.get("role") == "reasoning")
    said = "".join(_content(m) for m in answer if m.get("role") == "assistant")
    if thought:
        yield WholeReasoning(thought)
    if said:
        yield WholeText(said)
    for message in answer:
        for call in _objects_in(message.get("toolCalls")):
            function = call.get("function")
            if isinstance(function, Mapping):
                id, name = id_of(call.get("id")), text_of(function.get("name"))
                arguments = text_of(function.get("arguments")) or "{}"
                yield ToolCallPiece(_position(id), id, name, arguments, whole=True)


def _is_asked(message: _Event) -> bool:
    return message.get("role") == "user" or id_of(message.get("id")).startswith(ASKED)


def _content(message: _Event) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(text_of(part.get("text")) for part in _objects_in(content))
    return text_of(content)


def _objects_in(value: object) -> list[_Event]:
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def _finished(event: _Event) -> Iterable[Delta]:
    yield from _counted(event)
    about, outcome = _object_in(event.get("metadata")), _object_in(event.get("outcome"))
    if model := name_of(about.get("model")):
        yield Source(model)
    if outcome.get("type") == "cancelled":
        yield Failure(stopped_early())
        return
    reason = name_of(about.get("finishReason")) or ""
    if outcome.get("type") == "interrupt":
        reason = "pause"  # it waits for what the client has to say
    elif not reason and outcome.get("pendingToolCallIds"):
        reason = "tool_calls"
    yield Finish(reason)
    yield DONE


def _counted(event: _Event) -> Iterator[Delta]:
    """The counts of all models that have answered."""
    entries = _objects_in(event.get("usage"))
    if not entries:
        return
    counts = [
        usage_of({**entry, "total_tokens": entry.get("totalTokens")}, "inputTokens", "outputTokens")
        for entry in entries
    ]
    prompt, completion, total = (sum(each) for each in zip(*(c[:3] for c in counts), strict=True))
    more = (
        sum(usage_of({"prompt_tokens": entry.get(name)}).prompt_tokens for entry in entries)
        for name in ("cachedInputTokens", "reasoningTokens")
    )
    details = entries[0] if len(entries) == 1 else {"usage": entries}
    yield Usage(prompt, completion, total, details, *more)
    if model := name_of(entries[-1].get("model")):
        yield Source(model)


def _failed(event: _Event, data: str) -> Iterable[Delta]:
    yield from _counted(event)
    error = _error(event, data)
    error.retry_after = seconds_in(_object_in(event.get("metadata")).get("retryAfter"))
    yield Failure(error)


def _error(event: _Event, data: str) -> SuggestionsError:
    said, code = text_of(event.get("message")), name_of(event.get("code")) or ""
    if code in ("abort", "aborted"):
        return stopped_early(said)
    if code.startswith("error_"):  # one of ours
        return from_code(code, said, body=data)
    return from_report({"message": said, "code": code} if code else said, body=data)


def _object_in(value: object) -> _Event:
    return value if isinstance(value, Mapping) else {}


_EVENTS: dict[str, Callable[[_Event], Iterable[Delta]]] = {
    "RUN_STARTED": _started,
    "TEXT_MESSAGE_CONTENT": _text,
    "TEXT_MESSAGE_CHUNK": _text,
    "REASONING_MESSAGE_CONTENT": _reasoning,
    "REASONING_MESSAGE_CHUNK": _reasoning,
    "THINKING_TEXT_MESSAGE_CONTENT": _reasoning,
    "TOOL_CALL_START": _call,
    "TOOL_CALL_ARGS": _call,
    "TOOL_CALL_CHUNK": _call,
    "CUSTOM": _custom,
    "MESSAGES_SNAPSHOT": _snapshot,
    "RUN_FINISHED": _finished,
}
