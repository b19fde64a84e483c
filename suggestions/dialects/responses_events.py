"""What the events of the Responses wire say, and which of them say nothing here, and why.

Sources: OpenAI's API reference, "Streaming events"; Open Responses, schema/events.tsp and
"Extending streaming events"; the events that vLLM, OpenRouter and gateways send besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from ..errors import ServiceError, from_interruption, from_report
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
from .json_message import (
    array_of,
    id_of,
    index_of,
    name_of,
    object_of,
    text_of,
    usage_of,
)
from .responses_items import (
    CALLS,
    begun,
    citation_of,
    citations_in,
    image_in,
    kept,
    position_of,
    preview_in,
)

_Object = Mapping[str, Any]
_REASONING_PARTS = ("reasoning_text", "summary_text")


def _begin(event: _Object) -> Iterable[Delta]:
    return (_source(object_of(event.get("response"))),)


def _text(event: _Object) -> Iterable[Delta]:
    return (_piece(event),)


def _reasoning(event: _Object) -> Iterable[Delta]:
    return (Reasoning(_piece(event)),)


def _whole_text(event: _Object) -> Iterable[Delta]:
    text = text_of(event.get("text")) or text_of(event.get("refusal"))
    return (WholeText(text, _place(event, "content_index", text)),) if text else ()


def _whole_reasoning(event: _Object) -> Iterable[Delta]:
    text = text_of(event.get("text"))
    return (_whole_thought(event, "content_index", text),) if text else ()


def _whole_summary(event: _Object) -> Iterable[Delta]:
    text = text_of(event.get("text")) or _said(object_of(event.get("part")))
    return (_whole_thought(event, "summary_index", text),) if text else ()


def _whole_part(event: _Object) -> Iterator[Delta]:
    part = object_of(event.get("part"))
    text = _said(part)
    if text and part.get("type") in _REASONING_PARTS:
        yield _whole_thought(event, "content_index", text)
        return
    place = _place(event, "content_index", text)
    if text:
        yield WholeText(text, place)
    yield from citations_in(part, place)


def _annotation(event: _Object) -> Iterable[Delta]:
    closed = _place(event, "content_index", "")
    return citation_of(object_of(event.get("annotation")), closed)


def _item_added(event: _Object) -> Iterator[Delta]:
    # Text follows in pieces. So do arguments, which replace what may be here in their place.
    item, index = object_of(event.get("item")), event.get("output_index")
    yield from begun(item, position_of(item, index))
    yield from _call(item, index)


def _item_done(event: _Object) -> Iterator[Delta]:
    item, index = object_of(event.get("item")), event.get("output_index")
    length = 0
    for delta in _said_in_item(item, index):
        length += len(delta.text) if type(delta) is WholeText else 0
        yield delta
    yield from image_in(item)
    yield from kept(item, position_of(item, index), length or None)


def _said_in_item(item: _Object, index: object) -> Iterator[Delta]:
    for field in ("summary", "content"):
        for number, part in enumerate(_parts(item, field)):
            placed = {"output_index": index, "part": part, f"{field}_index": number}
            yield from _whole_summary(placed) if field == "summary" else _whole_part(placed)
    yield from _call(item, index)


def _arguments(event: _Object) -> Iterable[Delta]:
    # No name: a piece with one might begin another call. The events of the item have it.
    call_id = id_of(event.get("call_id"))
    position = index_of(event.get("output_index"))
    return (ToolCallPiece(position, call_id, arguments=text_of(event.get("delta"))),)


def _whole_arguments(event: _Object) -> Iterable[Delta]:
    call_id = id_of(event.get("call_id"))
    position = index_of(event.get("output_index"))
    arguments = _json_of(event.get("arguments")) or text_of(event.get("input"))
    return (ToolCallPiece(position, call_id, arguments=arguments, whole=True),)


def _completed(event: _Object) -> Iterable[Delta]:
    return _ended(event, name_of(object_of(event.get("response")).get("status")) or "completed")


def _incomplete(event: _Object) -> Iterable[Delta]:
    return _ended(event, "incomplete")


def _failed(event: _Object) -> Iterable[Delta]:
    return _ended(event, "failed")


def _cancelled(event: _Object) -> Iterable[Delta]:
    return _ended(event, "cancelled")


def _ended(event: _Object, status: str) -> Iterator[Delta]:
    response = object_of(event.get("response"))
    yield from said_in(response)
    yield from reason_of(response, status, report=response.get("error") or event)
    yield DONE


READ: Mapping[str, Callable[[_Object], Iterable[Delta]]] = {
    "response.created": _begin,
    "response.queued": _begin,
    "response.in_progress": _begin,
    "response.output_text.delta": _text,
    # A refusal is what the model says to the person instead of an answer.
    "response.refusal.delta": _text,
    "response.audio.transcript.delta": _text,
    "response.content_part.delta": _text,
    "response.output_text.done": _whole_text,
    "response.refusal.done": _whole_text,
    "response.content_part.done": _whole_part,
    "response.output_text.annotation.added": _annotation,
    "response.reasoning_text.delta": _reasoning,
    "response.reasoning.delta": _reasoning,
    "response.reasoning_summary_text.delta": _reasoning,
    "response.reasoning_summary.delta": _reasoning,
    "response.reasoning_text.done": _whole_reasoning,
    "response.reasoning.done": _whole_reasoning,
    "response.reasoning_part.done": _whole_part,
    "response.reasoning_summary_text.done": _whole_summary,
    "response.reasoning_summary.done": _whole_summary,
    "response.reasoning_summary_part.done": _whole_summary,
    "response.output_item.added": _item_added,
    "response.output_item.done": _item_done,
    "response.function_call_arguments.delta": _arguments,
    "response.custom_tool_call_input.delta": _arguments,
    "response.function_call_arguments.done": _whole_arguments,
    "response.custom_tool_call_input.done": _whole_arguments,
    "response.image_generation_call.partial_image": preview_in,
    "response.completed": _completed,
    "response.done": _completed,
    "response.incomplete": _incomplete,
    "response.failed": _failed,
    "response.cancelled": _cancelled,
    "response.canceled": _cancelled,
}
"""By `type`. The dialect itself reads the event `error`."""

_BEGINNING = "begins a part that is still empty: what is in it follows"
_SERVICES_TOOL = "a tool that the service runs itself"
_SHELL = "a command for a shell: it is run, and its result goes back, in a form of its own"
_NO_TEXT = "no text: the event `message` has it, as it came"
_OTHER_TRANSPORT = "about input in mid-answer, which only WebSockets can carry"

PASSED_OVER: Mapping[str, str] = {
    "response.content_part.added": _BEGINNING,
    "response.reasoning_part.added": _BEGINNING,
    "response.reasoning_summary_part.added": _BEGINNING,
    "response.audio.delta": _NO_TEXT,
    "response.audio.done": _NO_TEXT,
    "response.audio.transcript.done": "repeats nothing: the transcript came before it, in pieces",
    "response.image_generation_call.in_progress": _SERVICES_TOOL,
    "response.image_generation_call.generating": _SERVICES_TOOL,
    "response.image_generation_call.completed": _SERVICES_TOOL,
    "response.code_interpreter_call.in_progress": _SERVICES_TOOL,
    "response.code_interpreter_call.interpreting": _SERVICES_TOOL,
    "response.code_interpreter_call.completed": _SERVICES_TOOL,
    "response.code_interpreter_call_code.delta": _SERVICES_TOOL,
    "response.code_interpreter_call_code.done": _SERVICES_TOOL,
    "response.file_search_call.in_progress": _SERVICES_TOOL,
    "response.file_search_call.searching": _SERVICES_TOOL,
    "response.file_search_call.completed": _SERVICES_TOOL,
    "response.web_search_call.in_progress": _SERVICES_TOOL,
    "response.web_search_call.searching": _SERVICES_TOOL,
    "response.web_search_call.completed": _SERVICES_TOOL,
    "response.mcp_list_tools.in_progress": _SERVICES_TOOL,
    "response.mcp_list_tools.completed": _SERVICES_TOOL,
    "response.mcp_list_tools.failed": _SERVICES_TOOL,
    "response.mcp_call.in_progress": _SERVICES_TOOL,
    "response.mcp_call.completed": _SERVICES_TOOL,
    "response.mcp_call.failed": _SERVICES_TOOL,
    "response.mcp_call_arguments.delta": _SERVICES_TOOL,
    "response.mcp_call_arguments.done": _SERVICES_TOOL,
    "response.shell_call_command.added": _SHELL,
    "response.shell_call_command.delta": _SHELL,
    "response.shell_call_command.done": _SHELL,
    "response.shell_call_output_content.delta": _SHELL,
    "response.shell_call_output_content.done": _SHELL,
    "response.compaction.compacting": "the service shortens the conversation for itself",
    "response.steer.accepted": _OTHER_TRANSPORT,
    "response.steer.pending": _OTHER_TRANSPORT,
    "response.steer.failed": _OTHER_TRANSPORT,
}
"""Why nothing of an event is reported, by `type`. Any other type is one of a service's own, which
Open Responses lets a client pass over; a heartbeat is one of them."""


def decode_event(event: _Object, kind: str) -> Iterable[Delta]:
    """What an event of type `kind` says. Raises `ValueError` for a field of another type.

    An event that is known, but says nothing, is an empty text: the service is at work. Only what
    keeps the connection open, and what no table knows, is nothing at all.
    """
    read = READ.get(kind)
    if read is None:
        return ("",) if kind in PASSED_OVER else ()
    return tuple(read(event)) or ("",)


def said_in(response: _Object) -> Iterator[Delta]:
    """What a whole response says, except why it stopped."""
    yield _source(response)
    items = [object_of(item) for item in array_of(response.get("output"))]
    said = [delta for index, item in enumerate(items) for delta in _said_in_item(item, index)]
    reasoning = "".join(delta.text for delta in said if type(delta) is WholeReasoning)
    if reasoning:
        yield WholeReasoning(reasoning)
    text = "".join(delta.text for delta in said if type(delta) is WholeText)
    if text := text or text_of(response.get("output_text")):
        yield WholeText(text)
    yield from (delta for delta in said if type(delta) is ToolCallPiece)
    yield from _beside(items, len(text))
    usage = object_of(response.get("usage"))
    if usage:
        yield usage_of(usage, "input_tokens", "output_tokens")


def _beside(items: list[_Object], from_end: int) -> Iterator[Delta]:
    """What is besides text and calls in items that end `from_end` characters of text."""
    for item in items:
        yield from kept(item, None, from_end)
        yield from image_in(item)
        for part in _parts(item, "content"):
            if item.get("type") == "message":
                yield from citations_in(part, from_end=from_end)
                from_end -= len(_said(part))


def reason_of(response: _Object, status: str, report: object) -> Iterator[Delta]:
    """Why a response with that status stopped; `report` is what the service says of a failure."""
    reason = text_of(object_of(response.get("incomplete_details")).get("reason"))
    if status == "failed" or response.get("error"):
        yield Failure(from_report(report))
    elif status in ("cancelled", "canceled"):
        yield Failure(ServiceError("The answer was cancelled at the service."))
    elif reason or status == "incomplete":
        yield from _incomplete_because(reason)
    else:
        yield Finish("")


def _incomplete_because(reason: str) -> Iterator[Delta]:
    failure = from_interruption(reason)
    if failure is None:
        yield Finish("length")
        return
    if reason:
        yield Finish(reason)
    yield Failure(failure)


def _source(response: _Object) -> Source:
    return Source(name_of(response.get("model")), name_of(response.get("id")))


def _piece(event: _Object) -> str:
    delta = event.get("delta")
    return _said(delta) if isinstance(delta, Mapping) else text_of(delta)


def _said(part: _Object) -> str:
    return next(filter(None, map(text_of, map(part.get, ("text", "refusal", "transcript")))), "")


def _parts(item: _Object, field: str) -> Iterator[_Object]:
    if item.get("type") not in ("message", "reasoning"):
        return
    value = item.get(field)
    default = "reasoning_text" if item["type"] == "reasoning" else "output_text"
    for part in [value] if isinstance(value, str) else array_of(value):
        said = {"text": part} if isinstance(part, str) else object_of(part)
        # A reasoning's part may be called "output_text", as in Open Responses' own example.
        yield {**said, "type": default} if default == "reasoning_text" else said


def _whole_thought(event: _Object, index: str, text: str) -> WholeReasoning:
    return WholeReasoning(text, (index, _place(event, index, text)))


def _place(event: _Object, index: str, text: str) -> Hashable:
    """Which part of the answer an event closes.

    It is no `item_id`, because Copilot sends another with every event. Without the index of the
    item, the text itself must do.
    """
    item = index_of(event.get("output_index"))
    return text if item is None else (item, index_of(event.get(index)) or 0)


def _call(item: _Object, position: object) -> Iterator[Delta]:
    field = CALLS.get(text_of(item.get("type")))
    if field:
        call_id = id_of(item.get("call_id"))
        arguments = _json_of(item.get(field))
        name = text_of(item.get("name"))
        yield ToolCallPiece(index_of(position), call_id, name, arguments, whole=bool(arguments))


def _json_of(arguments: object) -> str:
    """Arguments as text; some services send the object itself."""
    if arguments and isinstance(arguments, (Mapping, list)):
        return json.dumps(arguments, ensure_ascii=False)
    return text_of(arguments)
