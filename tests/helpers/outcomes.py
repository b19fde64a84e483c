"""What becomes of a wire in a dialect, with the event contract checked on the way."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from contract import Record, check_contract
from script import Script, Step
from whole_answer import whole_answer

from suggestions import Dialect, SuggestionsEventSource
from suggestions.errors import IncompleteStreamError, SuggestionsError
from suggestions.events import ToolCall, Usage

URL = "https://service.example/ask"
SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
JSON = "application/json"


class Outcome(NamedTuple):
    text: str
    reasoning: str
    calls: tuple[ToolCall, ...]
    usage: Usage | None
    finish_reason: str | None
    model: str | None
    error: type[SuggestionsError] | None


def source_of(
    dialect: Dialect | str,
    *steps: Step,
    content_type: str = SSE,
    whole: bool = False,
    record: Record | None = None,
    **options: Any,
) -> SuggestionsEventSource:
    """The source of an answer, when it is over and has kept the contract."""
    script = Script(steps, content_type=content_type, **options)
    record = Record() if record is None else record
    asking: Any = whole_answer if whole else SuggestionsEventSource
    source: SuggestionsEventSource = asking(
        "Why?",
        "secret-token",
        url=URL,
        dialect=dialect,
        session=script.session(),
        on=record.handlers(),
    )
    assert source.wait(10)
    check_contract(source, record)
    return source


def outcome(dialect: Dialect | str, *steps: Step, **options: Any) -> Outcome:
    source = source_of(dialect, *steps, **options)
    return Outcome(
        source.full_message,
        source.reasoning,
        source.tool_calls,
        source.usage,
        source.finish_reason,
        source.model,
        None if source.error is None else type(source.error),
    )


def error_of(dialect: Dialect | str, *steps: Step, **options: Any) -> SuggestionsError:
    error = source_of(dialect, *steps, **options).error
    assert error is not None
    return error


def check_every_cut(dialect: Dialect | str, wire: bytes, content_type: str = SSE) -> None:
    """Cut in two anywhere, or into single bytes, a wire says the same."""
    whole = outcome(dialect, wire, content_type=content_type)
    for place in range(1, len(wire)):
        cut = outcome(dialect, wire[:place], wire[place:], content_type=content_type)
        assert cut == whole, place
    single = [wire[place : place + 1] for place in range(len(wire))]
    assert outcome(dialect, *single, content_type=content_type) == whole


def check_every_early_end(dialect: Dialect, messages: list[bytes], content_type: str = SSE) -> None:
    """Without the model's reason to stop, a stream is never a success."""
    text = outcome(dialect, *messages, content_type=content_type).text
    for count in range(len(messages)):
        ended = source_of(dialect, *messages[:count], content_type=content_type)
        if ended.finish_reason:
            assert ended.full_message == text
            continue
        assert type(ended.error) is IncompleteStreamError
        assert text.startswith(ended.full_message)
        assert ended.error.partial_text == ended.full_message


def named(type: str, **fields: Any) -> bytes:
    """A server-sent event whose name is its `type`, as OpenAI and Anthropic send them."""
    data = json.dumps({"type": type, **fields}, ensure_ascii=False)
    return f"event: {type}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")


def line(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


BOMBS = {
    "deep": "[" * 100_000,
    "deep inside": '{"a": ' + "[" * 100_000,
    "half": '{"type": ',
    "two values": "{} {}",
    "a number": "5",
    "a list": "[{}]",
    "null": "null",
    "no JSON": "hello",
}
"""What no dialect with JSON in it takes for a message; each is a `MalformedStreamError`."""
