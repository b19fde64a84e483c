"""The dialect `ag-ui`: a client of an agent that speaks AG-UI, ours or somebody else's."""

from __future__ import annotations

import json
from typing import Any

import front_end_dialects as common
import pytest
from contract import Record
from front_end_dialects import CALLED, PNG, said
from hypothesis import given
from hypothesis import strategies as st
from node_packages import run_node
from packages_beside import run_with
from script import Script, chunk, data

from suggestions import SuggestionsEventSource
from suggestions.dialects.ag_ui import AgUi
from suggestions.errors import IncompleteStreamError, QuotaExceededError, ServiceError
from suggestions.events import AnswerFile, Citation, ToolCall
from suggestions.relay import AgUiRun, messages_from_ag_ui, relay, tools_from_ag_ui

URL = "https://app.example/agent"
RUN = {"threadId": "thread-1", "runId": "run-1"}


STARTED = said("RUN_STARTED", **RUN)
FINISHED = said("RUN_FINISHED", **RUN)


def text(piece: str, id: str = "m1") -> bytes:
    return said("TEXT_MESSAGE_CONTENT", messageId=id, delta=piece)


def listen(
    steps: list[Any], question: Any = "Why?", dialect: Any = "ag-ui", **options: Any
) -> tuple[SuggestionsEventSource, Record, Script]:
    return common.listen(URL, steps, question, dialect, **options)


# Requests

FILE_OF_THE_SERVICE = {"type": "file", "file": {"file_id": "file-1"}}
HISTORY = [
    {"role": "developer", "content": "Be kind."},
    common.HISTORY[0],
    {"role": "user", "content": [*common.PARTS, FILE_OF_THE_SERVICE]},
    *common.HISTORY[2:],
]


def body_of(question: Any, options: Any = None, **parameters: Any) -> Any:
    dialect = AgUi(URL, **parameters)
    _, _, script = listen([STARTED, FINISHED], question, dialect=dialect, options=options)
    [request] = script.requests
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers["Accept"] == "text/event-stream"
    return json.loads(request.body or "")


def test_it_asks_as_a_client_does() -> None:
    body = body_of("Why?")
    ids = [body.pop("threadId"), body.pop("runId"), body["messages"][0].pop("id")]
    assert len(set(ids)) == 3
    assert body == {
        "state": {},
        "tools": [],
        "context": [],
        "forwardedProps": {},
        "messages": [{"role": "user", "content": "Why?"}],
    }


def test_options_are_fields_of_the_run() -> None:
    context = [{"description": "The page", "value": "Home"}]
    body = body_of("Why?", {"runId": "r", "state": {"a": 1}}, threadId="t", context=context)
    assert (body["threadId"], body["runId"]) == ("t", "r")
    assert (body["state"], body["context"]) == ({"a": 1}, context)


def test_a_history_is_the_same_on_the_other_side() -> None:
    assert messages_from_ag_ui(body_of(HISTORY)) == HISTORY


