"""What services send on the Responses wire, and what a user gets.

The bytes are made up; what is odd about them is what users of that service have reported in public.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from outcomes import named
from script import data

from suggestions.errors import SuggestionsError
from suggestions.events import AnswerFile, Citation

DONE = data("[DONE]")
COUNTS = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


class Wire(NamedTuple):
    name: str
    """Who sends it, and what is odd about it."""
    body: bytes
    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """Of each the id, the name and the arguments."""
    finish: str | None = "stop"
    error: type[SuggestionsError] | None = None
    quotes: str = ""
    """A part of the error's message."""
    differs: str = ""
    """Why the `openai` package has another text, another call or another end, if it has."""
    citations: tuple[Citation, ...] = ()
    files: tuple[AnswerFile, ...] = ()
    """Previews and whole ones, as they are reported."""


def response(status: str, *output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    counts = COUNTS if status == "completed" else None
    whole = {"id": "r1", "object": "response", "model": "m1", "status": status, "usage": counts}
    return {**whole, "output": list(output), **fields}


def created() -> bytes:
    return named("response.created", response=response("in_progress"))


def completed(*output: dict[str, Any], **fields: Any) -> bytes:
    return named("response.completed", response=response("completed", *output, **fields))


def incomplete(reason: str | None, *output: dict[str, Any]) -> bytes:
    details = {"reason": reason} if reason else None
    whole = response("incomplete", *output, incomplete_details=details)
    return named("response.incomplete", response=whole)


def message(*texts: str, phase: str | None = None, name: str = "msg1") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    item = {"type": "message", "id": name, "role": "assistant", "content": content}
    return {**item, "phase": phase} if phase else item


def thought(*summary: str, content: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "reasoning",
        "id": "rs1",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
        "content": [{"type": "reasoning_text", "text": text} for text in content],
    }


def call(arguments: Any = "", name: str = "f", number: int = 1) -> dict[str, Any]:
    ids = {"id": f"fc{number}", "call_id": f"call{number}"}
    return {"type": "function_call", **ids, "name": name, "arguments": arguments}


def custom(input: str = "") -> dict[str, Any]:
    ids = {"id": "ctc1", "call_id": "call1"}
    return {"type": "custom_tool_call", **ids, "name": "shell", "input": input}


def added(item: dict[str, Any], index: int = 0) -> bytes:
    return named("response.output_item.added", output_index=index, item=item)


def item_done(item: dict[str, Any], index: int = 0) -> bytes:
    return named("response.output_item.done", output_index=index, item=item)


def on(kind: str, item: int = 0, part_index: int = 0, /, **fields: Any) -> bytes:
    """An event about a part of an item."""
    name = "summary_index" if "summary" in kind else "content_index"
    return named(f"response.{kind}", output_index=item, **{name: part_index}, **fields)


def text(delta: str, item: int = 0, part: int = 0) -> bytes:
    return on("output_text.delta", item, part, item_id="msg1", delta=delta)


def text_done(text: str, item: int = 0, part: int = 0) -> bytes:
    return on("output_text.done", item, part, item_id="msg1", text=text)


def part_done(text: str, item: int = 0, part: int = 0, kind: str = "output_text") -> bytes:
    return on("content_part.done", item, part, part={"type": kind, "text": text})


def begin_text(item: int = 0, part: int = 0) -> bytes:
    empty = {"type": "output_text", "text": "", "annotations": []}
    return added(message(), item) + on("content_part.added", item, part, part=empty)


def arguments(delta: str, item: int = 0) -> bytes:
    return named("response.function_call_arguments.delta", output_index=item, delta=delta)


def arguments_done(whole: Any, item: int = 0, **fields: Any) -> bytes:
    kind = "response.function_call_arguments.done"
    return named(kind, output_index=item, arguments=whole, **fields)


SAID = begin_text() + text("Hi") + text(" you")
SAYS_ONLY_THE_END = "it shows what the last event has, which is nothing"
CUT_MESSAGE = "the package ends quietly, without a last event"
