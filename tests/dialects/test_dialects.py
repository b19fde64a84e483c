"""What the dialects send, and what they read in what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from script import DONE as DONE_EVENT
from script import Script, chunk, data

from suggestions import Conversation, Dialect, SuggestionsEventSource, dialects
from suggestions._sources.answer import Answer
from suggestions._sources.ask import ask_question_sync
from suggestions._wire.sse import ServerSentEvent
from suggestions.dialects import Request, find
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
    OpaquePiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from suggestions.dialects.jetpack import URL, Jetpack
from suggestions.dialects.openai import OpenAI
from suggestions.errors import (
    ContextTooLargeError,
    IncompleteStreamError,
    MalformedStreamError,
    ModerationError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
)
from suggestions.events import Usage

SETTINGS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME")
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why?"},
]


class Sent:
    """The request that a source has sent."""

    def __init__(self, *arguments: Any, whole: bool = False, **options: Any) -> None:
        script = Script([DONE_EVENT])
        ask = ask_question_sync if whole else SuggestionsEventSource
        source = ask(*arguments, session=script.session(), **options)
        if isinstance(source, SuggestionsEventSource):
            assert source.result(10) == ""
        [self.request] = script.requests
        self.url = self.request.url
        self.body = json.loads(self.request.body or "null")
        self.headers = self.request.headers


# The table of dialects

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", dialects.NAMES)
def test_each_dialect_has_a_file_and_a_place_in_the_documents(name: str) -> None:
    dialect = find(name)
    assert dialect.name == name
    public = f"suggestions.dialects.{name.replace('-', '_')}"
    assert type(dialect).__module__ == public
    reference = (ROOT / "docs" / "reference" / "dialects.md").read_text("utf-8")
    assert f"\n::: {public}.{type(dialect).__name__}\n" in reference
    assert f"\n## {name}\n" in (ROOT / "docs" / "dialects.md").read_text("utf-8")


def test_a_public_class_says_its_public_module() -> None:
    public = [getattr(dialects, name) for name in dialects.__all__]
    classes = [each for each in public if isinstance(each, type)]
    assert Dialect in classes
    assert {each.__module__ for each in classes} == {"suggestions.dialects"}


# Requests of Jetpack AI


def test_jetpack_asks_a_text_at_its_own_address() -> None:
    sent = Sent("Why?", "the-token")
    assert sent.request.method == "POST"
    assert sent.url == URL == "https://public-api.wordpress.com/wpcom/v2/jetpack-ai-query"
    assert sent.body == {"question": "Why?"}
    assert sent.headers["Authorization"] == "Bearer the-token"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Accept"] == "text/event-stream"


def test_jetpack_asks_a_conversation_as_it_was_given() -> None:
    context = {"type": "ai-assistant", "content": "…"}
    items = (*CONVERSATION, {"role": "jetpack-ai", "content": "Fix it", "context": context})
    assert Sent(items).body == {"messages": list(items)}
    without_content = [{"role": "jetpack-ai", "context": context}]
    assert Sent(without_content).body == {"messages": without_content}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({"post_id": 7}, {"post_id": 7}),
        ({"feature": "ai-assistant-experimental"}, {"feature": "ai-assistant-experimental"}),
        ({"functions": [{"name": "f"}]}, {"functions": [{"name": "f"}]}),
        ({"functions": ({"name": "f"},)}, {"functions": [{"name": "f"}]}),
        ({"model": "m"}, {"model": "m"}),
        ({"post_id": "12"}, {"post_id": 12}),
        ({"post_id": "007"}, {"post_id": 7}),
        ({"language_code": "de"}, {"language_code": "de"}),
        ({"temperature": 0.2, "seed": None}, {"temperature": 0.2, "seed": None}),
        ({"from_cache": True}, {}),
        ({"from_cache": False}, {}),
        ({"post_id": None, "feature": None, "functions": None, "model": None}, {}),
        ({"language_code": None}, {}),
        (
            {"model": "m", "functions": [], "feature": "f", "post_id": 0, "from_cache": None},
            {"model": "m", "functions": [], "feature": "f", "post_id": 0},
        ),
    ],
)
def test_jetpack_sends_the_options_that_are_given(
    options: dict[str, Any], body: dict[str, Any]
) -> None:
    assert Sent("Why?", options=options).body == {"question": "Why?", **body}


def test_jetpack_asks_for_the_cache_at_its_own_address_alone() -> None:
    assert Sent("Why?", options={"from_cache": True}).url == f"{URL}?stream_cache=true"
    assert Sent("Why?", options={"from_cache": False}).url == URL
    elsewhere = "https://service.example/ask?a=1"
    assert Sent("Why?", url=elsewhere, options={"from_cache": True}).url == elsewhere


def test_jetpack_without_a_stream() -> None:
    sent = Sent("Why?", whole=True, options={"model": "m"})
    assert sent.body == {"question": "Why?", "model": "m", "stream": False}
    assert sent.headers["Accept"] == "application/json"


def test_without_a_token_none_is_sent() -> None:
    assert "Authorization" not in Sent("Why?").headers


def test_a_token_is_asked_for_at_the_request() -> None:
    assert Sent("Why?", lambda: "fresh").headers["Authorization"] == "Bearer fresh"


def test_headers_of_the_caller_come_on_top() -> None:
    given = {"X-Title": "mine", "accept": "text/plain", "content-type": "application/x-mine"}
    sent = Sent("Why?", headers=given)
    assert sent.headers["X-Title"] == "mine"
    assert sent.headers["Accept"] == "text/plain"
    assert sent.headers["Content-Type"] == "application/x-mine"


# Requests of OpenAI and its relatives


def test_openai_asks_a_text() -> None:
    sent = Sent("Why?", "the-key", dialect="openai")
    assert sent.request.method == "POST"
    assert sent.url == "https://api.openai.com/v1/chat/completions"
    assert sent.body == {"messages": [{"role": "user", "content": "Why?"}], "stream": True}
    assert sent.headers["Authorization"] == "Bearer the-key"
    assert sent.headers["Content-Type"] == "application/json"


def test_openai_asks_a_conversation_with_the_roles_of_its_own() -> None:
    called = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    conversation = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Why?", "name": "me"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "content": "", "tool_call_id": "a"},
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
    ]
    assert Sent(conversation, dialect="openai").body["messages"] == conversation


@pytest.mark.parametrize(
    ("dialect", "role"),
    [("openai", "jetpack-ai"), ("jetpack", "function"), ("anthropic", "robot")],
)
def test_a_dialect_refuses_the_roles_of_others(dialect: str, role: str) -> None:
    with pytest.raises(ValueError, match=rf"^question\[1\]\['role'\] is '{role}': expected one of"):
        Sent([CONVERSATION[0], {"role": role, "content": "Hi"}], dialect=dialect)


def test_openai_sends_its_parameters_and_then_the_options() -> None:
    dialect = OpenAI(
        model="m", temperature=0.2, stream_options={"include_usage": True}, apikey="in-the-body"
    )
    sent = Sent("Why?", dialect=dialect, options={"temperature": 1, "top_p": 0.5})
    assert sent.body == {
        "model": "m",
        "temperature": 1,
        "top_p": 0.5,
        "stream_options": {"include_usage": True},
        "apikey": "in-the-body",
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
    }
    assert "in-the-body" not in repr(dialect)
    assert Sent("Why?", dialect=dialect, options={"model": "n"}).body["model"] == "n"


def test_openai_without_a_stream_has_no_options_for_one() -> None:
    sent = Sent("Why?", whole=True, dialect=OpenAI(stream_options={"include_usage": True}))
    assert sent.body == {"messages": [{"role": "user", "content": "Why?"}], "stream": False}


def test_openai_reads_the_environment_where_nothing_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://compatible.example/v1/")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("AI_MODEL_NAME", "model-of-the-environment")
    sent = Sent("Why?", dialect="openai")
    assert sent.url == "https://compatible.example/v1/chat/completions"
    assert sent.headers["Authorization"] == "Bearer key-of-the-environment"
    assert sent.body["model"] == "model-of-the-environment"
    given = OpenAI("https://other.example/v2", "key-given", "model-given")
    sent = Sent("Why?", dialect=given)
    assert sent.url == "https://other.example/v2/chat/completions"
    assert sent.headers["Authorization"] == "Bearer key-given"
    assert sent.body["model"] == "model-given"
    assert Sent("Why?", "key-of-the-call", dialect=given).headers["Authorization"] == (
        "Bearer key-of-the-call"
    )
    assert Sent("Why?", dialect=given, url="https://third.example/x").url == (
        "https://third.example/x"
    )


def test_jetpack_does_not_send_the_key_of_another_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-environment")
    assert "Authorization" not in Sent("Why?").headers


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "")
    sent = Sent("Why?", dialect="openai")
    assert sent.url == "https://api.openai.com/v1/chat/completions"
    assert "Authorization" not in sent.headers
    assert "model" not in sent.body


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"base_url": 5}, TypeError, "base_url must be a str, not int"),
        ({"model": b"m"}, TypeError, "model must be a str, not bytes"),
        ({"api_key": 5}, TypeError, "api_key must be a str or a callable, not int"),
        ({"api_key": ""}, ValueError, "api_key is empty"),
        ({"api_key": "key\n"}, ValueError, "api_key has a character that a header cannot have"),
        ({"temperature": {1}}, TypeError, "parameters cannot be sent as JSON"),
        ({"temperature": float("nan")}, ValueError, "parameters cannot be sent as JSON"),
        ({"from_cache": True}, ValueError, "parameter 'from_cache' is not for openai: .*'jetpack'"),
        ({"messages": []}, ValueError, "parameter 'messages' is not for openai: .*the question"),
        ({"timeout": 30}, ValueError, "parameter 'timeout' is not for openai: .*timeouts="),
        ({"max_retries": 2}, ValueError, "parameter 'max_retries' is not for openai: .* retries"),
        # In the body of a request, they would ask another service, with the key in its text.
        ({"url": "http://localhost"}, TypeError, r"OpenAI\(\) got url=: did you mean base_url=\?$"),
        ({"token": "very-secret"}, TypeError, r"OpenAI\(\) got token=: did you mean api_key=\?$"),
        ({"base_ur": "http://a"}, TypeError, r"OpenAI\(\) got base_ur=: did you mean base_url=\?$"),
    ],
)
def test_openai_refuses_wrong_arguments(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=f"^{words}"):
        OpenAI(**arguments)


def test_a_key_of_the_environment_with_a_line_end_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-environment\n")
    with pytest.raises(ValueError, match=r"^OPENAI_API_KEY has a character") as caught:
        find("openai")
    assert "key-of" not in str(caught.value)


@pytest.mark.parametrize("name", ["post_id", "feature", "from_cache", "messages", "stream"])
def test_openai_refuses_the_options_that_are_not_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^options\['{name}'\] is not for openai: it is "):
        Sent("Why?", dialect="openai", options={name: 1})


# Reading one message

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def said(*deltas: Delta) -> list[Delta]:
    """What a chunk says that has `deltas` and does not name a model."""
    return [Source(None, None), *deltas]


def choices(*choices: Any, **more: Any) -> str:
    return json.dumps({"choices": list(choices), **more})


def delta(**delta: Any) -> str:
    return choices({"index": 0, "delta": delta, "finish_reason": None})


def tool(**call: Any) -> str:
    return delta(tool_calls=[call])


def decoded(text: str, type: str = "message") -> list[Delta]:
    return list(OpenAI().decode(ServerSentEvent(type, text, "")))


def without_opaque(deltas: Iterable[Delta]) -> list[Delta]:
    return [delta for delta in deltas if not isinstance(delta, OpaquePiece)]


MESSAGES: dict[str, tuple[str, list[Delta]]] = {
    "text": (delta(content="Hi"), ["Hi"]),
    "text with a role": (delta(content="Hi", role="assistant"), said("Hi")),
    "text without a reason or an index": (choices({"delta": {"content": "Hi"}}), said("Hi")),
    "text that is blank": (delta(content=" \n"), [" \n"]),
    "role only": (delta(role="assistant"), said()),
    "role and no text": (delta(role="assistant", content=""), said("")),
    "content null": (delta(content=None), said()),
    "content empty": (delta(content=""), [""]),
    "content empty list": (delta(content=[]), said()),
    "content in parts": (
        delta(content=[{"type": "text", "text": "Hi"}, {"type": "reference"}, {"text": "!"}]),
        said("Hi", "!"),
    ),
    "content in texts": (delta(content=["Hi", "!"]), said("Hi", "!")),
    "thinking in parts": (
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),
        said(Reasoning("Hm")),
    ),
    "the whole so far beside a piece": (
        choices({"delta": {"content": "lo"}, "message": {"content": "Hello"}}),
        said("lo"),
    ),
    "the whole beside no piece": (
        choices({"delta": {}, "message": {"content": "Hello"}, "finish_reason": "stop"}),
        said(WholeReasoning(""), WholeText("Hello"), Finish("stop")),
    ),
    "a message alone": (choices({"message": {"content": "Hello"}}), said("Hello")),
    "delta empty": (delta(), said()),
    "delta missing": (choices({"index": 0, "finish_reason": None}), said()),
    "delta null": (choices({"index": 0, "delta": None, "finish_reason": None}), said()),
    "choices empty": (choices(), said()),
    "choices null": ('{"choices": null}', said()),
    "choices missing": ("{}", []),
    "ping": ('{"type": "ping"}', []),
    "model and id": (
        choices({"delta": {"content": "Hi"}}, model="m", id="c1"),
        [Source("m", "c1"), "Hi"],
    ),
    "model and id of other types": (choices(model=5, id=7), said()),
    "model and id empty": (choices(model="", id=""), said()),
    "finish": (
        choices({"index": 0, "delta": {}, "finish_reason": "stop"}),
        said(Finish("stop")),
    ),
    "finish with text": (
        choices({"index": 0, "delta": {"content": "Hi"}, "finish_reason": "length"}),
        said("Hi", Finish("length")),
    ),
    "finish empty": (
        choices({"index": 0, "delta": {"content": "Hi"}, "finish_reason": ""}),
        ["Hi"],
    ),
    "usage after finish": (choices(usage=USAGE), said(Usage(1, 2, 3, USAGE))),
    "usage with the finish": (
        choices({"index": 0, "delta": {}, "finish_reason": "stop"}, usage=USAGE),
        said(Usage(1, 2, 3, USAGE), Finish("stop")),
    ),
    "usage with text": (
        choices({"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}, usage=USAGE),
        said("Hi", Usage(1, 2, 3, USAGE)),
    ),
    "usage null": (
        choices({"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}, usage=None),
        ["Hi"],
    ),
    "usage empty": (choices(usage={}), said()),
    "usage of no numbers": (
        choices(usage={"prompt_tokens": True}),
        said(Usage(0, 0, 0, {"prompt_tokens": True})),
    ),
    "usage in part": (
        choices(usage={"prompt_tokens": 4, "completion_tokens": "?"}),
        said(Usage(4, 0, 4, {"prompt_tokens": 4, "completion_tokens": "?"})),
    ),
    "done": ("[DONE]", [DONE]),
    "done with blanks": (" [DONE] ", [DONE]),
    "comment as data": (": OPENROUTER PROCESSING", []),
    "nothing": ("", []),
    "blank": (" \t", []),
    "reasoning_content": (delta(reasoning_content="Hm"), said(Reasoning("Hm"))),
    "reasoning": (delta(reasoning="Hm"), said(Reasoning("Hm"))),
    "reasoning twice is once": (
        delta(reasoning_content="Hm", reasoning="Hm"),
        said(Reasoning("Hm")),
    ),
    "reasoning beside null": (
        delta(reasoning_content=None, reasoning="Hm", content=None),
        said(Reasoning("Hm")),
    ),
    "reasoning that is no text": (delta(reasoning={"effort": "low"}, content="Hi"), said("Hi")),
    "reasoning before text": (
        delta(content="Hi", reasoning_content="Hm"),
        said(Reasoning("Hm"), "Hi"),
    ),
    "refusal": (delta(refusal="I cannot"), said("I cannot")),
    "refusal null": (delta(content="Hi", refusal=None), said("Hi")),
    "function call": (
        delta(function_call={"name": "f", "arguments": ""}),
        said(FunctionCallPiece("f", "")),
    ),
    "function call goes on": (
        delta(function_call={"arguments": "{"}),
        said(FunctionCallPiece("", "{")),
    ),
    "function call null": (delta(content="Hi", function_call=None), said("Hi")),
    "tool call opens": (
        tool(index=0, id="a", type="function", function={"name": "f", "arguments": ""}),
        said(ToolCallPiece(0, "a", "f", "")),
    ),
    "tool call goes on": (
        tool(index=1, function={"arguments": "{"}),
        said(ToolCallPiece(1, "", "", "{")),
    ),
    "tool call without an index": (
        tool(id="a", function={"name": "f", "arguments": "{}"}),
        said(ToolCallPiece(None, "a", "f", "{}")),
    ),
    "tool call goes on without an index": (
        tool(id=None, index=None, function={"name": None, "arguments": "}"}),
        said(ToolCallPiece(None, "", "", "}")),
    ),
    "tool call with an index that is a text": (
        tool(index="0", id="a", function={"name": "f"}),
        said(ToolCallPiece(0, "a", "f", "")),
    ),
    "tool call without a function": (tool(index=0, id="a"), said(ToolCallPiece(0, "a", "", ""))),
    "tool calls, two in one": (
        delta(tool_calls=[{"index": 0, "id": "a"}, {"index": 1, "id": "b"}]),
        said(ToolCallPiece(0, "a"), ToolCallPiece(1, "b")),
    ),
    "tool calls null": (delta(content="Hi", tool_calls=None), said("Hi")),
    "another choice": (
        choices({"index": 1, "delta": {"content": "Hey"}}),
        said(OtherChoice(1, ("Hey",)), OtherChoice(1, ())),
    ),
    "two choices": (
        choices(
            {"index": 1, "delta": {"content": "Hey"}, "finish_reason": None},
            {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None},
        ),
        said("Hi"),
    ),
    "two choices, the first one first": (
        choices(
            {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None},
            {"index": 1, "delta": {"content": "Hey"}, "finish_reason": "stop"},
        ),
        ["Hi"],
    ),
    "Azure's prompt_filter_results": (
        choices(
            id="",
            model="",
            prompt_filter_results=[
                {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}
            ],
        ),
        said(),
    ),
    "Azure's content_filter_result": (
        choices(
            {
                "index": 0,
                "finish_reason": None,
                "content_filter_offsets": {"check_offset": 44, "start_offset": 44},
                "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
                "content_filter_result": {"error": {"code": "content_filter_error"}},
            }
        ),
        said(),
    ),
    "Azure's content filter": (
        choices({"index": 0, "delta": {}, "finish_reason": "content_filter"}),
        said(Finish("content_filter")),
    ),
    "error null": (
        choices({"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}, error=None),
        said("Hi"),
    ),
    "duplicate keys, the last one counts": (
        '{"choices": 1, "choices": [{"delta": {"content": "a", "content": "Hi"}}]}',
        said("Hi"),
    ),
    "numbers that are none": ('{"choices": [], "a": NaN, "b": [-Infinity, 1e999]}', said()),
    "half a surrogate pair": (delta(content="\ud83d"), ["\ud83d"]),
    "NUL": (delta(content="a\0b"), ["a\0b"]),
    "over several lines": ('{"choices":\n[{"delta":\n{"content": "Hi"}}]}', said("Hi")),
}


@pytest.mark.parametrize(("text", "deltas"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_of_a_chat(text: str, deltas: list[Delta]) -> None:
    assert without_opaque(decoded(text)) == deltas
    assert without_opaque(Jetpack().decode(ServerSentEvent("message", text, ""))) == deltas


# Errors in a stream, in each of the four shapes

ERRORS: dict[str, tuple[str, str, type[SuggestionsError]]] = {
    "an object": (
        "message",
        '{"error": {"message": "Too fast", "type": "requests", "code": "rate_limit_exceeded"}}',
        QuotaExceededError,
    ),
    "a text": ("message", '{"error": "Too fast"}', ServiceError),
    "a text and a sentence": (
        "message",
        '{"error": "overloaded", "message": "Too fast"}',
        ServiceUnavailableError,
    ),
    "a flag and a sentence": ("message", '{"error": true, "message": "Too fast"}', ServiceError),
    "a text and a number": (
        "message",
        '{"error": "Too fast", "code": 429}',
        QuotaExceededError,
    ),
    "a type": (
        "message",
        '{"type": "error", "error": {"type": "overloaded_error", "message": "Too fast"}}',
        ServiceUnavailableError,
    ),
    "a type, flat": ("message", '{"type": "error", "message": "Too fast"}', ServiceError),
    "an event": ("error", '{"error": {"message": "Too fast", "code": 402}}', QuotaExceededError),
    "an event, flat": (
        "error",
        '{"message": "Too fast", "code": "content_filter"}',
        ModerationError,
    ),
    "an event with a text": ("error", "Too fast", ServiceError),
    "an event with a JSON text": ("error", '"Too fast"', ServiceError),
    "code and message": (
        "message",
        '{"code": "context_length_exceeded", "message": "Too fast"}',
        ContextTooLargeError,
    ),
    "beside choices": (
        "message",
        choices(
            {"index": 0, "delta": {"content": ""}, "finish_reason": "error"},
            error={"code": 502, "message": "Too fast"},
        ),
        ServiceError,
    ),
    "beside a text that would be a chunk": (
        "message",
        choices(
            {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None},
            error={"code": 429, "message": "Too fast"},
        ),
        QuotaExceededError,
    ),
    "under a name of the service's own": (
        "completion",
        '{"error": {"message": "Too fast"}}',
        ServiceError,
    ),
}


@pytest.mark.parametrize(("type", "text", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_in_a_stream(type: str, text: str, kind: type[SuggestionsError]) -> None:
    [failure] = decoded(text, type)
    assert isinstance(failure, Failure)
    error = failure.error
    assert error.__class__ is kind
    assert "Too fast" in error.message
    assert error.body == text
    assert error.status is None


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", "[]", "[DONE]"])
def test_an_error_event_is_one_whatever_it_carries(text: str) -> None:
    [failure] = decoded(text, "error")
    assert isinstance(failure, Failure)
    assert failure.error.__class__ is ServiceError
    assert failure.error.message.startswith("The service failed.")


def test_an_error_within_a_choice_follows_its_text() -> None:
    failed = {"index": 0, "delta": {"content": "Hi"}, "error": {"code": 429, "message": "Too fast"}}
    _, text, failure = decoded(choices(failed))
    assert text == "Hi"
    assert isinstance(failure, Failure)
    assert failure.error.__class__ is QuotaExceededError
    # As OpenRouter reports that a provider has broken off in mid-stream.
    _, text, failure = decoded(choices({**failed, "finish_reason": None}))
    assert text == "Hi"
    assert isinstance(failure, Failure)


# Events with a name


@pytest.mark.parametrize(
    "text", ["hello", "{", "1", "[]", '{"a": 1}', '{"code": 1, "message": "a notice"}']
)
def test_an_event_of_another_kind_says_nothing(text: str) -> None:
    assert decoded(text, "new-message") == []


@pytest.mark.parametrize("type", ["completion", "message", "data"])
def test_a_chunk_is_a_chunk_under_any_name(type: str) -> None:
    assert decoded(delta(content="Hi"), type) == ["Hi"]
    assert decoded("[DONE]", type) == [DONE]


# What is no chunk is a clear error


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Expecting property name"),
        ("hello", "Expecting value"),
        ("[DONE", "Expecting value"),
        ('{"choices": []} {}', "something follows the JSON value"),
        ('{"choices": []}[DONE]', "something follows the JSON value"),
        ("null", "expected a JSON object, got NoneType"),
        ("5", "expected a JSON object, got int"),
        ('"text"', "expected a JSON object, got str"),
        ("[]", "expected a JSON object, got list"),
        ("[{}]", "expected a JSON object, got list"),
        ('{"choices": "Hi"}', "expected a JSON array, got str"),
        ('{"choices": {"0": {}}}', "expected a JSON array, got dict"),
        ('{"choices": ["Hi"]}', "expected a JSON object, got str"),
        ('{"choices": [{"delta": "Hi"}]}', "expected a JSON object, got str"),
        (delta(content=[5]), "expected a JSON object, got int"),
        (delta(content=[{"thinking": "Hm"}]), "expected a JSON array, got str"),
        (delta(function_call="f"), "expected a JSON object, got str"),
        (delta(tool_calls="a"), "expected a JSON array, got str"),
        (delta(tool_calls=["f"]), "expected a JSON object, got str"),
    ],
)
def test_what_is_no_chunk_is_a_clear_error(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decoded(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"choices":' + "[" * 100_000])
def test_deep_nesting_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        decoded(text)


NAMES = (
    *("choices", "delta", "message", "content", "index", "finish_reason", "usage", "refusal"),
    *("tool_calls", "function", "function_call", "name", "arguments", "id", "model"),
    *("reasoning", "reasoning_content", "reasoning_details", "prompt_tokens"),
    *("citations", "search_results", "annotations", "url_citation", "start_index", "end_index"),
    *("url", "title", "images", "image_url", "text", "reference_ids", "extra_content", "google"),
    *("grounding_metadata", "groundingChunks", "web", "vertex_ai_grounding_metadata"),
    *("error", "code", "type", "status", "data", "innererror", "metadata", "detail"),
)
keys = st.sampled_from(NAMES)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.just("error"),
    st.sampled_from(["reasoning.text", "url_citation", "reference", "tool_reference", "data:,"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=20,
)
nearly_chunks = st.one_of(
    values,
    st.builds(lambda choice: {"choices": [choice]}, st.dictionaries(keys, values, max_size=5)),
    st.builds(
        lambda delta: {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        st.dictionaries(keys, values, max_size=5),
    ),
)


def read(text: str, type: str) -> str:
    """The error that a message leads to, "" for none."""
    answer = Answer(lambda entry: None)
    try:
        for found in decoded(text, type):
            answer.feed(found)
    except ValueError as error:
        return str(error)
    answer.done()
    assert isinstance(answer.full_message, str)
    json.dumps(answer.message)
    return ""


@given(nearly_chunks, st.sampled_from(["message", "error", "new-message"]))
@example({"choices": [{"index": [], "delta": {"content": "a"}}]}, "message")
@example({"choices": [{"delta": {"reasoning_details": [{"type": []}]}}]}, "message")
def test_any_json_is_read_or_a_clear_error(value: Any, type: str) -> None:
    error = read(json.dumps(value), type)
    assert not error or error.startswith("expected a JSON")


@given(st.text(), st.sampled_from(["message", "error", "new-message"]))
def test_any_text_is_read_or_a_clear_error(text: str, type: str) -> None:
    error = read(text, type)
    assert not error or type == "message"


# Whole streams


def outcome(*steps: bytes, **options: Any) -> SuggestionsEventSource:
    """The source of a stream, when it is over."""
    dialect = options.pop("dialect", "openai")
    session = Script(list(steps), **options).session()
    source = SuggestionsEventSource("Why?", dialect=dialect, session=session, start=False)
    source.connect("error", lambda source, event: None)
    source.start()
    assert source.wait(10)
    return source


def test_a_stream_with_all_its_noise() -> None:
    source = outcome(
        b": OPENROUTER PROCESSING\n\n",
        b"data: : OPENROUTER PROCESSING\n\n",
        b"event: ping\ndata: {}\n\n",
        b"event: heartbeat\ndata: still here\n\n",
        data(choices(prompt_filter_results=[])),
        chunk("", role="assistant"),
        chunk("Hi"),
        b"data:" + delta(content=" there").encode() + b"\n\n",
        chunk(finish="stop"),
        data(choices(usage=USAGE)),
        b"data:[DONE]\n\n",
        chunk("after the end"),
    )
    assert source.result() == "Hi there"
    assert (source.model, source.finish_reason) == ("m1", "stop")
    assert source.usage == Usage(1, 2, 3, USAGE)


@pytest.mark.parametrize(("type", "text", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_in_a_stream_ends_it(type: str, text: str, kind: type[SuggestionsError]) -> None:
    event = b"event: " + type.encode() + b"\n" + data(text)
    first = chunk("Hi", role="assistant")
    error = outcome(first, event, chunk("more"), DONE_EVENT).error
    assert error is not None
    assert error.__class__ is kind
    assert error.partial_text == "Hi"
    assert error.request_id == "c1"


BROKEN = {
    "half": "{",
    "a number": "5",
    "no choices": '{"choices": "Hi"}',
    "no text": delta(content=[1]),
    "deep": "[" * 100_000,
    "deep inside": '{"a": ' + "[" * 100_000,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_message_that_is_no_chunk_ends_in_one_error(text: str) -> None:
    error = outcome(chunk("Hi"), data(text), chunk("more"), DONE_EVENT).error
    assert error.__class__ is MalformedStreamError
    assert error is not None
    assert error.code == "error_network"
    assert error.partial_text == "Hi"
    assert "openai" in error.message


def test_a_number_without_end_is_read_or_a_clear_error() -> None:
    # How long a number may be is up to the version of Python.
    text = '{"choices": [{"delta": {"content": " there"}}], "a": ' + "9" * 100_000 + "}"
    source = outcome(chunk("Hi"), data(text), DONE_EVENT)
    assert source.full_message in ("Hi", "Hi there")
    assert (source.error is None) == (source.full_message == "Hi there")
    assert source.error is None or source.error.__class__ is MalformedStreamError


# Answers in one piece


def whole(body: object, **options: Any) -> SuggestionsEventSource:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome(text, content_type="application/json; charset=utf-8", **options)


def completion(finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "m1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": USAGE,
    }


@pytest.mark.parametrize("dialect", ["openai", "jetpack"])
def test_a_whole_answer_with_status_200_is_an_answer(dialect: str) -> None:
    source = whole(completion(content="Hi", reasoning_content="Hm"), dialect=dialect)
    assert source.result() == "Hi"
    assert (source.reasoning, source.model, source.finish_reason) == ("Hm", "m1", "stop")
    assert source.usage == Usage(1, 2, 3, USAGE)


def test_a_whole_answer_may_call_tools() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    source = whole(completion("tool_calls", content=None, tool_calls=[call, {**call, "id": "b"}]))
    assert source.result() == ""
    assert [call.id for call in source.tool_calls] == ["a", "b"]
    source = whole(completion("function_call", function_call={"name": "f", "arguments": "{}"}))
    assert source.full_function_call == ("f", "{}")


def test_a_whole_answer_can_be_the_marker_or_be_filtered() -> None:
    source = whole(completion(content="**JETPACK_AI_ERROR**"))
    assert source.error is not None
    assert source.error.code == "error_unclear_prompt"
    source = whole(completion("content_filter", content="Some"))
    assert source.error is not None
    assert (source.error.code, source.error.partial_text) == ("error_moderation", "Some")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "Too fast", "code": "rate_limit_exceeded"}}, QuotaExceededError),
        ({"error": "Too fast"}, ServiceError),
        ({"code": "DataInspectionFailed", "message": "Too fast"}, ModerationError),
        ({"type": "error", "error": {"type": "api_error", "message": "Too fast"}}, ServiceError),
        (
            {"choices": [{"error": {"code": 503, "message": "Too fast"}}]},
            ServiceUnavailableError,
        ),
    ],
)
def test_an_error_body_with_status_200_is_an_error(
    body: dict[str, Any], kind: type[SuggestionsError]
) -> None:
    error = whole(body, headers={"x-request-id": "r1"}).error
    assert error is not None
    assert error.__class__ is kind
    assert "Too fast" in error.message
    assert (error.status, error.request_id) == (200, "r1")
    assert json.loads(error.body or "") == body


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"Hi"', b"{}", b"\xff\xfe"),
        *(b'{"choices": []}', b'{"choices": "Hi"}', b'{"choices": ["Hi"]}'),
        *(b'{"choices": [{"message": "Hi"}]}', b'{"choices": [{"message": {"content": [1]}}]}'),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_other_json_with_status_200_is_no_answer(body: bytes) -> None:
    error = whole(body).error
    assert error.__class__ is NotAnAnswerError
    assert error is not None
    assert (error.code, error.status) == ("error_network", 200)
    assert error.body == body.decode("utf-8", "replace")[: 64 * 1024]
    assert "application/json" in error.message


@pytest.mark.parametrize(
    "kind", ["text/html", "text/plain", "application/x-ndjson", "image/png", "\x1b[31mred"]
)
def test_what_is_neither_a_stream_nor_json_is_no_answer(kind: str) -> None:
    error = outcome(b"<!doctype html><title>Sign in</title>", content_type=kind).error
    assert error.__class__ is NotAnAnswerError
    assert error is not None
    assert error.message.isprintable()
    assert error.body == "<!doctype html><title>Sign in</title>"


@pytest.mark.parametrize("kind", ["", "text/event-stream", "Text/Event-Stream; charset=latin-1"])
def test_what_has_no_type_is_taken_as_a_stream(kind: str) -> None:
    assert outcome(chunk("Hi"), DONE_EVENT, content_type=kind).result() == "Hi"


# A dialect of one's own


class Words(Dialect):
    """The one of the README: `{"word": …}`, and last of all `{"last": true}`."""

    name = "words"

    def request(self, question: Any, options: Any, *, stream: bool = True) -> Request:
        return Request("https://words.example/ask", {"q": question, **options})

    def decode(self, message: ServerSentEvent) -> Iterator[Delta]:
        said = json.loads(message.data)
        yield said.get("word", "")
        if said.get("last"):
            yield DONE


WORDS = [data('{"word": "Hello "}'), data('{"word": "there"}'), data('{"last": true}')]


def test_a_dialect_of_ones_own() -> None:
    script = Script(WORDS)
    source = SuggestionsEventSource(
        "Why?",
        "the-token",
        dialect=Words(),
        options={"pace": 2},
        session=script.session(),
        start=False,
    )
    chunks: list[str] = []
    source.connect("chunk", lambda source, event: chunks.append(event.detail))
    source.start()
    assert source.result(10) == "Hello there"
    assert source.wait(10)
    assert chunks == ["Hello ", "there"]
    [request] = script.requests
    assert json.loads(request.body or "") == {"q": "Why?", "pace": 2}
    assert request.headers["Authorization"] == "Bearer the-token"
    assert outcome(*WORDS[:2], dialect=Words()).error.__class__ is IncompleteStreamError


def test_a_dialect_whose_answers_end_with_the_stream() -> None:
    class EndsAtEof(Words):
        ends_at_eof = True

    assert outcome(*WORDS[:2], dialect=EndsAtEof()).result() == "Hello there"


def test_a_dialect_may_bring_its_token_and_put_it_elsewhere() -> None:
    class ApiKey(Words):
        token = "its-own"

        def authorize(self, request: Request, token: str) -> Request:
            return request._replace(json={**request.json, "apikey": token})

    script = Script(WORDS)
    source = SuggestionsEventSource("Hi", dialect=ApiKey(), session=script.session())
    assert source.result(10) == "Hello there"
    [request] = script.requests
    assert json.loads(request.body or "") == {"q": "Hi", "apikey": "its-own"}
    assert "Authorization" not in request.headers


def test_a_dialect_without_answers_in_one_piece_says_that_there_is_none() -> None:
    assert whole({"word": "Hello"}, dialect=Words()).error.__class__ is NotAnAnswerError


def test_a_dialect_that_yields_a_wrong_type_for_a_whole_answer_ends_in_one_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong(Words):
        def decode_body(self, body: Any) -> Any:
            return [body]

    error = whole({"word": "Hello"}, dialect=Wrong()).error
    assert error.__class__ is MalformedStreamError
    assert caplog.records == []


def test_what_a_dialect_raises_is_quoted_on_one_line() -> None:
    class Wrong(Words):
        def decode(self, message: ServerSentEvent) -> Any:
            raise ValueError("one\ntwo\x1b" + " more" * 1000)

    error = outcome(data("{}"), dialect=Wrong()).error
    assert error is not None
    assert error.message.isprintable()
    assert len(error.message) < 700


def test_a_dialect_without_a_name_is_called_by_its_class() -> None:
    class Nameless(Dialect):
        def request(self, question: Any, options: Any, *, stream: bool = True) -> Request:
            return Request("https://words.example/ask")

        def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
            raise ZeroDivisionError

    assert Nameless().name == "Nameless"
    error = outcome(data("{}"), dialect=Nameless()).error
    assert error is not None
    assert "Nameless" in error.message


WRONG: dict[str, Any] = {
    "raises": lambda message: 1 / 0,
    "raises what is no error of its own": lambda message: {}["missing"],
    "returns None": lambda message: None,
    "returns a number": lambda message: 5,
    "returns the terminator": lambda message: DONE,
    "returns a delta": lambda message: Finish("stop"),
    "yields bytes": lambda message: [b"text"],
    "yields None": lambda message: [None],
    "yields a tuple": lambda message: [("text",)],
    "yields a dict": lambda message: iter([{"content": "text"}]),
    "yields a list": lambda message: [["text"]],
    "yields a type": lambda message: [Finish],
}


@pytest.mark.parametrize("decode", WRONG.values(), ids=WRONG)
def test_a_dialect_that_does_wrong_ends_in_one_error(
    decode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong(Words):
        name = "wrong"

        def decode(self, message: ServerSentEvent) -> Any:
            return decode(message) if message.data == "?" else super().decode(message)

    source = outcome(WORDS[0], data("?"), *WORDS[1:], dialect=Wrong())
    error = source.error
    assert error.__class__ is MalformedStreamError
    assert error is not None
    assert (error.code, error.partial_text) == ("error_network", "Hello ")
    assert "wrong" in error.message
    assert "\n" not in error.message
    assert error.__cause__ is not None
    assert caplog.records == []


# What is missing


@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic"])
def test_a_key_or_a_model_that_is_missing_is_said_at_the_call(
    dialect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match=r"wants a key: set (OPENAI|ANTHROPIC)_API_KEY, or pass"):
        SuggestionsEventSource("Why?", dialect=dialect)
    with pytest.raises(RuntimeError, match=r"wants a model: .*options="):
        SuggestionsEventSource("Why?", "key", dialect=dialect)
    with pytest.raises(RuntimeError, match="wants a key"):
        Conversation(dialect=dialect)
    # A header or a session may have the key, and another service may want none.
    named = {"options": {"model": "m"}, "dialect": dialect, "start": False}
    SuggestionsEventSource("Why?", headers={"Authorization": "Bearer key"}, **named)
    SuggestionsEventSource("Why?", session=requests.Session(), **named)
    SuggestionsEventSource("Why?", url="http://localhost:1/v1", dialect=dialect, start=False)


@pytest.mark.parametrize("key", ["sk-proj-secret", "sk-ant-api03-secret", "sk-or-v1-secret"])
def test_a_key_of_another_service_is_not_sent_to_the_default_one(key: str) -> None:
    with pytest.raises(RuntimeError, match='pass dialect="openai"') as caught:
        SuggestionsEventSource("Why?", key)
    assert "secret" not in str(caught.value)
    SuggestionsEventSource("Why?", key, url="https://proxy.example/", start=False)


def test_a_key_in_the_place_of_the_address_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="a key goes to api_key") as caught:
        OpenAI("sk-secret")
    assert "secret" not in str(caught.value)
