"""Bad input is the caller's fault: status 400, and a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suggestions.relay import BadRequest, bad_request, build_messages, json_object, relay

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
