"""`DefaultChatTransport` of Vercel's AI SDK, in node, with a backend that is our relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from node_packages import OLDEST, VERSIONS, run_node
from ui_backend import Backends
from waiting import SOON

QUESTION = "Give me a list of tips for streaming"
LAST_WORDS = "offer to try again."

COMMON = """
import { DefaultChatTransport, readUIMessageStream } from "ai";
import { readFileSync } from "node:fs";
const { api, question } = JSON.parse(readFileSync(0, "utf8"));
const transport = new DefaultChatTransport({ api });
const told = (text) => ({ id: "u1", role: "user", parts: [{ type: "text", text }] });
const send = (text, abortSignal) => transport.sendMessages({
    chatId: "chat-1", messages: [told(text)], trigger: "submit-message", abortSignal,
});
const again = () => transport.reconnectToStream({ chatId: "chat-1" });
const errors = [];
async function read(stream, enough = () => false) {
    let message = null;
    const onError = (error) => errors.push(error.message);
    for await (const each of readUIMessageStream({ stream, onError })) {
        message = each;
        if (enough(message)) break;
    }
    return message;
}
const textOf = (message) => message.parts.map((part) => part.text ?? "").join("");
"""
ASK = """
const message = await read(await send(question));
console.log(JSON.stringify({ message, errors }));
"""
REFUSED = """
try {
    await send("");
    console.log("null");
} catch (error) {
    console.log(JSON.stringify(error.message));
}
"""
RESUME = """
const before = await again();
const leaving = new AbortController();
const part = await read(
    await send(question, leaving.signal), (message) => textOf(message).includes("Start early"),
);
leaving.abort();
const whole = await read(await again());
const after = await again();
console.log(JSON.stringify({ before, part, whole, after, errors }));
"""
STOP = """
const stream = await send(question);
const message = await read(stream, (message) => textOf(message).includes("Start early"));
const follower = read(await again());
const { status } = await fetch(`${api}/chat-1/stream`, { method: "DELETE" });
const end = await follower;
const second = await fetch(`${api}/chat-1/stream`, { method: "DELETE" });
console.log(JSON.stringify({ status, end: textOf(end), second: second.status, errors }));
process.exit(0);
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Backends]:
    with Backends(tmp_path) as backends:
        yield backends


def run(version: str, port: int, script: str, question: str = QUESTION) -> Any:
    api = f"http://127.0.0.1:{port}/api/chat"
    return run_node(version, COMMON + script, {"api": api, "question": question})


@pytest.mark.parametrize("version", [*VERSIONS, OLDEST])
def test_it_reads_answers(version: str, serve: Backends) -> None:
    port = serve().port
    told = run(version, port, ASK, "Please think: who won the world cup in 2022?")
    parts = told["message"]["parts"]
    assert [part["type"] for part in parts] == ["step-start", "reasoning", "text"]
    assert parts[-1]["text"].startswith("**Argentina** won")
    metadata = told["message"]["metadata"]
    assert metadata["model"] == "playground-reasoner"
    assert metadata["usage"]["totalTokens"] > 10
    told = run(version, port, ASK, "What does get weather say of Oslo?")
    call = told["message"]["parts"][-1]
    assert (call["type"], call["state"]) == ("tool-get_weather", "input-available")
    assert isinstance(call["input"]["city"], str)


@pytest.mark.parametrize("version", [*VERSIONS, OLDEST])
def test_it_reads_failures(version: str, serve: Backends) -> None:
    port = serve().port
    told = run(version, port, ASK, "Hello, fail=429")
    assert len(told["errors"]) == 1
    told = run(version, port, ASK, f"{QUESTION}, fail=cut")
    assert told["errors"] == [
        "Sorry, the answer could not be completed. Please try again in a moment."
    ]
    text = told["message"]["parts"][-1]
    assert text["text"].startswith("Here are five things")
    assert text["state"] == "done"  # so that a page shows no cursor after it
    words = run(version, port, REFUSED)
    assert words == "messages[0].parts has no question: expected a text or a file"


@pytest.mark.parametrize("version", VERSIONS)
def test_it_resumes(version: str, serve: Backends) -> None:
    told = run(version, serve(pace=0.02).port, RESUME)
    assert told["before"] is None
    assert told["after"] is None
    assert told["errors"] == []
    assert told["whole"]["id"] == told["part"]["id"]
    text = told["whole"]["parts"][-1]["text"]
    assert text.startswith("Here are five things")
    assert text.endswith(LAST_WORDS)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_stops(version: str, serve: Backends) -> None:
    told = run(version, serve(pace=0.05).port, STOP)
    assert (told["status"], told["second"]) == (204, 404)
    assert "Start early" in told["end"]
    assert LAST_WORDS not in told["end"]


def test_a_chat_without_an_answer_has_no_content(serve: Backends) -> None:
    url = f"http://127.0.0.1:{serve().port}/api/chat/unknown/stream"
    response = requests.get(url, timeout=SOON)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"


TOOL = """
import { AbstractChat, lastAssistantMessageIsCompleteWithToolCalls } from "ai";
class State {
    messages = [];
    status = "ready";
    error = undefined;
    pushMessage = (message) => { this.messages = [...this.messages, message]; };
    popMessage = () => { this.messages = this.messages.slice(0, -1); };
    replaceMessage = (place, message) => {
        this.messages = this.messages.map((each, n) => (n === place ? message : each));
    };
    snapshot = (value) => structuredClone(value);
}
class Chat extends AbstractChat {
    constructor(init) { super({ ...init, state: new State() }); }
}
const ended = [];
const chat = new Chat({
    transport,
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
    onToolCall: ({ toolCall: { toolName, toolCallId } }) => {
        void chat.addToolOutput({ tool: toolName, toolCallId, output: { degrees: 3 } });
    },
    onFinish: ({ message }) => ended.push(message.id),
    onError: (error) => errors.push(error.message),
});
await chat.sendMessage({ text: question });
while (chat.status !== "ready" || (ended.length < 2 && !errors.length))
    await new Promise((resolve) => setTimeout(resolve, 20));
console.log(JSON.stringify({ messages: chat.messages, ended, errors }));
process.exit(0);
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tool_of_the_page(version: str, serve: Backends) -> None:
    told = run(version, serve().port, TOOL, "What does get weather say of Oslo?")
    assert told["errors"] == []
    _, answer = told["messages"]  # the answer to the result goes on with the same message
    assert told["ended"] == [answer["id"]] * 2
    kinds = [part["type"] for part in answer["parts"]]
    assert kinds == ["step-start", "tool-get_weather", "step-start", "text"]
    assert answer["parts"][1]["output"] == {"degrees": 3}
    assert "The tool answered" in answer["parts"][3]["text"]
