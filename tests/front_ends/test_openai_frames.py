"""`frames="openai"`: each kind of answer and of failure, and its chunks, which the models of the
package `openai` check."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest
from answer_kinds import (
    BUSY,
    CITED,
    COUNTS,
    MORE,
    PNG,
    SENTENCE,
    STEPS,
    URL,
    is_like,
    said,
)
from openai.types import ErrorObject
from openai.types.chat import ChatCompletionChunk
from script import Script, data

from suggestions.relay import relay


class Case(NamedTuple):
    """What the service sends, and the deltas that the client gets with the reason to stop; or what
    is in the `error` that ends it."""

    steps: list[Any]
    deltas: list[dict[str, Any]]
    end: str | dict[str, Any] = "stop"
    options: dict[str, Any] = {}
    usage: dict[str, Any] | None = None


def call(index: int, id: Any, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}


def more(index: int, arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def error(message: Any, kind: str, code: str | None, ours: str) -> dict[str, Any]:
    told = {"message": message, "type": kind, "param": None, "code": code}
    return {**told, "suggestions_code": ours}


LIMITED = error(
    re.compile("Too many requests.+"), "requests", "rate_limit_exceeded", "error_quota_exceeded"
)
CUT = error(SENTENCE, "server_error", "server_error", "error_network")
CASES = {
    "text": Case(STEPS["text"], [{"content": "It is "}, {"content": "so."}]),
    "text that JSON or UTF-8 cannot write as it is": Case(
        STEPS["text that JSON or UTF-8 cannot write as it is"], [{"content": '"a\n\ud800'}]
    ),
    "nothing at all": Case(STEPS["nothing at all"], []),
    "reasoning, then text": Case(
        STEPS["reasoning, then text"],
        [{"reasoning_content": "Hm"}, {"reasoning_content": "."}, {"content": "Yes"}],
    ),
    "a tool call in pieces": Case(
        [
            said("tool_call_chunk", {"index": 0, "id": "c1", "name": "time", "arguments": ""}),
            said("tool_call_chunk", {"index": 0, "arguments": '{"a": '}),
            said("tool_call_chunk", {"index": 0, "arguments": "1}"}),
            said("done", finish_reason="stop"),
        ],
        [call(0, "c1", "time", ""), more(0, '{"a": '), more(0, "1}")],
        "tool_calls",
    ),
    "two tool calls at once": Case(
        [
            said("tool_call", {"index": 0, "id": "c1", "name": "time", "arguments": "[1]"}),
            said("tool_call", {"index": 1, "id": "c2", "name": "place", "arguments": "[1]"}),
            said("done"),
        ],
        [call(0, "c1", "time", "[1]"), call(1, "c2", "place", "[1]")],
        "tool_calls",
    ),
    "a tool call whose arguments are no JSON": Case(
        STEPS["a tool call whose arguments are no JSON"],
        [call(0, "c1", "time", '{"a')],
        "tool_calls",
    ),
    "the older kind of call": Case(
        STEPS["the older kind of call"],
        [{"function_call": {"name": "time", "arguments": "{}"}}],
        "function_call",
    ),
    "citations and files": Case(
        [
            said("citation", CITED),
            said("file", {"media_type": "image/png", "url": PNG, "partial": True, "id": "i"}),
            said("file", {"media_type": "image/png", "url": PNG, "id": "i"}),
            said("file", {"media_type": "text/csv", "url": "data:text/csv,a", "id": "j"}),
            said("done"),
        ],
        [
            {
                "annotations": [
                    {
                        "index": 0,
                        "type": "url_citation",
                        "url_citation": {
                            "url": "https://a.example",
                            "title": "A",
                            "start_index": 1,
                            "end_index": 4,
                            "content": "Said.",
                        },
                    }
                ]
            },
            {"images": [{"index": 0, "type": "image_url", "image_url": {"url": PNG}}]},
        ],
    ),
    "usage that is not asked for": Case(STEPS["usage"], [{"content": "Yes"}]),
    "usage": Case(
        STEPS["usage"],
        [{"content": "Yes"}],
        options={"stream_options": {"include_usage": True}},
        usage={
            **COUNTS,
            "prompt_tokens_details": {"cached_tokens": MORE["cached_tokens"]},
            "completion_tokens_details": {"reasoning_tokens": MORE["reasoning_tokens"]},
        },
    ),
    "the text alone": Case(
        STEPS["the text alone"], [{"content": "Yes"}], "tool_calls", {"events": []}
    ),
    "an answer that is too long": Case(
        [said("content", "Yes"), said("done", finish_reason="length")],
        [{"content": "Yes"}],
        "length",
    ),
    "a text that a filter cuts off": Case(
        [said("content", "Yes"), said("error", error="No.", code="error_moderation")],
        [{"content": "Yes"}],
        "content_filter",
    ),
    "a question that a filter refuses": Case(
        [said("error", error="No.", code="error_moderation")],
        [],
        error(re.compile(".+"), "invalid_request_error", "content_filter", "error_moderation"),
    ),
    "a failure before the first piece": Case([data(json.dumps(BUSY))], [], LIMITED),
    "a failure in mid-text": Case(STEPS["a failure in mid-text"], [{"content": "It is "}], LIMITED),
    "a failure in the service's words": Case(
        STEPS["a failure in the service's words"],
        [{"content": "It is "}],
        {**LIMITED, "message": re.compile(".*Slow down.*")},
        {"expose_errors": True},
    ),
    "a failure in the program's words": Case(
        STEPS["a failure in the program's words"],
        [],
        {**LIMITED, "message": "Oh no."},
        {"error_message": "Oh no."},
    ),
    "an answer that is cut": Case(
        STEPS["an answer that is cut"],
        [{"reasoning_content": "Hm"}, {"content": "It is "}],
        CUT,
    ),
    "an answer that is cut within a call": Case(
        STEPS["an answer that is cut within a call"], [call(0, "c1", "time", "{")], CUT
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_answer_has_its_chunks(name: str) -> None:
    case = CASES[name]
    session = Script(case.steps).session()
    options: dict[str, Any] = {"session": session, "frames": "openai", **case.options}
    wire = b"".join(relay("Why?", dialect="relay", url=URL, **options)).decode()
    blocks = [line[6:] for line in wire.split("\n") if line.startswith("data: ")]
    if isinstance(case.end, dict):
        failed = json.loads(blocks.pop())
        assert is_like(failed, {"error": case.end}), failed
        ErrorObject.model_validate(failed["error"])
    else:
        assert blocks.pop() == "[DONE]"
    chunks = [json.loads(block) for block in blocks]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk)
    if case.usage is not None:
        last = chunks.pop()
        assert (last["choices"], last["usage"]) == ([], case.usage)
    assert len({(each["id"], each["created"]) for each in chunks}) <= 1
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    expected = [
        *({"index": 0, "delta": delta, "finish_reason": None} for delta in case.deltas),
        *({"index": 0, "delta": {}, "finish_reason": r} for r in [case.end] if isinstance(r, str)),
    ]
    if expected:
        expected[0]["delta"] = {"role": "assistant", **expected[0]["delta"]}
    assert is_like(choices, expected), choices
