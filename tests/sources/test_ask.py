"""One question in one call, against the real playground."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from script import DONE, Script, chunk
from wire_server import free_port

from suggestions import SuggestionsEventSource, ask_question, ask_question_sync
from suggestions.dialects.openai import OpenAI
from suggestions.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContextTooLargeError,
    FirstByteTimeoutError,
    ModerationError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
    UnclearPromptError,
)
from suggestions.playground import Playground

QUESTION = "Who won the world cup in 2022?"
CONVERSATION = [
    {"role": "system", "content": "Speak like a pirate"},
    {"role": "user", "content": "A haiku, please"},
]
SOON = 30.0  # seconds; a bound for what ends at once, never a measure


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0, token="right-token") as playground:
        yield playground


@pytest.fixture(params=["jetpack", "openai"])
def service(request: pytest.FixtureRequest, playground: Playground) -> dict[str, Any]:
    """The arguments that say whom to ask."""
    urls = {
        "jetpack": playground.jetpack_url,
        "openai": f"{playground.openai_url}/chat/completions",
    }
    return {"url": urls[request.param], "dialect": request.param, "token": "right-token"}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("question", [QUESTION, CONVERSATION])
def test_streamed_and_whole_the_answer_is_the_same(service: dict[str, Any], question: Any) -> None:
    source = ask_question(question, **service)
    assert isinstance(source, SuggestionsEventSource)
    streamed = source.result(SOON)
    assert len(source.full_message) > 50
    assert ask_question_sync(question, **service) == streamed


def test_handlers_may_be_given_with_the_question(service: dict[str, Any]) -> None:
    told: list[str] = []
    source = ask_question(
        QUESTION, **service, on={"chunk": lambda source, event: told.append(event.detail)}
    )
    assert source.wait(SOON)
    assert "".join(told) == source.full_message
    assert len(told) > 10
    told.clear()
    text = ask_question_sync(
        QUESTION, **service, on={"done": lambda source, event: told.append(event.detail)}
    )
    assert told == [text]


def test_what_is_asked_for_at_once_has_told_its_handlers(playground: Playground) -> None:
    told: list[str] = []

    def tell(source: Any, event: Any) -> None:
        time.sleep(0.02)  # the text is there long before
        told.append(event.type)

    on = dict.fromkeys(("chunk", "suggestion", "done", "error", "end"), tell)
    ask_question_sync(QUESTION, token="right-token", url=playground.jetpack_url, on=on)
    assert told == ["chunk", "suggestion", "done", "end"]
    told.clear()
    with pytest.raises(AuthenticationError):
        ask_question_sync(QUESTION, token="wrong-token", url=playground.jetpack_url, on=on)
    assert told == ["error", "end"]


@pytest.mark.parametrize(
    ("dialect", "asked"),
    [
        ("jetpack", {"question": "Why?"}),
        ("openai", {"messages": [{"role": "user", "content": "Why?"}]}),
        (
            OpenAI(model="m", stream_options={"include_usage": True}),
            {"model": "m", "messages": [{"role": "user", "content": "Why?"}]},
        ),
    ],
)
def test_the_answer_in_one_piece_is_asked_for(dialect: Any, asked: dict[str, Any]) -> None:
    answer = json.dumps({"choices": [{"message": {"content": "Because."}}]}).encode()
    script = Script([answer], content_type="application/json")
    url = "https://service.example/ask"
    text = ask_question_sync(
        "Why?", token="the-token", dialect=dialect, url=url, session=script.session()
    )
    assert text == "Because."
    [request] = script.requests
    assert json.loads(request.body or "") == {**asked, "stream": False}
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Authorization"] == "Bearer the-token"


def test_headers_of_the_caller_come_first() -> None:
    script = Script([chunk("Because."), DONE])
    headers = {"accept": "text/event-stream", "X-Title": "mine"}
    assert ask_question_sync("Why?", headers=headers, session=script.session()) == "Because."
    [request] = script.requests
    assert request.headers["Accept"] == "text/event-stream"
    assert request.headers["X-Title"] == "mine"


def test_a_service_that_streams_all_the_same_is_understood() -> None:
    script = Script([chunk("Be"), chunk("cause."), DONE])
    assert ask_question_sync("Why?", session=script.session()) == "Because."


FAILURES: dict[str, type[SuggestionsError]] = {
    "401": AuthenticationError,
    "402": QuotaExceededError,
    "404": StatusError,
    "413": ContextTooLargeError,
    "418": StatusError,
    "422": ModerationError,
    "429": QuotaExceededError,
    "500": StatusError,
    "503": ServiceUnavailableError,
    "529": ServiceUnavailableError,
    "204": StatusError,
    "context": ContextTooLargeError,
    "content_filter": ModerationError,
    "insufficient_quota": QuotaExceededError,
    "marker": UnclearPromptError,
    "marker-cut": UnclearPromptError,
    "finish-content-filter": ModerationError,
    "html": NotAnAnswerError,
    "json-error": ServiceError,
}


@pytest.mark.parametrize("fail", FAILURES)
def test_what_fails_is_raised_and_not_logged(
    service: dict[str, Any], fail: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "suggestions")
    service["url"] += f"?fail={fail}"
    with pytest.raises(SuggestionsError) as caught:
        ask_question_sync(QUESTION, **service)
    error = caught.value
    assert type(error) is FAILURES[fail]
    assert error.request_id
    assert (error.retry_after or 0) == (1 if fail == "429" else 0)
    if fail.isdigit():
        assert error.status == int(fail)
    if fail.startswith("marker"):
        assert error.partial_text.replace("_", "").replace("*", "").startswith("JETPACKAIERROR")
    assert caplog.records == []


def test_a_wrong_token_is_raised(service: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationError) as caught:
        ask_question_sync(QUESTION, **{**service, "token": "wrong-token"})
    assert caught.value.status == 401
    assert "wrong-token" not in repr(caught.value) + str(caught.value.body)


def test_an_answer_that_does_not_come_is_raised(service: dict[str, Any]) -> None:
    service["url"] += "?fail=slow-headers"
    with pytest.raises(FirstByteTimeoutError):
        ask_question_sync(QUESTION, **service, timeouts={"first_byte": 0.1})


def test_a_service_that_is_not_there_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        ask_question_sync(QUESTION, url=f"http://127.0.0.1:{free_port()}/", retries=0)
    assert caught.value.code == "error_network"
    assert "127.0.0.1" in caught.value.message
    assert caplog.records == []


def test_wrong_arguments_raise_at_the_call() -> None:
    for ask in (ask_question, ask_question_sync):
        with pytest.raises(ValueError, match="question is empty"):
            ask("")
        with pytest.raises(TypeError, match="temperature"):
            ask("Why?", temperature=1)


def test_an_answer_may_be_a_function_call(playground: Playground) -> None:
    service = {"url": playground.jetpack_url, "token": "right-token"}
    functions = [{"name": "get_weather", "parameters": {}}]
    told: list[Any] = []
    source = ask_question("Call get_weather", **service, options={"functions": functions})
    assert source.result(SOON) == ""
    assert source.full_function_call == ("get_weather", "{}")
    text = ask_question_sync(
        "Call get_weather",
        **service,
        options={"functions": functions},
        on={"function_done": lambda source, event: told.append(event.detail)},
    )
    assert (text, told) == ("", [("get_weather", "{}")])
