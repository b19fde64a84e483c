"""Kinds of answers and failures, as a service sends them, for the tables of the frame formats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from script import data

from suggestions.events import Event, ToolCall

URL = "https://service.example/ask"
ID = re.compile("[0-9a-f]{32}")
PNG = "data:image/png;base64,iVBORw0KGgo="
COUNTS = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
MORE = {"cached_tokens": 4, "reasoning_tokens": 2}
CITED = {"url": "https://a.example", "title": "A", "start": 1, "end": 4, "quote": "Said."}
BUSY = {"type": "error", "error": "Slow down.", "code": "error_quota_exceeded", "retry_after": 7}
SENTENCE = "Sorry, the answer could not be completed. Please try again in a moment."


def said(kind: str, detail: Any = None, **fields: Any) -> bytes:
    """A frame of the service: another relay."""
    return data(json.dumps({"type": kind, **({"data": detail} if detail else {}), **fields}))


STEPS: dict[str, list[Any]] = {
    "text": [said("content", "It is "), said("content", "so."), said("done")],
    "text that JSON or UTF-8 cannot write as it is": [
        data('{"type": "content", "data": "\\"a\\n\\ud800"}'),
        said("done"),
    ],
    "nothing at all": [said("done")],
    "a tool call whose arguments are no JSON": [
        said("tool_call", {"index": 0, "id": "c1", "name": "time", "arguments": '{"a'}),
        said("done", finish_reason="length"),
    ],
    "the older kind of call": [
        said("function_done", {"name": "time", "arguments": "{}"}),
        said("done", finish_reason="function_call"),
    ],
    "usage": [said("content", "Yes"), said("usage", {**COUNTS, **MORE}), said("done")],
    "the text alone": [
        said("reasoning", "Hm"),
        said("content", "Yes"),
        said("tool_call", {"index": 0, "id": "c1", "name": "time", "arguments": "{}"}),
        said("usage", COUNTS),
        said("done", finish_reason="tool_calls"),
    ],
    "a failure in mid-text": [said("content", "It is "), data(json.dumps(BUSY))],
    "a failure in the service's words": [said("content", "It is "), data(json.dumps(BUSY))],
    "a failure in the program's words": [data(json.dumps(BUSY))],
    "an answer that is cut": [said("reasoning", "Hm"), said("content", "It is ")],
    "an answer that is cut within a call": [
        said("tool_call_chunk", {"index": 0, "id": "c1", "name": "time", "arguments": "{"})
    ],
    "reasoning, then text": [
        said("reasoning", "Hm"),
        said("reasoning", "."),
        said("content", "Yes"),
        said("done"),
    ],
}


def a_call(id: str) -> Event[Any]:
    return Event("tool_call", ToolCall(id, "weather", '{"city": "Oslo"}'))


def is_like(sent: Any, pattern: Any, is_id: Callable[[object, Any], bool] | None = None) -> bool:
    """Whether it is that, in which a text may be a pattern, or an object that `is_id` knows."""
    if isinstance(pattern, dict):
        return (
            isinstance(sent, dict)
            and sent.keys() == pattern.keys()
            and all(is_like(sent[name], each, is_id) for name, each in pattern.items())
        )
    if isinstance(pattern, list):
        return len(sent) == len(pattern) and all(
            is_like(one, other, is_id) for one, other in zip(sent, pattern, strict=True)
        )
    if isinstance(pattern, re.Pattern):
        return pattern.fullmatch(sent) is not None
    if is_id is not None and type(pattern) is object:
        return is_id(pattern, sent)
    return bool(sent == pattern)


def check(
    sent: list[Any], expected: list[Any], is_id: Callable[[object, Any], bool] | None = None
) -> None:
    assert len(sent) == len(expected), sent
    for one, other in zip(sent, expected, strict=True):
        assert is_like(one, other, is_id), (one, other)
