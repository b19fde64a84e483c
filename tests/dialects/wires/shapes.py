"""The shapes of the documented wires, as bytes: what a wire has in common with all the others."""

from __future__ import annotations

import json
from typing import Any

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
COUNTED = (7, 3)
OSLO = '{"city":"Oslo"}'
CALLED = ("weather", {"city": "Oslo"})
"""The call with the arguments `OSLO`, as a user gets it."""


def body(**fields: Any) -> bytes:
    """A JSON object alone, such as a whole answer or the body of a status."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def sse(data: str | bytes | dict[str, Any], event: str = "") -> bytes:
    """A server-sent event with one line of data."""
    if isinstance(data, dict):
        data = body(**data)
    data = data.encode() if isinstance(data, str) else data
    return (f"event: {event}\n".encode() if event else b"") + b"data: " + data + b"\n\n"


DONE = sse("[DONE]")

# OpenAI's chats


def choice(finish: Any = None, index: Any = 0, /, **fields: Any) -> dict[str, Any]:
    """A choice: `delta`, `message` and what else the fields say."""
    named = {} if index is None else {"index": index}
    return {**named, **fields, "finish_reason": finish}


def choices(*each: dict[str, Any], **fields: Any) -> bytes:
    """A chunk with these choices, and these fields beside them."""
    head = {"id": "c1", "object": "chat.completion.chunk", "model": "m1"}
    return sse({**head, "choices": each, **fields})


def chunk(content: Any = None, finish: Any = None, /, **delta: Any) -> bytes:
    """A chunk with one choice: its text, its reason to stop, and what else its delta has."""
    said = {} if content is None else {"content": content}
    return choices(choice(finish, delta={**said, **delta}))


def usage(**fields: Any) -> bytes:
    """The chunk without a choice that has the counts."""
    return choices(usage={**USAGE, **fields})


HI = chunk("Hi", role="assistant")
THERE = chunk(" there")
STOP = chunk(None, "stop")


def call(
    arguments: Any = None, name: Any = None, id: Any = None, /, *, index: Any = 0, **fields: Any
) -> dict[str, Any]:
    """An item of `tool_calls`. What is None is left out; `index=None` leaves the index out."""
    given = {"name": name, "arguments": arguments}
    function = {key: value for key, value in given.items() if value is not None}
    named = {} if index is None else {"index": index}
    ids = {} if id is None else {"id": id}
    return {**named, **ids, "type": "function", "function": function, **fields}


def calling(*calls: Any, finish: Any = None) -> bytes:
    """A chunk with pieces of calls."""
    return chunk(None, finish, tool_calls=list(calls))


CALLS = chunk(None, "tool_calls")
"""The chunk with the reason to stop of an answer that calls a tool."""


def completion(content: Any, finish: Any = "stop", /, **message: Any) -> bytes:
    """A whole answer with one choice: its text, its reason to stop, the rest of its message."""
    said = {"role": "assistant", "content": content, **message}
    return whole(choice(finish, message=said))


def whole(*each: dict[str, Any], **fields: Any) -> bytes:
    """A whole `chat.completion` with these choices."""
    head = {"id": "c1", "object": "chat.completion", "model": "m1"}
    return body(**{**head, "choices": each, "usage": USAGE, **fields})


# Anthropic's messages, and OpenAI's Responses, whose events are named


def named(type: str, **fields: Any) -> bytes:
    """An event with its type as its name, too."""
    return sse({"type": type, **fields}, type)


def message_start(**counts: Any) -> bytes:
    counts = {"input_tokens": 7, "output_tokens": 1, **counts}
    head = {"id": "a1", "type": "message", "role": "assistant", "model": "m1", "content": []}
    return named("message_start", message={**head, "stop_reason": None, "usage": counts})


def block(index: int = 0, **content: Any) -> bytes:
    """The start of a content block, of text if the fields do not say another type."""
    content = content or {"type": "text", "text": ""}
    return named("content_block_start", index=index, content_block=content)


def tool_block(input: Any = None, index: int = 0) -> bytes:
    return block(index, type="tool_use", id="toolu_1", name="weather", input=input or {})


def piece(text: Any, index: int = 0) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return named("content_block_delta", index=index, delta=delta)


def input_piece(partial_json: str, index: int = 0) -> bytes:
    delta = {"type": "input_json_delta", "partial_json": partial_json}
    return named("content_block_delta", index=index, delta=delta)


def block_stop(index: int = 0) -> bytes:
    return named("content_block_stop", index=index)


def message_delta(reason: str | None = "end_turn", **counts: Any) -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return named("message_delta", delta=delta, usage={"output_tokens": 3, **counts})


MESSAGE_STOP = named("message_stop")
SAYS_HI = message_start() + block() + piece("Hi") + block_stop()
"""The beginning of one of Anthropic's streams, with all of its text."""


def response(status: str = "completed", output: Any = (), **fields: Any) -> dict[str, Any]:
    head = {"id": "r1", "object": "response", "status": status, "model": "m1"}
    return {**head, "output": output, **fields}


def created() -> bytes:
    return named("response.created", response=response("in_progress"))


def completed(*output: dict[str, Any], **fields: Any) -> bytes:
    counts = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    whole = response(output=output, **{"usage": counts, **fields})
    return named("response.completed", response=whole)


def added(item: dict[str, Any], index: int = 0) -> bytes:
    return named("response.output_item.added", output_index=index, item=item)


def item_done(item: dict[str, Any], index: int = 0) -> bytes:
    return named("response.output_item.done", output_index=index, item=item)


def message_item(text: str = "") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"type": "message", "id": "msg1", "role": "assistant", "content": content}


def call_item(arguments: Any = "", name: str = "weather", number: int = 1) -> dict[str, Any]:
    ids = {"id": f"fc{number}", "call_id": f"call_{number}"}
    return {"type": "function_call", **ids, "name": name, "arguments": arguments}


_TEXT = {"item_id": "msg1", "output_index": 0, "content_index": 0}


def part_added() -> bytes:
    part = {"type": "output_text", "text": "", "annotations": []}
    return named("response.content_part.added", **_TEXT, part=part)


def opened() -> bytes:
    """The beginning of one of Responses' streams, up to its first piece of text."""
    return created() + added(message_item()) + part_added()


def text_delta(delta: Any) -> bytes:
    return named("response.output_text.delta", **_TEXT, delta=delta)


def text_done(text: str) -> bytes:
    return named("response.output_text.done", **_TEXT, text=text)


def arguments_delta(delta: str, index: int = 0, number: int = 1) -> bytes:
    ids = {"item_id": f"fc{number}", "output_index": index}
    return named("response.function_call_arguments.delta", **ids, delta=delta)


def arguments_done(arguments: str, index: int = 0, number: int = 1) -> bytes:
    ids = {"item_id": f"fc{number}", "output_index": index}
    return named("response.function_call_arguments.done", **ids, arguments=arguments)


# Ollama


def line(content: Any = "", *, is_last: bool = False, more: Any = None, **message: Any) -> bytes:
    """A line of Ollama's chat; `more` are fields beside the message."""
    said = {"role": "assistant", "content": content, **message}
    return body(model="m1", message=said, done=is_last, **(more or {})) + b"\n"


def last_line(reason: str = "stop", **counts: Any) -> bytes:
    counts = counts or {"prompt_eval_count": 7, "eval_count": 3}
    return line(is_last=True, more={"done_reason": reason, **counts})