def test_tools_are_described_as_the_format_has_them() -> None:
    schema = {"type": "object", "properties": {}}
    flat = {"name": "time", "description": "The time.", "parameters": schema}
    in_chats = {"type": "function", "function": {"name": "place", "parameters": schema}}
    body = body_of("Why?", {"tools": [flat, in_chats]})
    assert body["tools"] == [flat, {"name": "place", "description": "", "parameters": schema}]
    assert [tool["function"]["name"] for tool in tools_from_ag_ui(body)] == ["time", "place"]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            {"role": "user", "content": [{"type": "video", "video": {}}]},
            r"^question\[0\]\['content'\]\[0\] is of the type 'video', which the dialect 'ag-ui' ",
        ),
        (
            {"role": "system", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
            r"^question\[0\]\['content'\]\[0\] is of the type 'image_url', which the dialect 'ag",
        ),
        ({"role": "jetpack-ai", "content": "?"}, r"^question\[0\]\['role'\] is 'jetpack-ai': exp"),
    ],
)
def test_what_it_cannot_ask(message: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SuggestionsEventSource([message], dialect="ag-ui", url=URL)


def test_the_question_is_no_option() -> None:
    with pytest.raises(ValueError, match=r"^parameter 'messages' is not for ag-ui: it is the que"):
        AgUi(messages=[])


# Answers of other backends

USAGE = {
    "model": "m1",
    "inputTokens": 9,
    "outputTokens": 5,
    "totalTokens": 14,
    "cachedInputTokens": 4,
    "reasoningTokens": 2,
}
ALL = [
    STARTED,
    said("STEP_STARTED", stepName="agent"),
    said("STATE_SNAPSHOT", snapshot={"a": 1}),
    said("REASONING_START", messageId="r1"),
    said("REASONING_MESSAGE_START", messageId="r1", role="reasoning"),
    said("REASONING_MESSAGE_CONTENT", messageId="r1", delta="Hm."),
    said("REASONING_MESSAGE_END", messageId="r1"),
    said("REASONING_END", messageId="r1"),
    said("TEXT_MESSAGE_START", messageId="m1", role="assistant"),
    text("It is "),
    said("TOOL_CALL_START", toolCallId="c1", toolCallName="weather", parentMessageId="m1"),
    said("TOOL_CALL_START", toolCallId="c2", toolCallName="time", parentMessageId="m1"),
    said("TOOL_CALL_ARGS", toolCallId="c1", delta='{"city": '),
    said("TOOL_CALL_ARGS", toolCallId="c2", delta="{}"),
    said("TOOL_CALL_ARGS", toolCallId="c1", delta='"Oslo"}'),
    *(said("TOOL_CALL_END", toolCallId="c1"), said("TOOL_CALL_END", toolCallId="c2")),
    said("TOOL_CALL_RESULT", messageId="t1", toolCallId="c2", content="noon"),
    said("CUSTOM", name="citation", value={"url": "https://a.example", "title": "A"}),
    said("CUSTOM", name="citation", value="[1]"),
    said("CUSTOM", name="of their own", value={"url": "https://b.example"}),
    said("SUBAGENT_STARTED", subagentRunId="s1", name="helper"),
    said("TEXT_MESSAGE_CONTENT", messageId="m9", delta="Psst.", subagentRunId="s1"),
    said("SUBAGENT_FINISHED", subagentRunId="s1"),
    said("RAW", event={"a": 1}),
    said("OF_TOMORROW", what="?"),
    *(text("cold."), said("TEXT_MESSAGE_END", messageId="m1")),
    said("STEP_FINISHED", stepName="agent"),
    said("RUN_FINISHED", **RUN, usage=[USAGE], outcome={"type": "success"}),
]


def test_an_answer_that_has_everything() -> None:
    source, record, _ = listen(ALL)
    received = record.by_name
    assert received["chunk"] == ["It is ", "cold."]
    assert received["reasoning"] == ["Hm."]
    assert received["tool_call"] == [
        ToolCall("c1", "weather", '{"city": "Oslo"}'),
        ToolCall("c2", "time", "{}"),
    ]
    assert received["citation"] == [Citation("https://a.example", "A")]
    assert (source.request_id, source.model) == ("run-1", "m1")
    assert source.finish_reason == "tool_calls"
    assert source.usage is not None
    assert source.usage[:3] == (9, 5, 14)
    assert (source.usage.cached_tokens, source.usage.reasoning_tokens) == (4, 2)


def test_the_counts_of_several_models_are_added() -> None:
    other = {"model": "m2", "inputTokens": 1, "outputTokens": 2}
    source, _, _ = listen([STARTED, text("Hi"), said("RUN_FINISHED", **RUN, usage=[USAGE, other])])
    assert source.usage is not None
    assert source.usage[:3] == (10, 7, 17)
    assert source.usage.details == {"usage": [USAGE, other]}
    assert source.model == "m2"


def test_the_short_events() -> None:
    source, record, _ = listen(
        [
            STARTED,
            said("REASONING_MESSAGE_CHUNK", messageId="r1", delta="Hm"),
            said("REASONING_MESSAGE_CHUNK", delta="."),
            said("TEXT_MESSAGE_CHUNK", messageId="u1", role="user", delta="Why?"),
            said("TEXT_MESSAGE_CHUNK", messageId="m1", role="assistant", delta="It is "),
            said("TEXT_MESSAGE_CHUNK", delta="so."),
            said("TEXT_MESSAGE_CHUNK"),
            said("TOOL_CALL_CHUNK", toolCallId="c1", toolCallName="weather", delta='{"city": '),
            said("TOOL_CALL_CHUNK", delta='"Oslo"}'),
            said("TOOL_CALL_CHUNK", toolCallId="c2", toolCallName="time", parentMessageId=None),
            said("TOOL_CALL_CHUNK", delta='{"in": '),
            said("TOOL_CALL_CHUNK", toolCallId="c2", delta="1}"),
            FINISHED,
        ]
    )
    assert source.full_message == "It is so."
    assert source.reasoning == "Hm."
    assert record.by_name["tool_call"] == [
        ToolCall("c1", "weather", '{"city": "Oslo"}'),
        ToolCall("c2", "time", '{"in": 1}'),
    ]


def test_the_events_of_reasoning_before_version_1() -> None:
    source, _, _ = listen(
        [
            STARTED,
            said("THINKING_START", title="Plan"),
            said("THINKING_TEXT_MESSAGE_START"),
            said("THINKING_TEXT_MESSAGE_CONTENT", delta="Hm"),
            said("THINKING_TEXT_MESSAGE_CONTENT", delta="."),
            said("THINKING_TEXT_MESSAGE_END"),
            said("THINKING_END"),
            text("Yes"),
            said("RUN_FINISHED", **RUN, result=None, outcome=None, rawEvent=None),
        ]
    )
    assert (source.reasoning, source.full_message) == ("Hm.", "Yes")
    assert source.finish_reason == "stop"


def snapshot(*messages: Any) -> bytes:
    return said("MESSAGES_SNAPSHOT", messages=list(messages))


OLD = [
    {"id": "u0", "role": "user", "content": "Hi"},
    {"id": "m0", "role": "assistant", "content": "Hello."},
    {"id": "u1", "role": "user", "content": "Why?"},
]
THOUGHT = {"id": "r1", "role": "reasoning", "content": "Hm."}
WAIT = {
    "id": "m1",
    "role": "assistant",
    "content": "Wait.",
    "toolCalls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    ],
}
RESULT = {"id": "t1", "role": "tool", "toolCallId": "c1", "content": "3"}
COLD = {"id": "m2", "role": "assistant", "content": "Cold."}
HELPER = {"id": "m9", "role": "assistant", "content": "Psst.", "subagentRunId": "s1"}


def test_an_answer_that_comes_in_a_snapshot_alone() -> None:
    source, record, _ = listen(
        [STARTED, snapshot(*OLD, THOUGHT, WAIT, RESULT, HELPER, COLD), FINISHED]
    )
    assert (source.reasoning, source.full_message) == ("Hm.", "Wait.Cold.")
    assert record.by_name["tool_call"] == [ToolCall("c1", "weather", "{}")]


def test_a_snapshot_says_nothing_twice() -> None:
    steps = [
        *(STARTED, snapshot(*OLD)),
        said("REASONING_MESSAGE_CONTENT", messageId="r1", delta="Hm."),
        text("Wait."),
        said("TOOL_CALL_START", toolCallId="c1", toolCallName="weather"),
        said("TOOL_CALL_ARGS", toolCallId="c1", delta="{}"),
        snapshot(*OLD, THOUGHT, WAIT, RESULT),
        text("Co", "m2"),
        text("ld.", "m2"),
        snapshot(*OLD, THOUGHT, WAIT, RESULT, COLD),
        FINISHED,
    ]
    source, record, _ = listen(steps)
    assert record.by_name["chunk"] == ["Wait.", "Co", "ld."]
    assert source.reasoning == "Hm."
    assert record.by_name["tool_call"] == [ToolCall("c1", "weather", "{}")]


def test_a_snapshot_has_what_was_asked_too() -> None:
    """The question may end in results of tools, with an assistant's message before them."""
    question = [
        {"role": "user", "content": "How is Oslo?"},
        {"role": "assistant", "content": "Wait.", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
    ]

    asked = body_of(question)["messages"]
    source, _, _ = listen([STARTED, snapshot(*asked, COLD), FINISHED], question)
    assert (source.full_message, source.tool_calls) == ("Cold.", ())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "stop"),
        ({"metadata": {"finishReason": "length"}}, "length"),
        ({"outcome": {"type": "success", "pendingToolCallIds": []}}, "stop"),
        ({"outcome": {"type": "success", "pendingToolCallIds": ["c1"]}}, "tool_calls"),
        ({"outcome": {"type": "interrupt", "interrupts": [{"id": "i", "reason": "ask"}]}}, "pause"),
        ({"outcome": None, "metadata": None, "usage": None}, "stop"),
    ],
)
def test_the_reason_to_stop(fields: Any, reason: str) -> None:
    source, _, _ = listen([STARTED, text("Hi"), said("RUN_FINISHED", **RUN, **fields)])
    assert (source.full_message, source.finish_reason) == ("Hi", reason)


