"""`frames="ui"`: each kind of answer and of failure, and its frames, which the schemas of Vercel's
AI SDK check."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest
from answer_kinds import (
    BUSY,
    CITED,
    ID,
    PNG,
    SENTENCE,
    STEPS,
    URL,
    a_call,
    check,
    said,
)
from hypothesis import given
from hypothesis import strategies as st
from node_packages import OLDEST, VERSIONS, run_node
from script import HOLD, Script, data

from suggestions.errors import NetworkError
from suggestions.events import AnswerFile, Citation, Event
from suggestions.relay import relay
from suggestions.relay.frames import Wording, make_frames
from suggestions.relay.tool_result import RelayedResult


def text(*pieces: str, id: str = "1", kind: str = "text") -> list[dict[str, Any]]:
    return [
        {"type": f"{kind}-start", "id": id},
        *({"type": f"{kind}-delta", "id": id, "delta": piece} for piece in pieces),
        {"type": f"{kind}-end", "id": id},
    ]


def call(id: Any, name: str, given: Any, *pieces: str) -> list[dict[str, Any]]:
    return [
        {"type": "tool-input-start", "toolCallId": id, "toolName": name},
        *(
            {"type": "tool-input-delta", "toolCallId": id, "inputTextDelta": piece}
            for piece in pieces
        ),
        {"type": "tool-input-available", "toolCallId": id, "toolName": name, "input": given},
    ]


def whole(*chunks: dict[str, Any], reason: str = "stop", **about: Any) -> list[dict[str, Any]]:
    """An answer with its beginning and its end."""
    metadata = {"messageMetadata": about} if about else {}
    return [
        *({"type": "start", "messageId": ID}, {"type": "start-step"}),
        *chunks,
        {"type": "finish-step"},
        {"type": "finish", "finishReason": reason, **metadata},
    ]


class Case(NamedTuple):
    """What the service sends, and the chunks that the browser gets."""

    steps: list[Any]
    chunks: list[dict[str, Any]]
    options: dict[str, Any] = {}


CASES = {
    "text": Case(
        STEPS["text"],
        whole(*text("It is ", "so.")),
    ),
    "text that JSON or UTF-8 cannot write as it is": Case(
        STEPS["text that JSON or UTF-8 cannot write as it is"],
        whole(*text('"a\n\ud800')),
    ),
    "nothing at all": Case(STEPS["nothing at all"], whole()),
    "reasoning, then text": Case(
        STEPS["reasoning, then text"],
        whole(*text("Hm", ".", kind="reasoning"), *text("Yes", id="2")),
    ),
    "reasoning twice": Case(
        [said("reasoning", "Hm"), said("content", "Yes"), said("reasoning", "No"), said("done")],
        whole(
            *text("Hm", kind="reasoning"),
            *text("Yes", id="2"),
            *text("No", id="3", kind="reasoning"),
        ),
    ),
    "two tool calls in pieces that come in turn": Case(
        [
            said("content", "Wait."),
            said("tool_call_chunk", {"index": 0, "id": "c1", "name": "weather", "arguments": ""}),
            said("tool_call_chunk", {"index": 0, "arguments": '{"city": '}),
            said("tool_call_chunk", {"index": 1, "id": "c2", "name": "time", "arguments": "{"}),
            said("tool_call_chunk", {"index": 0, "arguments": '"Oslo"}'}),
            said("tool_call_chunk", {"index": 1, "arguments": "}"}),
            said("done", finish_reason="tool_calls"),
        ],
        whole(
            *text("Wait."),
            *call("c1", "weather", {"city": "Oslo"}, '{"city": ')[:2],
            *call("c2", "time", {}, "{")[:2],
            {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '"Oslo"}'},
            {"type": "tool-input-delta", "toolCallId": "c2", "inputTextDelta": "}"},
            call("c1", "weather", {"city": "Oslo"})[-1],
            call("c2", "time", {})[-1],
            reason="tool-calls",
        ),
    ),
    "a tool call at once, after text": Case(
        [
            said("content", "Wait."),
            said("tool_call", {"index": 0, "id": "c1", "name": "time", "arguments": '{"a": 1}'}),
            said("done", finish_reason="tool_calls"),
        ],
        whole(*text("Wait."), *call("c1", "time", {"a": 1}, '{"a": 1}'), reason="tool-calls"),
    ),
    "a tool call whose arguments are no JSON": Case(
        STEPS["a tool call whose arguments are no JSON"],
        whole(
            *call("c1", "time", None, '{"a')[:-1],
            {
                "type": "tool-input-error",
                "toolCallId": "c1",
                "toolName": "time",
                "input": '{"a',
                "errorText": re.compile("The model's call is not valid: .+"),
            },
            reason="length",
        ),
    ),
    "the older kind of call": Case(
        STEPS["the older kind of call"],
        whole(*call(re.compile("call_[0-9a-f]{32}"), "time", {}, "{}"), reason="tool-calls"),
    ),
    "citations": Case(
        [
            said("content", "So it is."),
            said("citation", CITED),
            said("citation", {"url": "https://b.example"}),
            said("citation", {"title": "A book"}),
            said("done"),
        ],
        [
            *whole(*text("So it is."))[:-3],
            {
                "type": "source-url",
                "sourceId": "source-1",
                "url": "https://a.example",
                "title": "A",
                "providerMetadata": {"suggestions": {"start": 1, "end": 4, "quote": "Said."}},
            },
            {"type": "source-url", "sourceId": "source-2", "url": "https://b.example"},
            {
                "type": "source-document",
                "sourceId": "source-3",
                "mediaType": "text/plain",
                "title": "A book",
            },
            *whole(*text("So it is."))[-3:],
        ],
    ),
    "files": Case(
        [
            said("content", "Here:"),
            said("file", {"media_type": "image/png", "url": PNG, "partial": True, "id": "i"}),
            said("file", {"media_type": "image/png", "url": PNG, "id": "i"}),
            said("content", "Good?"),
            said("done"),
        ],
        whole(
            *text("Here:"),
            {"type": "file", "mediaType": "image/png", "url": PNG},
            *text("Good?", id="2"),
        ),
    ),
    "usage": Case(
        STEPS["usage"],
        whole(
            *text("Yes"),
            usage={
                "inputTokens": 9,
                "outputTokens": 5,
                "totalTokens": 14,
                "cachedInputTokens": 4,
                "reasoningTokens": 2,
            },
        ),
    ),
    "the text alone": Case(
        STEPS["the text alone"],
        whole(*text("Yes"), reason="tool-calls"),
        {"events": []},
    ),
    "an answer that is too long": Case(
        [said("content", "Yes"), said("done", finish_reason="length")],
        whole(*text("Yes"), reason="length"),
    ),
    "a reason that the format has no word for": Case(
        [said("content", "Yes"), said("done", finish_reason="pause_turn")],
        whole(*text("Yes"), reason="other"),
    ),
    "a failure before the first piece": Case(
        [data(json.dumps(BUSY))],
        [{"type": "error", "errorText": re.compile(".+")}],
    ),
    "a failure in mid-text": Case(
        STEPS["a failure in mid-text"],
        [*whole(*text("It is "))[:-2], {"type": "error", "errorText": re.compile(".+")}],
    ),
    "a failure in the service's words": Case(
        STEPS["a failure in the service's words"],
        [*whole(*text("It is "))[:-2], {"type": "error", "errorText": re.compile(".*Slow down.*")}],
        {"expose_errors": True},
    ),
    "a failure in the program's words": Case(
        STEPS["a failure in the program's words"],
        [{"type": "error", "errorText": "Oh no."}],
        {"error_message": "Oh no."},
    ),
    "an answer that is cut": Case(
        STEPS["an answer that is cut"],
        [
            *whole(*text("Hm", kind="reasoning"), *text("It is ", id="2"))[:-2],
            {"type": "error", "errorText": SENTENCE},
        ],
    ),
    "an answer that is cut within a call": Case(
        STEPS["an answer that is cut within a call"],
        [
            *whole(*call("c1", "time", None, "{")[:-1])[:-2],
            {"type": "error", "errorText": SENTENCE},
        ],
    ),
}


def chunks_in(wire: bytes) -> list[Any]:
    blocks = [line[6:] for line in wire.decode().split("\n") if line.startswith("data: ")]
    assert blocks.pop() == "[DONE]"
    return [json.loads(block) for block in blocks]


def relayed(steps: list[Any], **options: Any) -> list[Any]:
    session = Script(steps).session()
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames="ui", **options)
    return chunks_in(b"".join(answer))


@pytest.mark.parametrize("name", CASES)
def test_each_answer_has_its_frames(name: str) -> None:
    case = CASES[name]
    check(relayed(case.steps, **case.options), case.chunks)


def encoded(*events: Event[Any]) -> list[Any]:
    """What events become that only a relay with tools has."""
    source: Any = type("Ended", (), {"finish_reason": "stop", "usage": None, "model": "m1"})()
    frames = make_frames("ui", source, Wording(False, None), None)
    frames.message_id = "0" * 32
    wire = b"".join(frames.encode(event) for event in events)
    return chunks_in(wire)


def test_tools_that_run_in_the_relay() -> None:
    events = (
        Event("chunk", "Wait."),
        a_call("c1"),
        a_call("c2"),
        a_call("c3"),
        Event("tool_result", RelayedResult("c1", "weather", {"degrees": 3}, False)),
        Event("tool_result", RelayedResult("c2", "weather", "no such city", True)),
        Event("tool_result", RelayedResult("c3", "weather", [1], True)),
        Event("tool_result", RelayedResult("c9", "weather", "of no call", False)),
        Event("step", None),
        Event("chunk", "It is cold."),
        a_call("c4"),
        Event("tool_result", RelayedResult("c4", "weather", "3 degrees", False)),
        Event("step", None),
        Event("chunk", "Still."),
        Event("done", "Still."),
    )
    one_call = ('{"city": "Oslo"}',)
    given = {"city": "Oslo"}
    check(
        encoded(*events),
        [
            *whole(*text("Wait."))[:-2],
            *(each for id in ("c1", "c2", "c3") for each in call(id, "weather", given, *one_call)),
            {"type": "tool-output-available", "toolCallId": "c1", "output": {"degrees": 3}},
            {"type": "tool-output-error", "toolCallId": "c2", "errorText": "no such city"},
            {"type": "tool-output-error", "toolCallId": "c3", "errorText": "[1]"},
            *({"type": "finish-step"}, {"type": "start-step"}),
            *text("It is cold.", id="2"),
            *call("c4", "weather", given, *one_call),
            {"type": "tool-output-available", "toolCallId": "c4", "output": "3 degrees"},
            *({"type": "finish-step"}, {"type": "start-step"}),
            *whole(*text("Still.", id="3"), model="m1")[2:],
        ],
    )


def test_an_answer_that_the_program_stops() -> None:
    session = Script([said("content", "It is "), HOLD]).session()
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames="ui")
    wire = b""
    for sent in answer:
        wire += sent
        if b"It is" in wire:
            answer.close()
    check(chunks_in(wire), [*whole(*text("It is "))[:-2], {"type": "abort"}])


def test_the_response_says_what_it_is() -> None:
    answer = relay("Why?", dialect="relay", url=URL, frames="ui")
    assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    plain = relay("Why?", dialect="relay", url=URL)
    assert "x-vercel-ai-ui-message-stream" not in plain.headers


def test_an_answer_to_results_of_tools_goes_on_with_the_message_of_the_browser() -> None:
    called = {"id": "c1", "type": "function", "function": {"name": "time", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c1", "content": "Noon."},
    ]
    session = Script([said("content", "Noon."), said("done")]).session()
    answer = relay(messages, dialect="relay", url=URL, session=session, frames="ui")
    assert chunks_in(b"".join(answer))[0] == {"type": "start"}


EVENTS = st.one_of(
    st.sampled_from(["chunk", "reasoning"]).flatmap(
        lambda kind: st.text(min_size=1, max_size=3).map(lambda text: Event(kind, text))
    ),
    st.integers(1, 9).map(lambda number: a_call(f"c{number}")),
    st.builds(lambda: Event("citation", Citation("https://a.example"))),
    st.booleans().map(lambda partial: Event("file", AnswerFile("image/png", PNG, partial))),
    st.builds(lambda: Event("step", None)),
)
ENDS = st.sampled_from(
    [Event("done", ""), Event("abort", ""), Event("error", NetworkError("The network is down."))]
)


@given(st.lists(EVENTS, max_size=12), ENDS)
def test_whatever_comes_the_blocks_fit_into_each_other(events: list[Any], end: Any) -> None:
    chunks = encoded(*events, end)
    open_block: tuple[str, str] | None = None
    ids: set[str] = set()
    is_in_step = False
    for place, each in enumerate(chunks):
        kind, _, what = each["type"].partition("-")
        assert (each["type"] == "start") == (place == 0 and each["type"] not in ("error", "abort"))
        if each["type"] in ("start-step", "finish-step"):
            assert is_in_step == (kind == "finish")
            assert open_block is None
            is_in_step = not is_in_step
        elif kind in ("text", "reasoning"):
            block = (kind, each["id"])
            assert is_in_step
            assert open_block == (None if what == "start" else block)
            open_block = None if what == "end" else block
            if what == "start":
                assert each["id"] not in ids
                ids.add(each["id"])
        elif kind == "tool" or kind == "file":
            assert is_in_step
            assert open_block is None
    assert open_block is None
    assert chunks[-1]["type"] == {"done": "finish"}.get(end.type, end.type)
    assert is_in_step <= (end.type != "done")
    for name in ("chunk", "reasoning"):
        told = "".join(each.detail for each in events if each.type == name)
        kind = "text-delta" if name == "chunk" else "reasoning-delta"
        assert told == "".join(each["delta"] for each in chunks if each["type"] == kind)


# The packages' own opinion

VALIDATE = """
import { uiMessageChunkSchema, readUIMessageStream } from "ai";
import { readFileSync } from "node:fs";
const schema = typeof uiMessageChunkSchema === "function"
    ? uiMessageChunkSchema() : uiMessageChunkSchema;
