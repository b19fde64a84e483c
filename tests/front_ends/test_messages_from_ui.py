"""`messages_from_ui`: what `useChat` sends, as messages that each service takes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_packages import VERSIONS, run_node
from script import Script, data

from suggestions.dialects import Dialect, find
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.base import checked
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground
from suggestions.relay import messages_from_ui, relay

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWj"
    "R9awAAAABJRU5ErkJggg=="
)
PDF = "data:application/pdf;base64,JVBERi0xLjQK"
WAV = "data:audio/wav;base64,UklGRg=="


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def user(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "u1", "role": "user", "parts": list(parts), **fields}


def assistant(*parts: Any) -> dict[str, Any]:
    return {"id": "a1", "role": "assistant", "parts": list(parts)}


def tool(state: str = "output-available", id: str = "c1", **fields: Any) -> dict[str, Any]:
    given = {"toolCallId": id, "state": state, "input": {"city": "Oslo"}, **fields}
    return {"type": "tool-weather", **given}


def called(id: str = "c1", name: str = "weather", arguments: str = '{"city": "Oslo"}') -> Any:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(content: str, id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


ASKED = {"role": "user", "content": "Why?"}
STEP = {"type": "step-start"}
TAKEN: dict[str, tuple[list[Any], list[Any]]] = {
    "a text": ([user(said("Why?"))], [ASKED]),
    "several texts": (
        [user(said("This:"), said("Why?"))],
        [{"role": "user", "content": [said("This:"), said("Why?")]}],
    ),
    "instructions": (
        [{"id": "s", "role": "system", "parts": [said("Be "), said("brief.")]}, user(said("Why?"))],
        [{"role": "system", "content": "Be brief."}, ASKED],
    ),
    "images": (
        [
            user(
                {"type": "file", "mediaType": "image/png", "url": PNG, "filename": "a.png"},
                {"type": "file", "mediaType": "image", "url": "https://a.example/b.png"},
                said("What?"),
            )
        ],
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": PNG}},
                    {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                    said("What?"),
                ],
            }
        ],
    ),
    "other files": (
        [
            user(
                {"type": "file", "mediaType": "application/pdf", "url": PDF, "filename": "a.pdf"},
                {"type": "file", "mediaType": "audio/wav", "url": WAV},
            )
        ],
        [
            {
                "role": "user",
                "content": [
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
                    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                ],
            }
        ],
    ),
    "an answer with what is for the page alone": (
        [
            user(said("Why?"), {"type": "data-place", "data": {}}),
            assistant(
                STEP,
                {"type": "reasoning", "text": "Hm.", "state": "done"},
                {**said("So."), "state": "done"},
                {"type": "source-url", "sourceId": "1", "url": "https://a.example"},
                {"type": "source-document", "sourceId": "2", "mediaType": "a/b", "title": "A"},
                {"type": "file", "mediaType": "image/png", "url": PNG},
                {"type": "data-weather", "id": "d", "data": {"degrees": 3}},
                {"type": "custom", "kind": "a.b"},
            ),
            user(said("Why?")),
        ],
        [ASKED, {"role": "assistant", "content": "So."}, ASKED],
    ),
    "an answer that was stopped before its text": ([user(said("Why?")), assistant()], [ASKED]),
    "two rounds of tools": (
        [
            user(said("Why?")),
            assistant(
                STEP,
                said("Wait."),
                tool(output={"degrees": 3}),
                tool(id="c2", output="cold"),
                STEP,
                {**tool(id="c3", output=None), "type": "dynamic-tool", "toolName": "time"},
                STEP,
                said("It is cold."),
            ),
        ],
        [
            ASKED,
            {"role": "assistant", "content": "Wait.", "tool_calls": [called(), called("c2")]},
            result('{"degrees": 3}'),
            result("cold", "c2"),
            {"role": "assistant", "content": None, "tool_calls": [called("c3", "time")]},
            result("null", "c3"),
            {"role": "assistant", "content": "It is cold."},
        ],
    ),
    "a text after a result, without a step": (
        [user(said("Why?")), assistant(tool(output="3"), said("Cold."))],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called()]},
            result("3"),
            {"role": "assistant", "content": "Cold."},
        ],
    ),
    "a tool that failed": (
        [user(said("Why?")), assistant(tool("output-error", errorText="no such city"))],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called()]},
            result("no such city"),
        ],
    ),
    "arguments that were no JSON": (
        [user(said("Why?")), assistant(tool("output-error", input='{"a', errorText="bad"))],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called(arguments="{}")]},
            result("bad"),
        ],
    ),
    "calls that a person did not allow": (
        [
            user(said("Why?")),
            assistant(
                tool("approval-responded", approval={"id": "1", "approved": False}),
                tool(
                    "output-denied",
                    id="c2",
                    approval={"id": "2", "approved": False, "reason": "Too dear."},
                ),
            ),
        ],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called(), called("c2")]},
            result("The user did not allow this call."),
            result("The user did not allow this call. Their reason: Too dear.", "c2"),
        ],
    ),
    "calls without a result, or of the service's own tools": (
        [
            user(said("Why?")),
            assistant(
                said("Wait."),
                tool("input-streaming", input=None),
                tool("input-available"),
                tool("approval-requested", approval={"id": "1"}),
                tool("approval-responded", approval={"id": "1", "approved": True}),
                tool(output="found", providerExecuted=True),
            ),
            user(said("Why?")),
        ],
        [ASKED, {"role": "assistant", "content": "Wait."}, ASKED],
    ),
    "what a person says in mid-answer": (
        [
            user(said("Why?")),
            assistant(
                said("Wait."), {"type": "steering-message", "id": "s", "parts": [said("Why?")]}
            ),
        ],
        [ASKED, {"role": "assistant", "content": "Wait."}, ASKED],
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name: str) -> None:
    messages, expected = TAKEN[name]
    assert messages_from_ui(messages) == expected
    assert messages_from_ui(json.loads(json.dumps(messages))) == expected


NOT_TAKEN = {
    ("other files", "anthropic"),  # no speech
    ("other files", "ollama"),
    ("images", "ollama"),  # no address of an image
}


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "responses", "ollama"])
@pytest.mark.parametrize("name", TAKEN)
def test_each_service_takes_it(name: str, dialect: str) -> None:
    service = find(dialect)
    question = checked(messages_from_ui(TAKEN[name][0]), service)
    if (name, dialect) in NOT_TAKEN:
        with pytest.raises(ValueError, match=dialect):
            service.request(question, {"model": "m"})
    else:
        service.request(question, {"model": "m"})


REFUSED: dict[str, tuple[Any, str]] = {
    "no list": ({"a": 1}, "messages must be a list of messages, not dict"),
    "a text": ("Why?", "messages must be a list of messages, not str"),
    "nothing": (None, "messages must be a list of messages, not NoneType"),
    "no message": ([], "messages has no question: expected a message of the role 'user'"),
    "no question": (
        [assistant(said("Hi"))],
        "messages has no question: expected a message of the role 'user'",
    ),
    "no object": ([user(said("Why?")), 3], "messages[1] must be an object, not int"),
    "no role": (
        [{"parts": []}],
        "messages[0].role is None: expected 'system', 'user' or 'assistant'",
    ),
    "no parts": (
        [{"role": "user", "content": "Why?"}],
        "messages[0].parts must be a list, not NoneType",
    ),
    "a blank question": (
        [user(said(" \n"))],
        "messages[0].parts has no question: expected a text or a file",
    ),
    "a part that is none": ([user(3)], "messages[0].parts[0] must be an object, not int"),
    "a part without a type": ([user({})], "messages[0].parts[0].type must be a text, not NoneType"),
    "a text that is none": (
        [user(said("Why?")), user({"type": "text", "text": 3})],
        "messages[1].parts[0].text must be a text, not int",
    ),
    "a part that a person cannot send": (
        [user(tool(output=1))],
        "messages[0].parts[0].type is 'tool-weather': expected 'text', 'file' or 'data-...'",
    ),
    "a part that is not known": (
        [user(said("Why?")), assistant({"type": "video"})],
        "messages[1].parts[0].type is 'video': expected 'text', 'reasoning', 'file',",
    ),
    "a file of the browser's own": (
        [user({"type": "file", "mediaType": "image/png", "url": "blob:http://a/1"})],
        "messages[0].parts[0].url is 'blob:http://a/1': expected a data URL, or an address that",
    ),
    "a file without data": (
        [user({"type": "file", "mediaType": "image/png", "url": "data:image/png"})],
        "messages[0].parts[0].url has no data",
    ),
    "a document by its address": (
        [user({"type": "file", "mediaType": "text/csv", "url": "https://a.example/a.csv"})],
        "messages[0].parts[0] is of the type 'text/csv': expected an image, or a file as a data",
    ),
    "a file without its type": (
        [user({"type": "file", "url": PNG})],
        "messages[0].parts[0].mediaType must be a text, not NoneType",
    ),
    "a state that is not known": (
        [user(said("Why?")), assistant(tool("done"))],
        "messages[1].parts[0].state is 'done': expected one of input-streaming,",
    ),
    "a call without an id": (
        [user(said("Why?")), assistant(tool(id="", output=1))],
        "messages[1].parts[0] has no toolCallId",
    ),
    "a tool without a name": (
        [user(said("Why?")), assistant({**tool(output=1), "type": "tool-"})],
        "messages[1].parts[0] has no name",
    ),
    "arguments that are no object": (
        [user(said("Why?")), assistant(tool(output=1, input=[1]))],
        "messages[1].parts[0].input must be an object, not list",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    messages, sentence = REFUSED[name]
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        messages_from_ui(messages)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
KINDS = ("text", "file", "reasoning", "step-start", "tool-a", "dynamic-tool", "steering-message")
STATES = ("output-available", "output-error", "output-denied", "approval-responded")
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | JSON},
    optional={
        "state": st.sampled_from(STATES) | JSON,
        "mediaType": st.sampled_from(["image/png", "audio/wav", "a"]) | JSON,
        "url": st.sampled_from([PNG, WAV, "data:,", "data:;base64"]) | JSON,
        "parts": st.lists(st.just(said("Why?")), max_size=1) | JSON,
        **dict.fromkeys(("text", "toolCallId", "toolName"), st.text(max_size=3) | JSON),
        **dict.fromkeys(("input", "output", "errorText", "approval", "filename"), JSON),
    },
)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system"]) | JSON,
        "parts": st.lists(PART | JSON, max_size=4) | JSON,
    }
)


@given(st.lists(MESSAGE | JSON, max_size=3) | JSON)
def test_whatever_comes_is_taken_or_refused(messages: Any) -> None:
    sentence, converted = "", []
    try:
        converted = messages_from_ui(messages)
    except ValueError as refused:
        sentence = str(refused)
    assert sentence.startswith("messages") != bool(converted)
    for dialect in ("openai", "jetpack", "relay") if converted else ():
        assert checked(converted, find(dialect)) == converted


# A round of a tool of the page, with the packages themselves

ROUND = """
import { DefaultChatTransport, readUIMessageStream, validateUIMessages } from "ai";
import { readFileSync } from "node:fs";
const wire = JSON.parse(readFileSync(0, "utf8"));
let sent = null;
const transport = new DefaultChatTransport({
    api: "https://a.example/api/chat",
    fetch: async (url, init) => {
        sent = JSON.parse(init.body);
        return new Response(wire, { headers: { "content-type": "text/event-stream" } });
    },
});
const asked = { id: "u1", role: "user", parts: [{ type: "text", text: "How is Oslo?" }] };
const send = (messages) => transport.sendMessages({
    chatId: "chat", messages, trigger: "submit-message", abortSignal: undefined,
});
let answer = null;
for await (const each of readUIMessageStream({ stream: await send([asked]) })) answer = each;
answer.parts = answer.parts.map((part) => part.type !== "tool-weather" ? part
    : { ...part, state: "output-available", output: { degrees: 3 } });