def failed(*steps: bytes) -> Any:
    return common.failed("ag-ui", URL, *steps)


def test_failures() -> None:
    error = failed(STARTED, text("It is "), said("RUN_ERROR", message="Something broke."))
    assert isinstance(error, ServiceError)
    assert "Something broke." in str(error)
    assert error.partial_text == "It is "
    limit = said("RUN_ERROR", message="Slow down.", code="rate_limit_exceeded")
    assert isinstance(failed(limit), QuotaExceededError)
    ours = said(
        "RUN_ERROR",
        message="Later.",
        code="error_quota_exceeded",
        metadata={"retryAfter": 7},
        usage=[USAGE],
    )
    error = failed(STARTED, ours)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after == 7
    assert "Oh no." in str(failed(data('{"error": {"message": "Oh no."}}')))


def test_what_stops_early_is_no_answer() -> None:
    assert isinstance(failed(STARTED, text("It is ")), IncompleteStreamError)
    assert isinstance(failed(STARTED, text("It is "), data("[DONE]")), IncompleteStreamError)
    cancelled = said("RUN_FINISHED", **RUN, outcome={"type": "cancelled"})
    assert isinstance(failed(STARTED, text("It is "), cancelled), IncompleteStreamError)
    stopped = said("RUN_ERROR", message="The answer was stopped.", code="aborted")
    assert isinstance(failed(STARTED, text("It is "), stopped), IncompleteStreamError)


