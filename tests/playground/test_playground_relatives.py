"""The playground's Responses, Messages and Ollama APIs, as this client and `openai` see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
import requests
from whole_answer import whole_answer

from suggestions import Dialect, SuggestionsEventSource
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.responses import Responses
from suggestions.errors import (
    ConnectionLostError,
    ContextTooLargeError,
    IncompleteStreamError,
    MalformedStreamError,
    ModerationError,
    NetworkError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
    UnclearPromptError,
)
from suggestions.playground import FAILURES, Playground

QUESTION = "Who won the world cup in 2022?"
AFTER = 4  # tokens told before a failure in mid-stream
SOON = 30.0  # seconds; a bound for what ends at once, never a measure
NEVER = 0.3  # seconds to wait for what does not come
TOKEN = "the-playgrounds-token"
CALLING = "Call get_weather for Paris"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}

Make = Callable[..., Dialect]
DIALECTS: dict[str, Make] = {
    "responses": lambda playground, **more: Responses(playground.responses_url, **more),
    "anthropic": lambda playground, **more: Anthropic(playground.anthropic_url, **more),
    "ollama": lambda playground, **more: Ollama(playground.ollama_url, **more),
}
TOOLS: dict[str, dict[str, Any]] = {
    "responses": {"type": "function", "name": "get_weather", "parameters": SCHEMA},
    "anthropic": {"name": "get_weather", "input_schema": SCHEMA},
    "ollama": {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}},
}
both = pytest.mark.parametrize("kind", [SuggestionsEventSource, whole_answer])
each = pytest.mark.parametrize("name", DIALECTS)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0, token=TOKEN) as playground:
        yield playground


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def asked(
    dialect: Dialect,
    question: Any = QUESTION,
    kind: type[SuggestionsEventSource] = SuggestionsEventSource,
    **options: Any,
) -> SuggestionsEventSource:
    options = {"token": TOKEN, "on": {"error": lambda source, event: None}, **options}
    source = kind(question, dialect=dialect, **options)
    assert source.wait(SOON)
    return source


@each
@both
def test_a_question_is_answered(
    playground: Playground, name: str, kind: type[SuggestionsEventSource]
) -> None:
    source = asked(DIALECTS[name](playground, model="playground-reasoner"), kind=kind)
    assert source.result(0).startswith("**Argentina** won")
    assert source.reasoning.startswith("The question is")
    assert (source.finish_reason, source.model) == ("stop", "playground-reasoner")
    assert source.usage is not None
    prompt, completion, total, *_ = source.usage
    assert prompt > 0
    assert completion > 0
    assert total == prompt + completion


@each
@both
def test_a_system_message_and_an_earlier_turn_are_read(
    playground: Playground, name: str, kind: type[SuggestionsEventSource]
) -> None:
    conversation = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "Write a haiku"},
    ]
    text = asked(DIALECTS[name](playground, model="m"), conversation, kind).result(0)
    assert 'instructions in mind: "Be kind."' in text
    assert 'you asked: "What is 1 + 1?"' in text


@each
@both
def test_a_tool_is_called(
    playground: Playground, name: str, kind: type[SuggestionsEventSource]
) -> None:
    dialect = DIALECTS[name](playground, model="m", tools=[TOOLS[name]])
    source = asked(dialect, CALLING, kind)
    assert source.result(0) == ""
    [call] = source.tool_calls
    assert (call.name, call.arguments) == ("get_weather", '{"city": "Paris"}')
    assert source.finish_reason == ("stop" if name == "ollama" else "tool_calls")


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("responses", {"max_output_tokens": 3}),
        ("anthropic", {"max_tokens": 3}),
        ("ollama", {"options": {"num_predict": 3}}),
    ],
)
def test_an_answer_ends_at_its_bound(
    playground: Playground, name: str, limit: dict[str, Any]
) -> None:
    source = asked(DIALECTS[name](playground, model="m"), options=limit)
    assert 0 < len(source.result(0)) < 30
    assert source.finish_reason == "length"


@each
def test_a_wrong_key_is_refused(playground: Playground, name: str) -> None:
    source = asked(DIALECTS[name](playground, model="m"), token="wrong-key-of-the-tests")
    assert source.error is not None
    assert source.error.status == 401
    assert "wrong-key-of-the-tests" not in repr(source.error) + str(source.error.body)


# Failures: the same table for all of them

REFUSED = {
    "402": QuotaExceededError,
    "413": ContextTooLargeError,
    "422": ModerationError,
    "429": QuotaExceededError,
    "503": ServiceUnavailableError,
    "529": ServiceUnavailableError,
    "insufficient_quota": QuotaExceededError,
    "context": ContextTooLargeError,
    "content_filter": ModerationError,
}
IN_STREAM: dict[str, type[SuggestionsError]] = {
    "stream-error": ServiceError,
    "stream-error-text": ServiceError,
    "stream-error-event": ServiceError,
    "stream-overloaded": ServiceUnavailableError,
    "stream-rate-limit": QuotaExceededError,
    "stream-quota": QuotaExceededError,
    "stream-content-filter": ModerationError,
    "finish-content-filter": ModerationError,
    "cut": ConnectionLostError,
    "end-early": IncompleteStreamError,
    "silence": NetworkError,
    "malformed": MalformedStreamError,
}
OTHERS: dict[str, type[SuggestionsError]] = {
    "no-done": IncompleteStreamError,
    "empty": IncompleteStreamError,
    "html": NotAnAnswerError,
    "json-error": ServiceError,
    "slow-headers": NetworkError,
    "marker": UnclearPromptError,
    "marker-cut": UnclearPromptError,
}
FINE = {"empty-answer", "whole"}


def failing(playground: Playground, name: str, fail: str) -> SuggestionsEventSource:
    dialect = DIALECTS[name](playground, model="m")
    address = dialect.request(QUESTION, {}).url
    waits = fail in ("silence", "slow-headers")
    return asked(
        dialect,
        url=f"{address}?fail={fail}&after={AFTER}",
        timeouts={"first_byte": NEVER if waits else SOON, "idle": NEVER if waits else SOON},
    )


@each
@pytest.mark.parametrize("fail", FAILURES)
def test_each_failure_is_told_once_with_the_text_so_far(
    playground: Playground, name: str, fail: str
) -> None:
    source = failing(playground, name, fail)
    if fail == "no-done" and source.finish_reason:
        assert source.state == "done"  # after a reason to stop, the end of the body is the end
        return
    if fail in FINE:
        assert source.error is None
        assert source.result(0).startswith("**Argentina** won" if fail == "whole" else "")
        return
    assert source.error is not None
    expected = (REFUSED | IN_STREAM | OTHERS).get(fail, NetworkError)
    if expected is ConnectionLostError:
        expected = NetworkError  # how the connection ends is the machine's matter
    assert isinstance(source.error, expected)
    assert source.error.partial_text == source.full_message
    if fail in IN_STREAM:
        assert source.full_message.startswith("**Arg")


def test_every_failure_has_a_place_in_the_tables() -> None:
    known = REFUSED.keys() | IN_STREAM.keys() | OTHERS.keys() | FINE
    assert {fail for fail in FAILURES if not fail.isdigit()} <= known


# Wrong requests


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/responses", {}, "'input'"),
        ("/v1/responses", {"input": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ("/v1/responses", {"input": "Hi", "max_output_tokens": -1}, "max_output_tokens"),
        ("/v1/messages", {"messages": [{"role": "user", "content": "Hi"}]}, "max_tokens"),
        (
            "/v1/messages",
            {"max_tokens": 9, "messages": [{"role": "system", "content": "Hi"}]},
            "'system'",
        ),
        ("/api/chat", {"messages": [{"role": "user", "content": "Hi"}]}, "'model'"),
    ],
)
def test_a_wrong_request_is_refused_by_name(
    playground: Playground, path: str, body: dict[str, Any], words: str
) -> None:
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "x-api-key": TOKEN,
        "anthropic-version": "2023-06-01",
    }
    url = playground.url + path
    response = requests.post(url, json=body, headers=headers, timeout=SOON)
    assert response.status_code == 400
    error = response.json()["error"]
    assert words in str(error)


def test_anthropics_version_is_wanted(playground: Playground) -> None:
    url = f"{playground.anthropic_url}/v1/messages"
    response = requests.post(url, json={}, headers={"x-api-key": TOKEN}, timeout=SOON)
    assert response.status_code == 400
    assert "anthropic-version" in response.json()["error"]["message"]


# The real client of the Responses API


@pytest.fixture(scope="module")
def client(playground: Playground) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key=TOKEN, base_url=playground.responses_url, max_retries=0, timeout=SOON
    ) as client:
        yield client


def test_the_openai_package_reads_the_same(playground: Playground, client: openai.OpenAI) -> None:
    ours = asked(Responses(playground.responses_url, model="playground-reasoner"))
    whole = client.responses.create(model="playground-reasoner", input=QUESTION)
    assert whole.output_text == ours.result(0)
    with client.responses.stream(model="playground-reasoner", input=QUESTION) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == ours.full_message
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert pieces == list(ours)
    thought = [event.delta for event in events if event.type == "response.reasoning_text.delta"]
    assert "".join(thought) == ours.reasoning
    assert final.usage is not None
    assert ours.usage is not None
    assert final.usage.total_tokens == ours.usage.total_tokens


def test_the_openai_package_is_given_the_same_calls(
    playground: Playground, client: openai.OpenAI
) -> None:
    ours = asked(
        Responses(playground.responses_url, model="m", tools=[TOOLS["responses"]]), CALLING
    )
    tools: Any = [TOOLS["responses"]]
    with client.responses.stream(model="m", input=CALLING, tools=tools) as stream:
        for _ in stream:
            pass
        calls = [
            item for item in stream.get_final_response().output if item.type == "function_call"
        ]
    assert [(call.call_id, call.name, call.arguments) for call in calls] == list(ours.tool_calls)


def test_the_openai_package_hears_of_the_same_errors(
    playground: Playground, client: openai.OpenAI
) -> None:
    source = failing(playground, "responses", "429")
    assert isinstance(source.error, QuotaExceededError)
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="m", input=QUESTION, extra_query={"fail": "429"})
    query = {"fail": "stream-overloaded", "after": str(AFTER)}
    told: list[str] = []
    failed = ""
    try:
        with client.responses.create(
            model="m", input=QUESTION, stream=True, extra_query=query
        ) as stream:
            for event in stream:
                told.append(event.type)
                failed = event.message if event.type == "error" else failed
    except openai.APIError as error:
        failed = error.message
    assert "overloaded" in failed
    assert told.count("response.output_text.delta") == AFTER
