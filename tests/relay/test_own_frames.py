"""`frames="relay"`: each kind of answer and of failure, and its frames, which fit the format's own
table of fields and are read back by its own dialect."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from answer_kinds import CITED, COUNTS, MORE, PNG, SENTENCE, STEPS, URL, check, said
from script import Script, chunk, data

from suggestions import SuggestionsEventSource
from suggestions.relay import relay

FIELDS: dict[str, tuple[dict[str, type], dict[str, type]]] = {
    "content": ({"data": str}, {}),
    "done": ({}, {"finish_reason": str, "usage": dict}),
    "error": ({"error": str, "code": str}, {"retry_after": float}),
    "reasoning": ({"data": str}, {}),
    "tool_call_chunk": ({"data": dict}, {}),
    "tool_call": ({"data": dict}, {}),
    "function_done": ({"data": dict}, {}),
    "citation": ({"data": dict}, {}),
    "file": ({"data": dict}, {}),
    "object": ({"data": object}, {}),
    "usage": ({"data": dict}, {}),
}
"""By the `type` of the frame: the fields that it has, and those that it may have."""
ALL = ["reasoning", "tool_call_chunk", "tool_call", "function_done", "citation", "file", "usage"]

SPENT = {**COUNTS, **MORE}
CALLED = {"index": 0, "id": "c1", "name": "time", "arguments": "{}"}
BROKEN = {**CALLED, "arguments": '{"a'}
DONE = {"type": "done"}
CUT = {"type": "error", "error": SENTENCE, "code": "error_network"}
LIMITED = {"type": "error", "code": "error_quota_exceeded", "retry_after": 7.0}
BUSY = {**LIMITED, "error": re.compile("Too many requests.+")}


def one(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


IT_IS, YES, HM = one("content", "It is "), one("content", "Yes"), one("reasoning", "Hm")
CASES: dict[str, tuple[list[Any], list[Any], dict[str, Any]]] = {
    "text": (STEPS["text"], [IT_IS, one("content", "so."), DONE], {}),
    "text that JSON or UTF-8 cannot write as it is": (
        STEPS["text that JSON or UTF-8 cannot write as it is"],
        [one("content", '"a\n\ud800'), DONE],
        {},
    ),
    "nothing at all": (STEPS["nothing at all"], [DONE], {}),
    "reasoning": (
        STEPS["reasoning, then text"],
        [HM, one("reasoning", "."), YES, DONE],
        {"events": ALL},
    ),
    "reasoning that is not asked for": (STEPS["reasoning, then text"], [YES, DONE], {}),
    "a call whose arguments are no JSON": (
        STEPS["a tool call whose arguments are no JSON"],
        [
            one("tool_call_chunk", BROKEN),
            one("tool_call", BROKEN),
            {**DONE, "finish_reason": "length"},
        ],
        {"events": ALL},
    ),
    "the older kind of call": (
        STEPS["the older kind of call"],
        [
            one("function_done", {"name": "time", "arguments": "{}"}),
            {**DONE, "finish_reason": "function_call"},
        ],
        {"events": ALL},
    ),
    "calls that are not asked for": (
        STEPS["the text alone"],
        [
            YES,
            {
                **DONE,
                "finish_reason": "tool_calls",
                "usage": {**COUNTS, "cached_tokens": 0, "reasoning_tokens": 0},
            },
        ],
        {},
    ),
    "a citation and a file": (
        [
            said("citation", CITED),
            said("file", {"media_type": "image/png", "url": PNG, "id": "i"}),
            said("done"),
        ],
        [
            one("citation", CITED),
            one("file", {"media_type": "image/png", "url": PNG, "partial": False, "id": "i"}),
            DONE,
        ],
        {"events": ALL},
    ),
    "usage": (STEPS["usage"], [YES, {**DONE, "usage": SPENT}], {}),
    "usage with the service's own words": (
        STEPS["usage"],
        [
            YES,
            one("usage", {**SPENT, "details": SPENT}),
            {**DONE, "usage": {**SPENT, "details": SPENT}},
        ],
        {"events": ALL},
    ),
    "an object": (
        [chunk('{"a": '), chunk("1}"), data("[DONE]")],
        [one("content", '{"a": '), one("content", "1}"), one("object", {"a": 1}), DONE],
        {"events": ["object"], "output": {"type": "object"}, "dialect": "openai"},
    ),
    "a failure in mid-text": (STEPS["a failure in mid-text"], [IT_IS, BUSY], {}),
    "a failure in the service's words": (
        STEPS["a failure in the service's words"],
        [IT_IS, {**LIMITED, "error": re.compile(".*Slow down.*")}],
        {"expose_errors": True},
    ),
    "a failure in the program's words": (
        STEPS["a failure in the program's words"],
        [{**LIMITED, "error": "Oh no."}],
        {"error_message": "Oh no."},
    ),
    "an answer that is cut": (STEPS["an answer that is cut"], [HM, IT_IS, CUT], {"events": ALL}),
    "an answer that is cut within a call": (
        STEPS["an answer that is cut within a call"],
        [one("tool_call_chunk", {**CALLED, "arguments": "{"}), CUT],
        {"events": ALL},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_answer_has_its_frames(name: str) -> None:
    steps, expected, options = CASES[name]
    given = {"dialect": "relay", "session": Script(steps).session(), **options}
    wire = b"".join(relay("Why?", url=URL, **given))
    frames = [json.loads(line[6:]) for line in wire.decode().split("\n") if line[:6] == "data: "]
    check(frames, expected)
    for frame in frames:
        must, may = FIELDS[frame["type"]]
        fields = {field: value for field, value in frame.items() if field != "type"}
        assert must.keys() <= fields.keys() <= must.keys() | may.keys()
        assert all(isinstance(value, {**must, **may}[field]) for field, value in fields.items())
    read = SuggestionsEventSource(
        "Why?", dialect="relay", url=URL, session=Script([wire]).session()
    )
    assert read.wait(10)
    assert read.full_message == "".join(f["data"] for f in frames if f["type"] == "content")
    last = frames[-1]
    assert (read.error and read.error.code) == last.get("code")
    assert read.finish_reason == last.get("finish_reason")
