"""The dialect `ui`: a client of a backend for `useChat`, ours or the AI SDK's own server."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import front_end_dialects as common
import pytest
from contract import Record
from front_end_dialects import HISTORY, PNG, said
from node_packages import VERSIONS, folder_of
from script import Script, chunk, data
from waiting import SOON

from suggestions import SuggestionsEventSource
from suggestions.dialects.ui import UI
from suggestions.errors import IncompleteStreamError, QuotaExceededError, ServiceError
from suggestions.events import AnswerFile, Citation, ToolCall
from suggestions.relay import messages_from_ui, relay

URL = "https://app.example/api/chat"


DONE = data("[DONE]")


def listen(
    steps: list[Any], question: Any = "Why?", dialect: Any = "ui", **options: Any
) -> tuple[SuggestionsEventSource, Record, Script]:
    return common.listen(URL, steps, question, dialect, **options)


# Requests


def body_of(question: Any, **options: Any) -> Any:
    dialect = UI(URL, **options)
    _, _, script = listen([said("finish"), DONE], question, dialect=dialect)
    [request] = script.requests
    assert (request.method, request.url) == ("POST", URL)
    return json.loads(request.body or "")


def test_it_asks_as_use_chat_does() -> None:
    body = body_of("Why?")
    id, message_id = body.pop("id"), body["messages"][0].pop("id")
    assert id != message_id
    assert body == {
        "trigger": "submit-message",
        "messages": [{"role": "user", "parts": [{"type": "text", "text": "Why?"}]}],
    }
    assert body_of("Why?", id="chat-1", model="m")["id"] == "chat-1"


def test_a_history_is_the_same_on_the_other_side() -> None:
    body = body_of(HISTORY)
    assert messages_from_ui(body["messages"]) == HISTORY
    assert [message["role"] for message in body["messages"]] == [
        *("system", "user", "assistant", "user")
    ]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            {"role": "tool", "tool_call_id": "c9", "content": "?"},
            r"^question\[0\]\['tool_call_id'\] is 'c9': no message calls that",
        ),
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
            r"^question\[0\]\['content'\]\[0\] is of the type 'file', which the dialect 'ui' does",
        ),
        ({"role": "developer", "content": "?"}, r"^question\[0\]\['role'\] is 'developer': exp"),
    ],
)
def test_what_it_cannot_ask(message: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SuggestionsEventSource([message], dialect="ui", url=URL)


@pytest.mark.parametrize("name", ["prompt", "messages"])
def test_the_question_is_no_option(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^parameter '{name}' is not for ui: it is the quest"):
        UI(**{name: "x"})


# Answers

ALL = [
    said("start", messageId="m1", messageMetadata={"model": "m1"}),
    said("start-step"),
    *(said("reasoning-start", id="1"), said("reasoning-delta", id="1", delta="Hm.")),
    said("reasoning-end", id="1"),
    *(said("text-start", id="2"), said("text-delta", id="2", delta="It is ")),
    said("data-place", data={"x": 1}),
    said("tool-input-start", toolCallId="c1", toolName="weather"),
    said("tool-input-start", toolCallId="c2", toolName="time"),
    said("tool-input-delta", toolCallId="c1", inputTextDelta='{"city": '),
    said("tool-input-delta", toolCallId="c2", inputTextDelta="{}"),
    said("tool-input-delta", toolCallId="c1", inputTextDelta='"Oslo"}'),
    said("tool-input-available", toolCallId="c1", toolName="weather", input={"city": "Oslo"}),
    said("tool-input-available", toolCallId="c2", toolName="time", input={}),
    said("tool-output-available", toolCallId="c1", output=3),
    said("tool-output-error", toolCallId="c2", errorText="no"),
    said("source-url", sourceId="s1", url="https://a.example", title="A"),
    said("source-document", sourceId="s2", mediaType="text/plain", title="A book"),
    said("file", mediaType="image/png", url=PNG),
    said("of-tomorrow", what="?"),
    *(said("text-delta", id="2", delta="cold."), said("text-end", id="2")),
    said("finish-step"),
    said(
        "finish",
        finishReason="tool-calls",
        messageMetadata={
            "usage": {
                "inputTokens": 9,
                "outputTokens": 5,
                "totalTokens": 14,
                "cachedInputTokens": 4,
                "reasoningTokens": 2,
            },
        },
    ),
    DONE,
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
    assert received["citation"] == [Citation("https://a.example", "A"), Citation("", "A book")]
    assert received["file"] == [AnswerFile("image/png", PNG)]
    assert source.finish_reason == "tool_calls"
    assert source.model == "m1"
    assert source.usage is not None
    assert source.usage[:3] == (9, 5, 14)
    assert (source.usage.cached_tokens, source.usage.reasoning_tokens) == (4, 2)


@pytest.mark.parametrize("reason", ["stop", "length", "content-filter", "other", None])
def test_the_reason_to_stop(reason: str | None) -> None:
    fields = {"finishReason": reason} if reason else {}
    steps = [said("text-delta", id="1", delta="Hi"), said("finish", **fields), DONE]
    if reason == "content-filter":
        source = SuggestionsEventSource(
            "Why?", dialect="ui", url=URL, session=Script(steps).session()
        )
        assert source.wait(SOON)
        assert source.error is not None
        assert source.error.code == "error_moderation"
        return
    source, _, _ = listen(steps)
    assert source.result(SOON) == "Hi"
    assert source.finish_reason == (reason or "stop")


def failed(*steps: bytes) -> Any:
    return common.failed("ui", URL, *steps)


TEXT = said("text-delta", id="1", delta="It is ")


def test_failures() -> None:
    error = failed(TEXT, said("error", errorText="Something broke."), DONE)
    assert isinstance(error, ServiceError)
    assert "Something broke." in str(error)
    assert error.partial_text == "It is "
    limit = "Rate limit reached for requests per minute: limit 3, used 3."
    assert isinstance(failed(said("error", errorText=limit)), QuotaExceededError | ServiceError)
    assert isinstance(failed(TEXT), IncompleteStreamError)
    assert isinstance(failed(TEXT, said("abort", reason="Enough."), DONE), IncompleteStreamError)
    assert isinstance(failed(TEXT, said("abort"), DONE), IncompleteStreamError)


def test_the_end_of_the_body_is_the_end_after_a_finish() -> None:
    assert failed(TEXT, said("finish", finishReason="stop")) is None


def test_an_argument_that_is_no_json_is_passed_on() -> None:
    steps = [
        said("tool-input-error", toolCallId="c1", toolName="a", input='{"a', errorText="no"),
        *(said("finish", finishReason="tool-calls"), DONE),
    ]
    _, record, _ = listen(steps)
    assert record.by_name["tool_call"] == [ToolCall("c1", "a", '{"a')]


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
    wire = b"".join(relay("Why?", dialect="relay", url=URL, session=session, frames="ui"))
    source, record, _ = listen([wire])
    assert record.by_name["reasoning"] == ["Hm."]
    assert record.by_name["citation"] == [CITED]
    assert record.by_name["tool_call"] == [ToolCall("c1", "time", '{"a": 1}')]
    assert record.by_name["file"] == [AnswerFile("image/png", PNG)]
    assert source.full_message == "It is so."
    assert source.finish_reason == "length"
    assert source.usage is not None
    assert source.usage[:3] == (9, 5, 14)


def test_a_relay_that_fails_or_is_cut() -> None:
    for steps in ([chunk("It is ")], [chunk("It is "), data('{"error": {"message": "Oh no."}}')]):
        session = Script(steps).session()
        wire = b"".join(relay("Why?", dialect="openai", url=URL, session=session, frames="ui"))
        error = failed(wire)
        assert "could not be completed" in str(error)
        assert error.partial_text == "It is "


# The server side of the AI SDK as the backend

SERVER = """
import {
    convertToModelMessages, createUIMessageStream, pipeUIMessageStreamToResponse,
    validateUIMessages,
} from "ai";
import { createServer } from "node:http";
createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const body = JSON.parse(text);
    const messages = await validateUIMessages({ messages: body.messages });
    const asked = await convertToModelMessages(messages);
    const stream = createUIMessageStream({
        onError: (error) => error.message,
        execute: async ({ writer }) => {
            writer.write({ type: "start", messageMetadata: { model: "m1" } });
            writer.write({ type: "start-step" });
            writer.write({ type: "text-start", id: "t" });
            writer.write({ type: "text-delta", id: "t", delta: "You said: " });
            writer.write({ type: "data-thing", data: 1 });
            writer.write({ type: "text-delta", id: "t", delta: JSON.stringify(asked) });
            writer.write({ type: "text-end", id: "t" });
            if (body.fails) throw new Error("Oh no.");
            writer.write({ type: "finish-step" });
            writer.write({ type: "finish", finishReason: "stop" });
        },
    });
    pipeUIMessageStreamToResponse({ response, stream });
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""


@pytest.fixture(params=VERSIONS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    folder = folder_of(str(request.param))
    command = ["node", "--input-type=module", "-e", SERVER]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(SOON * 2, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/chat"
        finally:
            guard.cancel()
            process.kill()


def test_a_backend_with_the_sdks_own_server(backend: str) -> None:
    source = SuggestionsEventSource(HISTORY, dialect="ui", url=backend)
    text = source.result(SOON)
    assert text.startswith("You said: ")
    asked = json.loads(text.removeprefix("You said: "))
    assert [each["role"] for each in asked] == [
        *("system", "user", "assistant", "tool", "assistant", "user")
    ]
    assert "3 degrees" in json.dumps(asked[3])
    assert source.model == "m1"
    failing = SuggestionsEventSource("Why?", dialect="ui", url=backend, options={"fails": True})
    assert failing.wait(SOON)
    assert "Oh no." in str(failing.error)
    assert failing.full_message.startswith("You said: ")