await send(await validateUIMessages({ messages: [asked, answer] }));
console.log(JSON.stringify(sent));
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_round_of_a_tool_goes_back_to_each_service(version: str) -> None:
    steps = [
        {"type": "reasoning", "data": "Hm."},
        {"type": "content", "data": "Wait."},
        {
            "type": "tool_call",
            "data": {"index": 0, "id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
        },
        {"type": "done", "finish_reason": "tool_calls"},
    ]
    session = Script([data(json.dumps(step)) for step in steps]).session()
    url = "https://service.example/ask"
    answer = relay("Why?", dialect="relay", url=url, session=session, frames="ui")
    body = run_node(version, ROUND, b"".join(answer).decode())
    assert (body["id"], body["trigger"]) == ("chat", "submit-message")
    messages = messages_from_ui(body["messages"])
    assert messages == [
        {"role": "user", "content": "How is Oslo?"},
        {"role": "assistant", "content": "Wait.", "tool_calls": [called()]},
        result('{"degrees": 3}'),
    ]
    with Playground(pace=0) as playground:
        services: list[Dialect] = [
            OpenAI(playground.openai_url, "any", "playground"),
            Anthropic(playground.anthropic_url, "any", "playground"),
            Responses(playground.openai_url, "any", "playground"),
        ]
        for service in services:
            frames = b"".join(relay(messages, dialect=service, frames="ui")).decode()
            assert '"type": "text-delta"' in frames, frames
            assert '"finishReason": "stop"' in frames