const made = {};
for (const [name, chunks] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
    const refused = [];
    for (const chunk of chunks) {
        const result = await schema.validate(chunk);
        if (!result.success) refused.push([chunk, String(result.error)]);
    }
    const stream = new ReadableStream({
        start(controller) {
            chunks.forEach((chunk) => controller.enqueue(chunk));
            controller.close();
        },
    });
    const errors = [];
    let message = null;
    for await (const each of readUIMessageStream({
        stream, onError: (error) => errors.push(error.message),
    })) message = each;
    made[name] = { refused, errors, message };
}
console.log(JSON.stringify(made));
"""


@pytest.mark.parametrize("version", [*VERSIONS, OLDEST])
def test_the_packages_accept_every_frame(version: str) -> None:
    sent = {name: relayed(case.steps, **case.options) for name, case in CASES.items()}
    sent["tools"] = encoded(
        Event("chunk", "Wait."),
        a_call("c1"),
        Event("tool_result", RelayedResult("c1", "weather", {"degrees": 3}, False)),
        Event("step", None),
        a_call("c2"),
        Event("tool_result", RelayedResult("c2", "weather", "no such city", True)),
        Event("step", None),
        Event("chunk", "Cold."),
        Event("done", "Cold."),
    )
    made = run_node(version, VALIDATE, sent)
    for name, seen in made.items():
        assert seen["refused"] == [], name
        failed = [chunk["errorText"] for chunk in sent[name] if chunk["type"] == "error"]
        assert seen["errors"] == failed, name
    for name in ("text", "reasoning, then text", "files", "an answer that is too long"):
        parts = made[name]["message"]["parts"]
        assert all(part.get("state", "done") == "done" for part in parts), name
        texts = "".join(part["text"] for part in parts if part["type"] == "text")
        assert texts == "".join(c["delta"] for c in sent[name] if c["type"] == "text-delta")
    parts = made["tools"]["message"]["parts"]
    states = [part.get("state", "") for part in parts if part["type"] == "tool-weather"]
    assert states == ["output-available", "output-error"]
    kinds = [part["type"] for part in parts]
    assert kinds == [
        *("step-start", "text", "tool-weather"),
        *("step-start", "tool-weather", "step-start", "text"),
    ]
    calls = made["two tool calls in pieces that come in turn"]["message"]["parts"][2:]
    assert [each["input"] for each in calls] == [{"city": "Oslo"}, {}]
    assert made["usage"]["message"]["metadata"]["usage"]["inputTokens"] == 9
