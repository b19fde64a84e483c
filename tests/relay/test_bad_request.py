"""Bad input is the caller's fault: status 400, and a sentence."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from suggestions.relay import (
    BadRequest,
    bad_request,
    build_messages,
    json_object,
    messages_from_ag_ui,
    messages_from_ui,
    relay,
    tools_from_ag_ui,
)

SERVICE: dict[str, Any] = {"dialect": "openai", "url": "http://127.0.0.1:9/v1/chat/completions"}


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", "[1]", "5", b"[" * 100_000])
def test_a_body_that_is_no_json_object(body: str | bytes) -> None:
    with pytest.raises(BadRequest, match="the body of the request"):
        json_object(body)


def test_the_fields_of_a_body() -> None:
    assert json_object(b'{"prompt": "Hello"}') == {"prompt": "Hello"}


@pytest.mark.parametrize(("prompt", "history"), [(" ", []), (None, []), ("x", "y"), ("x", [1])])
def test_a_wrong_prompt_or_history(prompt: Any, history: Any) -> None:
    with pytest.raises(BadRequest, match=r"prompt|history"):
        build_messages(prompt, history=history)


@pytest.mark.parametrize(
    "messages", [[], 5, [{"role": "king", "content": "x"}], [{"role": "user"}]]
)
def test_wrong_messages(messages: Any) -> None:
    with pytest.raises(BadRequest, match="messages"):
        relay(messages, **SERVICE)


DATA_URL = "data:application/pdf;base64,JVBE"
PDF = {"type": "file", "file": {"filename": "a.pdf", "file_data": DATA_URL}}
CALL = {"id": "c1", "type": "function", "function": {"name": "time", "arguments": "{}"}}
DEEP: Any = "user"
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("dialect", "message", "words"),
    [
        (
            "ollama",
            {"role": "user", "content": [PDF]},
            r"^messages\[0\]\['content'\]\[0\] is of the",
        ),
        (
            "ui",
            {"role": "tool", "tool_call_id": "c9", "content": "?"},
            r"^messages\[0\]\['tool_call",
        ),
        (
            "openai",
            {"role": "assistant", "tool_calls": [CALL], "x": math.nan},
            r"^messages\[0\] c",
        ),
        ("openai", {"role": DEEP, "content": "Why?"}, r"^messages\[0\]\['role'\] is \["),
        (
            "openai",
            {"role": "user", "content": "Why?", "x": DEEP},
            r"^messages\[0\] cannot be s",
        ),
    ],
)
def test_messages_that_the_service_does_not_take(dialect: Any, message: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        relay([message], dialect=dialect, url="http://127.0.0.1:9/", model="m")


def test_what_a_page_posts_may_be_nested_too_deeply() -> None:
    question = {"role": "user", "parts": [{"type": "text", "text": "Why?"}]}
    call = {"type": "tool-a", "toolCallId": "c1", "state": "output-available"}
    for part in ({**call, "output": DEEP}, {**call, "input": {"a": DEEP}}, {**call, "state": DEEP}):
        with pytest.raises(BadRequest, match=r"^messages\[0\]\.parts\[0\]\."):
            messages_from_ui([{"role": "assistant", "parts": [part]}, question])
    for wrong in (DEEP, math.nan):
        tool = {"name": "a", "parameters": {"type": wrong}}
        with pytest.raises(BadRequest, match=r"^tools\[0\]\.parameters is no JSON"):
            tools_from_ag_ui({"tools": [tool]})
    with pytest.raises(BadRequest, match=r"^messages\[0\]\.role is \["):
        messages_from_ag_ui({"messages": [{"role": DEEP}]})


def test_a_wrong_id() -> None:
    with pytest.raises(BadRequest, match="id is 'a/b'"):
        relay("x", id="a/b", **SERVICE)


@pytest.mark.parametrize(
    "wrong", [{"heartbeat": "15"}, {"frames": "xml"}, {"cors": 5}, {"error_context": 5}]
)
def test_a_mistake_of_the_program_is_no_bad_request(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        relay("x", **SERVICE, **wrong)
    assert not isinstance(raised.value, BadRequest)


def test_the_response_by_wsgi() -> None:
    begun: list[Any] = []
    environ = {"REQUEST_METHOD": "POST"}
    application = bad_request(BadRequest("a \r\n<b>" + "x" * 9999))
    body = b"".join(application(environ, lambda *head: begun.extend(head)))
    status, headers = begun[0], dict(begun[1])
    assert status == "400 Bad Request"
    assert headers["Content-Type"] == "application/json"
    assert int(headers["Content-Length"]) == len(body) < 1000
    assert set(json.loads(body)) == {"error"}


def test_only_a_bad_request_is_answered_with_400() -> None:
    with pytest.raises(TypeError, match="not ValueError"):
        bad_request(ValueError("heartbeat"))
