"""`HttpAgent` of `@ag-ui/client`, in node, with a backend that is our relay; and our dialect with
the same backend."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node_packages import run_node
from ui_backend import Backends
from wire_server import CHUNKED, SOON, Peer, Server, framed

from suggestions import SuggestionsEventSource, run_tools
from suggestions.dialects.ag_ui import AgUi
from suggestions.testing.answer_bytes import said

CURRENT, OLD = "ag_ui", "ag_ui_0"
QUESTION = "Give me a list of tips for streaming"
LAST_WORDS = "offer to try again."

COMMON = """
import { HttpAgent } from "@ag-ui/client";
import { readFileSync } from "node:fs";
const { url, question, answers } = JSON.parse(readFileSync(0, "utf8"));
const warnings = [];
console.warn = (...said) => warnings.push(said.join(" "));
console.error = () => {};
const agent = new HttpAgent({ url, threadId: "thread-1" });
agent.addMessage({ id: "u1", role: "user", content: question });
const parameters = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ name: "get_weather", description: "How it is in a city.", parameters }];
const seen = [];
const errors = [];
const ended = [];
const subscriber = {
    onEvent: ({ event }) => { seen.push(event.type); },
    onRunErrorEvent: ({ event }) => { errors.push({ message: event.message, code: event.code }); },
    onRunFinishedEvent: ({ event, pendingToolCallIds }) => {
        ended.push({ event, pendingToolCallIds });
    },
};
async function run(options = { tools }) {
    try { await agent.runAgent({ runId: "run-1", ...options }, subscriber); }
    catch (error) { errors.push({ raised: error.message }); }
}
const tell = () => {
    console.log(JSON.stringify({ messages: agent.messages, seen, errors, ended, warnings }));
    process.exit(0);
};
"""
ASK = """
await run();
tell();
"""
ROUND = """
await run();
const last = agent.messages.at(-1);
const { id } = last.toolCalls[0];
agent.addMessage({ id: "t1", role: "tool", toolCallId: id, content: "3 degrees and rain" });
await run({ tools, runId: "run-2" });
tell();
"""
ABORT = """
subscriber.onTextMessageContentEvent = () => agent.abortRun();
await run();
tell();
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Backends]:
    with Backends(tmp_path, app="ag_ui_app") as backends:
        yield backends


def run(port: int, script: str, question: str = QUESTION, version: str = CURRENT) -> Any:
    url = f"http://127.0.0.1:{port}/agent"
    return run_node(version, COMMON + script, {"url": url, "question": question})


@pytest.mark.parametrize("version", [CURRENT, OLD])
def test_it_reads_text_and_reasoning(version: str, serve: Backends) -> None:
    question = "Please think: who won the world cup in 2022?"
    told = run(serve().port, ASK, question, version)
    assert (told["errors"], told["warnings"]) == ([], [])
    asked, thought, answer = told["messages"]
    assert [asked["role"], thought["role"], answer["role"]] == ["user", "reasoning", "assistant"]
    assert thought["content"].startswith("The question")
    assert answer["content"].startswith("**Argentina** won")
    [end] = told["ended"]
    event = end["event"]
    assert (event["threadId"], event["runId"]) == ("thread-1", "run-1")
    [usage] = event["usage"]
    assert usage["model"] == "playground-reasoner"
    assert usage["totalTokens"] > 10
    assert told["seen"][0] == "RUN_STARTED"
    assert told["seen"][-1] == "RUN_FINISHED"


@pytest.mark.parametrize("version", [CURRENT, OLD])
def test_a_tool_of_the_client(version: str, serve: Backends) -> None:
    told = run(serve().port, ROUND, "What does get weather say of Oslo?", version)
    assert (told["errors"], told["warnings"]) == ([], [])
    asked, call, result, answer = told["messages"]
    assert [asked["role"], call["role"], result["role"], answer["role"]] == [
        *("user", "assistant", "tool", "assistant")
    ]
    assert call["toolCalls"][0]["function"]["name"] == "get_weather"
    assert "3 degrees and rain" in answer["content"]
    if version == CURRENT:
        pending = [each["pendingToolCallIds"] for each in told["ended"]]
        assert pending == [[call["toolCalls"][0]["id"]], []]


@pytest.mark.parametrize("version", [CURRENT, OLD])
def test_a_tool_that_runs_in_the_relay(version: str, serve: Backends) -> None:
    told = run(serve().port, ASK, "What does get time say of Oslo?", version)
    assert (told["errors"], told["warnings"]) == ([], [])
    _, call, result, answer = told["messages"]
    assert call["toolCalls"][0]["function"]["name"] == "get_time"
    assert (result["role"], result["toolCallId"]) == ("tool", call["toolCalls"][0]["id"])
    assert result["content"].startswith("It is noon in")
    assert "It is noon" in answer["content"]
    if version == CURRENT:
        assert told["ended"][0]["pendingToolCallIds"] == []


@pytest.mark.parametrize("version", [CURRENT, OLD])
def test_it_reads_failures(version: str, serve: Backends) -> None:
    port = serve().port
    told = run(port, ASK, "Hello, fail=429", version)
    [error] = told["errors"]
    assert error["code"] == "error_quota_exceeded"
    assert error["message"].startswith("Too many requests")
    told = run(port, ASK, f"{QUESTION}, fail=cut", version)
    sentence = "Sorry, the answer could not be completed. Please try again in a moment."
    assert told["errors"] == [{"message": sentence, "code": "error_network"}]
    assert told["messages"][1]["content"].startswith("Here are five things")
    assert told["seen"][-2:] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    [error] = run(port, ASK, " ", version)["errors"]
    assert "400" in error["raised"]
    assert "messages[0].content is empty: expected a text" in error["raised"]


@pytest.mark.parametrize("version", [CURRENT, OLD])
def test_the_service_sees_that_the_client_leaves(version: str, serve: Backends) -> None:
    has_left = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("It is ")))
        peer.wait_until_closed()
        has_left.set()

    with Server(answer) as service:
        told = run(serve(UPSTREAM=f"{service.url}/v1").port, ABORT, QUESTION, version)
        assert has_left.wait(SOON)
    assert told["messages"][1]["content"] == "It is "
    assert [error["code"] for error in told["errors"]] == ["abort"]  # the client's own event


# Our own client


def get_weather(city: str) -> str:
    """How it is in a city."""
    return f"3 degrees and rain in {city}"


def test_our_dialect_reads_it(serve: Backends) -> None:
    port = serve().port
    dialect = AgUi(f"http://127.0.0.1:{port}/agent")
    source = SuggestionsEventSource("Please think: who won the world cup in 2022?", dialect=dialect)
    assert source.result(SOON).startswith("**Argentina** won")
    assert source.reasoning.startswith("The question")
    assert (source.model, source.finish_reason) == ("playground-reasoner", "stop")
    assert source.usage is not None
    failing = SuggestionsEventSource("Hello, fail=429", dialect=dialect)
    assert failing.wait(SOON)
    assert failing.error is not None
    assert failing.error.code == "error_quota_exceeded"


def test_our_dialect_runs_tools_of_its_own(serve: Backends) -> None:
    dialect = AgUi(f"http://127.0.0.1:{serve().port}/agent")
    asked = [{"role": "user", "content": "What does get weather say of Oslo?"}]
    answer = run_tools(asked, [get_weather], dialect=dialect)
    assert "3 degrees and rain in" in str(answer)
