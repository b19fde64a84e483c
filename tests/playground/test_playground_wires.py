"""The playground's chatbot backend, relay and plain streams: in bytes and as a source sees them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from suggestions import SuggestionsError, SuggestionsEventSource, ask_question_sync
from suggestions.auth import ChatbotLogin
from suggestions.dialects.chatbot import Chatbot
from suggestions.playground import FAILURES, Playground
from suggestions.playground.chatbot import is_valid, issue

QUESTION = "Write a haiku"
HAIKU = "Small words cross the wire,\none token after the next:\nthe stream finds the sea."
SOON = 30.0  # seconds; a bound for what ends at once, never a measure


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def send(url: str, body: object = None, **options: Any) -> requests.Response:
    return requests.post(url, json=body, timeout=SOON, **options)


def log_in(playground: Playground, name: str = "demo", **options: Any) -> requests.Response:
    fields = {"username": (None, name), "password": (None, name)}
    return send(f"{playground.chatbot_url}/auth", files=fields, **options)


def bearer(playground: Playground, name: str = "demo") -> dict[str, str]:
    return {"Authorization": f"Bearer {log_in(playground, name).json()['accessToken']}"}


WIRES = ("chatbot", "relay", "text", "raw", "json", "json_lines")


def wire(playground: Playground, name: str, demand: str = "") -> dict[str, Any]:
    """The arguments that say whom to ask."""
    if name == "chatbot":
        base = playground.chatbot_url
        login = ChatbotLogin(base, "demo", "demo")
        return {"dialect": "chatbot", "url": f"{base}/chatCompletionStream{demand}", "token": login}
    dialect = {"raw": "text", "json": "json_lines"}.get(name, name)
    return {"dialect": dialect, "url": getattr(playground, f"{name}_url") + demand}


def error_of(playground: Playground, name: str, failure: str) -> SuggestionsError | None:
    source = SuggestionsEventSource(QUESTION, **wire(playground, name, f"?fail={failure}"))
    assert source.wait(SOON)
    return source.error


# Answers


@pytest.mark.parametrize("name", WIRES)
def test_the_answer_arrives_in_tokens(playground: Playground, name: str) -> None:
    chunks = list(SuggestionsEventSource(QUESTION, **wire(playground, name)))
    assert "".join(chunks) == HAIKU
    if name != "raw":  # whose tokens have no ends
        assert len(chunks) > 10


@pytest.mark.parametrize("name", ["relay", "text", "raw", "json", "json_lines"])
def test_in_one_call(playground: Playground, name: str) -> None:
    assert ask_question_sync(QUESTION, **wire(playground, name)) == HAIKU


def test_the_chatbot_in_one_call(playground: Playground) -> None:
    base = playground.chatbot_url
    dialect = Chatbot(base, ChatbotLogin(base, "demo", "demo"))
    assert ask_question_sync(QUESTION, dialect=dialect) == HAIKU


@pytest.mark.parametrize("name", WIRES)
def test_a_conversation_is_remembered(playground: Playground, name: str) -> None:
    conversation = [
        {"role": "system", "content": "Speak like a pirate"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Ahoy"},
        {"role": "user", "content": QUESTION},
    ]
    text = SuggestionsEventSource(conversation, **wire(playground, name)).result(SOON)
    assert 'in mind: "Speak like a pirate"' in text
    assert 'you asked: "Hello"' in text


def test_each_wire_writes_as_its_document_says(playground: Playground) -> None:
    body = {"prompt": QUESTION}
    items = [{"role": "user", "Content": QUESTION}]
    url = f"{playground.chatbot_url}/chatCompletionStream"
    blocks = send(url, items, headers=bearer(playground)).text.split("\n\n")
    assert blocks[:3] == [
        "event: message\ndata: ",
        "event: message\ndata: Small",
        "event: message\ndata:  words",
    ]
    assert blocks[-2:] == ["event: message\ndata: ", ""]
    assert "event: message\ndata: \ndata: " in blocks  # a line end is a token, too
    blocks = send(playground.relay_url, body).text.split("\n\n")
    assert blocks[0] == 'data: {"type":"content","data":"Small"}'
    assert blocks[-2:] == ['data: {"type":"done"}', ""]
    assert send(playground.text_url, body).text.startswith("data: Small\n\ndata:  words\n\n")
    raw = send(playground.raw_url, body)
    assert raw.text == HAIKU
    assert raw.headers["Content-Type"] == "text/plain; charset=utf-8"
    events = send(playground.json_url, body).text.split("\n\n")
    assert json.loads(events[0].removeprefix("data: ")) == {
        "sender": "playground",
        "message": "Small",
    }
    lines = send(playground.json_lines_url, body)
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    assert "".join(json.loads(line)["message"] for line in lines.text.splitlines()) == HAIKU


# The chatbot's login


@pytest.mark.parametrize("way", ["files", "data", "params"])
def test_a_login_gets_a_token(playground: Playground, way: str) -> None:
    fields: Any = {"username": "demo", "password": "demo"}
    if way == "files":
        fields = {name: (None, value) for name, value in fields.items()}
    response = send(f"{playground.chatbot_url}/auth", **{way: fields})
    assert response.status_code == 200
    payload = response.json()["accessToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert set(claims) == {"identity", "iat", "nbf", "exp"}
    assert claims["identity"] == "demo"
    assert claims["exp"] > time.time()


NOT_FOUND = "Authentication failed: cannot find username/password in request body."
WRONG = "Authentication failed: cannot authenticate with provided username and password."


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, NOT_FOUND),
        ({"username": "demo"}, NOT_FOUND),
        ({"password": "demo"}, NOT_FOUND),
        ({"username": "demo", "password": ""}, NOT_FOUND),
        ({"username": "demo", "password": "wrong"}, WRONG),
        ({"username": "nobody", "password": "nobody"}, WRONG),
    ],
)
def test_a_login_that_is_refused(
    playground: Playground, fields: dict[str, str], message: str
) -> None:
    response = send(f"{playground.chatbot_url}/auth", params=fields)
    assert response.status_code == 401
    assert response.json() == {"errorMessage": message}


@pytest.mark.parametrize("path", ["chatCompletion", "chatCompletionStream"])
def test_the_chatbot_answers_those_with_a_token_of_its_own(
    playground: Playground, path: str
) -> None:
    url = f"{playground.chatbot_url}/{path}"
    items = [{"role": "user", "Content": QUESTION}]
    good = bearer(playground)["Authorization"]
    other = issue("demo", 3600, b"another secret")
    for authorization, message in (
        ("", "Invalid token: empty or not starts with 'Bearer '"),
        ("Bearer ", "Invalid token: empty or not starts with 'Bearer '"),
        ("Basic abc", "Invalid token: empty or not starts with 'Bearer '"),
        ("Bearer abc", "Invalid token: expired or fake token."),
        ("Bearer a.b.c", "Invalid token: expired or fake token."),
        (f"Bearer {other}", "Invalid token: expired or fake token."),
        (good[:-2], "Invalid token: expired or fake token."),
        (bearer(playground, "expired")["Authorization"], "Invalid token: expired or fake token."),
    ):
        response = send(url, items, headers={"Authorization": authorization})
        assert (response.status_code, response.json()) == (401, {"errorMessage": message})
    assert send(url, items, headers={"Authorization": good}).status_code == 200


def test_a_whole_answer_of_the_chatbot(playground: Playground) -> None:
    items = [{"role": "user", "Content": QUESTION}]
    url = f"{playground.chatbot_url}/chatCompletion"
    body = send(url, items, headers=bearer(playground)).json()
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"] == {"role": "assistant", "content": HAIKU}
    assert body["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body", [None, {}, [], [5], [{}], [{"role": "user", "content": "Hi"}], "Hi"]
)
def test_the_chatbot_refuses_another_body(playground: Playground, body: Any) -> None:
    url = f"{playground.chatbot_url}/chatCompletionStream"
    response = send(url, body, headers=bearer(playground))
    assert response.status_code == 400
    assert list(response.json()) == ["errorMessage"]


def test_a_playground_with_a_token_wants_it() -> None:
    with Playground(pace=0, token="right") as playground:
        base = playground.chatbot_url
        for token in ("right", ChatbotLogin(base, "demo", "demo")):
            source = SuggestionsEventSource(QUESTION, token, dialect=Chatbot(base))
            assert source.result(SOON) == HAIKU
        for name in ("relay", "text", "raw", "json", "json_lines"):
            arguments = wire(playground, name)
            assert SuggestionsEventSource(QUESTION, "right", **arguments).result(SOON) == HAIKU
            source = SuggestionsEventSource(QUESTION, "wrong", **arguments)
            assert source.wait(SOON)
            assert source.error is not None
            assert source.error.status == 401


def test_a_token_ends_when_it_says() -> None:
    assert is_valid(issue("me", 60, b"secret"), b"secret")
    assert not is_valid(issue("me", -1, b"secret"), b"secret")
    assert not is_valid(issue("me", 60, b"secret"), b"other")
    assert not is_valid("", b"secret")


# Failures

STATUSES = {
    "401": "error_network",
    "402": "error_quota_exceeded",
    "413": "error_context_too_large",
    "422": "error_moderation",
    "429": "error_quota_exceeded",
    "500": "error_network",
    "503": "error_service_unavailable",
    "418": "error_network",
    "html": "error_network",
    "json-error": "error_network",
    "cut": "error_network",
    "marker": "error_unclear_prompt",
    "marker-cut": "error_unclear_prompt",
}
IN_THE_STREAM = {
    "stream-error": "error_network",
    "stream-overloaded": "error_service_unavailable",
    "stream-rate-limit": "error_quota_exceeded",
    "stream-quota": "error_quota_exceeded",
    "stream-content-filter": "error_moderation",
    "stream-error-text": "error_network",
    "stream-error-event": "error_network",
}


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("failure", STATUSES)
def test_a_failure_is_the_same_on_every_wire(
    playground: Playground, name: str, failure: str
) -> None:
    error = error_of(playground, name, failure)
    assert error is not None
    assert error.code == STATUSES[failure]


@pytest.mark.parametrize("name", ["chatbot", "relay", "text", "json", "json_lines"])
@pytest.mark.parametrize("failure", IN_THE_STREAM)
def test_a_failure_in_mid_stream_keeps_the_text(
    playground: Playground, name: str, failure: str
) -> None:
    error = error_of(playground, name, failure)
    assert error is not None
    assert error.code == IN_THE_STREAM[failure]
    assert error.partial_text == "Small words cross"


def test_without_framing_a_failure_is_a_friendly_sentence(playground: Playground) -> None:
    source = SuggestionsEventSource(QUESTION, **wire(playground, "raw", "?fail=stream-error"))
    assert source.result(SOON).startswith("Small words cross\n\nThe server is too busy")


@pytest.mark.parametrize("failure", ["end-early", "no-done", "empty"])
def test_only_the_relay_can_tell_an_early_end(playground: Playground, failure: str) -> None:
    error = error_of(playground, "relay", failure)
    assert type(error).__name__ == "IncompleteStreamError"
    for name in set(WIRES) - {"relay"}:
        assert error_of(playground, name, failure) is None


def test_a_relay_has_the_error_of_the_model_behind_it(playground: Playground) -> None:
    error = error_of(playground, "relay", "finish-content-filter")
    assert error is not None
    assert error.code == "error_moderation"
    assert error.partial_text == "Small words cross"


@pytest.mark.parametrize("name", ["relay", "json", "json_lines"])
def test_a_message_that_is_malformed(playground: Playground, name: str) -> None:
    assert type(error_of(playground, name, "malformed")).__name__ == "MalformedStreamError"


@pytest.mark.parametrize("name", ["chatbot", "text", "json", "json_lines"])
def test_a_whole_answer_where_a_stream_was_asked_for(playground: Playground, name: str) -> None:
    source = SuggestionsEventSource(QUESTION, **wire(playground, name, "?fail=whole"))
    assert source.result(SOON) == HAIKU


@pytest.mark.parametrize("name", WIRES)
def test_closing_in_a_silence_returns_at_once(playground: Playground, name: str) -> None:
    source = SuggestionsEventSource(QUESTION, **wire(playground, name, "?fail=silence"))
    assert next(iter(source)).startswith("Small")
    source.close()
    assert source.wait(SOON)
    assert source.state == "aborted"


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("failure", sorted(set(FAILURES) - {"silence", "slow-headers"}))
def test_no_failure_breaks_the_playground_itself(
    playground: Playground, name: str, failure: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error_of(playground, name, failure)
    assert "Traceback" not in capfd.readouterr().err


def test_the_chatbot_says_its_errors_in_its_own_words(playground: Playground) -> None:
    url = f"{playground.chatbot_url}/chatCompletion?fail="
    items = [{"role": "user", "Content": QUESTION}]
    headers = bearer(playground)
    said = send(url + "500", items, headers=headers).json()["errorMessage"]
    assert said.startswith("Failed with chatbot.ChatCompletion: ")
    said = send(url + "401", items, headers=headers).json()["errorMessage"]
    assert said == "Invalid token: expired or fake token."