# Our own relay as the backend

CITED = Citation("https://a.example", "A", 1, 4, "Said.")


def test_a_relay_that_asks_passes_every_event_on() -> None:
    service = [
        {"type": "reasoning", "data": "Hm."},
        {"type": "content", "data": "It is "},
        {"type": "citation", "data": CITED._asdict()},
        {
            "type": "tool_call",
            "data": {"index": 0, "id": "c1", "name": "time", "arguments": '{"a": 1}'},
        },
        {"type": "file", "data": {"media_type": "image/png", "url": PNG}},
        {"type": "content", "data": "so."},
        {
            "type": "usage",
            "data": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
        },
        {"type": "done", "finish_reason": "length"},
    ]
    session = Script([data(json.dumps(each)) for each in service]).session()
    frames = AgUiRun(RUN)
    wire = b"".join(relay("Why?", dialect="relay", url=URL, session=session, frames=frames))
    source, record, _ = listen([wire])
    assert record.by_name["reasoning"] == ["Hm."]
    assert record.by_name["citation"] == [CITED]
    assert record.by_name["tool_call"] == [ToolCall("c1", "time", '{"a": 1}')]
    assert record.by_name["file"] == [AnswerFile("image/png", PNG)]
    assert (source.full_message, source.finish_reason) == ("It is so.", "length")
    assert source.request_id == "run-1"
    assert source.usage is not None
    assert source.usage[:3] == (9, 5, 14)


def test_a_relay_that_fails_or_is_cut() -> None:
    for steps in ([chunk("It is ")], [chunk("It is "), data('{"error": {"message": "Oh no."}}')]):
        session = Script(steps).session()
        wire = b"".join(relay("Why?", dialect="openai", url=URL, session=session, frames="ag-ui"))
        error = failed(wire)
        assert "could not be completed" in str(error)
        assert error.partial_text == "It is "


# The packages of the protocol as the backend

AGENT = """
import sys
from ag_ui.core import *
from ag_ui.encoder import EventEncoder
asked = RunAgentInput.model_validate_json(sys.stdin.read())
assert [message.role for message in asked.messages][-1] == "user", asked
assert not any(message.model_extra for message in asked.messages), asked
assert [tool.name for tool in asked.tools] == ["time", "place"], asked
run = {"thread_id": asked.thread_id, "run_id": asked.run_id}
events = [
    RunStartedEvent(**run),
    ReasoningStartEvent(message_id="r"),
    ReasoningMessageStartEvent(message_id="r", role="reasoning"),
    ReasoningMessageContentEvent(message_id="r", delta="Hm."),
    ReasoningMessageEndEvent(message_id="r"),
    ReasoningEndEvent(message_id="r"),
    TextMessageChunkEvent(message_id="m", role="assistant", delta="It is "),
    TextMessageChunkEvent(message_id="m", delta="so."),
    ToolCallChunkEvent(tool_call_id="c1", tool_call_name="time", delta="{}"),
    MessagesSnapshotEvent(messages=[
        *asked.messages,
        AssistantMessage(id="m", content="It is so.", tool_calls=[
            ToolCall(id="c1", function=FunctionCall(name="time", arguments="{}")),
        ]),
    ]),
    RunFinishedEvent(**run, usage=[TokenUsage(model="m1", input_tokens=9, output_tokens=5)]),
]
encoder = EventEncoder()
sys.stdout.write("".join(map(encoder.encode, events)))
"""
TOOLS = [
    {"name": "time", "description": "The time.", "parameters": {"type": "object"}},
    {"type": "function", "function": {"name": "place", "parameters": {"type": "object"}}},
]


def test_an_agent_with_the_protocols_own_models() -> None:
    asked = body_of(HISTORY, {"tools": TOOLS})
    printed = run_with("ag_ui", "-c", AGENT, input=json.dumps(asked))
    source, record, _ = listen([printed.encode()], HISTORY)
    assert (source.reasoning, source.full_message) == ("Hm.", "It is so.")
    assert record.by_name["chunk"] == ["It is ", "so."]
    assert source.tool_calls == (ToolCall("c1", "time", "{}"),)
    assert source.model == "m1"
    assert source.usage is not None
    assert source.usage[:3] == (9, 5, 14)


INPUT = """
import * as core from "@ag-ui/core";
import { readFileSync } from "node:fs";
const { RunAgentInputSchema } = core.RunAgentInputSchema
    ? core : await import("@ag-ui/core/schemas");
const result = RunAgentInputSchema.safeParse(JSON.parse(readFileSync(0, "utf8")));
console.log(JSON.stringify(result.success ? "taken" : String(result.error)));
"""


@pytest.mark.parametrize("version", ["ag_ui", "ag_ui_0", "ag_ui_oldest"])
def test_the_packages_take_what_is_asked(version: str) -> None:
    history = HISTORY
    if version != "ag_ui":  # those have no source "file"
        asked = HISTORY[2]
        history = [*HISTORY[:2], {**asked, "content": asked["content"][:-1]}, *HISTORY[3:]]
    if version == "ag_ui_oldest":  # nor images, speech and documents, in the shape of 1.0
        history = [*history[:2], {"role": "user", "content": "How is Oslo?"}, *history[3:]]
    body = body_of(history, {"tools": TOOLS})
    assert run_node(version, INPUT, body) == "taken"


# Whatever comes


@pytest.mark.parametrize("count", range(len(ALL)))
def test_an_answer_that_is_cut_is_no_answer(count: int) -> None:
    error = failed(*ALL[:count])
    assert error is not None
    assert error.code == "error_network"


def test_an_answer_byte_by_byte() -> None:
    whole, _, _ = listen(ALL)
    source, _, _ = listen([bytes([byte]) for byte in b"".join(ALL)])
    assert source.full_message == whole.full_message
    assert (source.tool_calls, source.usage) == (whole.tool_calls, whole.usage)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
KINDS = [*(json.loads(event[6:])["type"] for event in ALL), "MESSAGES_SNAPSHOT", "RUN_ERROR"]
MESSAGE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "role", "content", "toolCalls", "function", "name"), JSON)
)
FIELDS = (
    *("messageId", "delta", "role", "toolCallId", "toolCallName", "runId", "name", "value"),
    *("outcome", "metadata", "message", "code", "subagentRunId"),
)
EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | JSON},
    optional={
        **dict.fromkeys(FIELDS, JSON),
        "messages": st.lists(MESSAGE | JSON, max_size=3) | JSON,
        "usage": st.lists(st.dictionaries(st.sampled_from(list(USAGE)), JSON), max_size=2) | JSON,
    },
)


@given(st.lists(EVENT, max_size=5))
def test_whatever_comes_the_contract_holds(events: list[Any]) -> None:
    listen([STARTED, *(data(json.dumps(event)) for event in events), FINISHED])
