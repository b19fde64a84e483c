"""The dialect of Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from contract import Record
from outcomes import (
    BOMBS,
    JSON,
    check_every_cut,
    check_every_early_end,
    error_of,
    named,
    outcome,
    source_of,
)
from script import Script, data

from suggestions import SuggestionsEventSource
from suggestions.dialects.anthropic import MAX_TOKENS, Anthropic
from suggestions.errors import (
    AuthenticationError,
    ContextTooLargeError,
    MalformedStreamError,
    ModerationError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
)
from suggestions.events import Usage


def message(**fields: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m1",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "output_tokens": 1},
        **fields,
    }


def opened(index: int, **block: Any) -> bytes:
    return named("content_block_start", index=index, content_block=block)


def delta(index: int, type: str, **fields: Any) -> bytes:
    return named("content_block_delta", index=index, delta={"type": type, **fields})


def text(piece: str) -> bytes:
    return delta(1, "text_delta", text=piece)


def closed(index: int) -> bytes:
    return named("content_block_stop", index=index)


def finish(reason: str = "end_turn", **usage: int) -> bytes:
    told = {"stop_reason": reason, "stop_sequence": None}
    return named("message_delta", delta=told, usage={"output_tokens": 15, **usage})


START = named("message_start", message=message())
PING = named("ping")
STOP = named("message_stop")
ANSWER = [
    START,
    PING,
    opened(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="Hm"),
    delta(0, "signature_delta", signature="EqQB"),
    closed(0),
    opened(1, type="text", text=""),
    text("Hi"),
    PING,
    text(" thère"),
    delta(1, "citations_delta", citation={"type": "char_location"}),
    closed(1),
    named("an_event_of_the_future", value=[1]),
    finish(),
    STOP,
]


def test_an_answer() -> None:
    got = outcome(Anthropic(), *ANSWER, text("after the end"))
    usage = Usage(25, 15, 40, {"input_tokens": 25, "output_tokens": 15})
    assert got == ("Hi thère", "Hm", (), usage, "stop", "m1", None)


def test_the_last_counts_may_be_whole() -> None:
    wire = [START, opened(1, type="text", text="Hi"), finish(input_tokens=30), STOP]
    got = outcome(Anthropic(), *wire)
    assert got.text == "Hi"
    assert got.usage == Usage(30, 15, 45, {"input_tokens": 30, "output_tokens": 15})


def test_what_came_from_the_cache_is_counted_once() -> None:
    cached = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
    start = named("message_start", message=message(usage={**cached, "output_tokens": 1}))
    for end in (finish(), finish(**cached)):
        record = Record()
        source_of(Anthropic(), start, opened(1, type="text", text="Hi"), end, STOP, record=record)
        [usage] = record.by_name["usage"]
        assert usage[:3] == (125, 15, 140)
        assert usage.cached_tokens == 100
        assert usage.details == {**cached, "output_tokens": 15}


def test_the_names_of_the_events_may_be_missing() -> None:
    unnamed = [event.partition(b"\n")[2] for event in ANSWER]
    assert outcome(Anthropic(), *unnamed) == outcome(Anthropic(), *ANSWER)


def test_every_cut_says_the_same() -> None:
    check_every_cut(Anthropic(), START + text("é") + finish() + STOP)


def test_an_early_end_is_never_a_success() -> None:
    check_every_early_end(Anthropic(), ANSWER)


def tool(index: int, name: str) -> list[bytes]:
    return [
        opened(index, type="tool_use", id=f"toolu_{index}", name=name, input={}),
        delta(index, "input_json_delta", partial_json=""),
        delta(index, "input_json_delta", partial_json='{"a":'),
        delta(index, "input_json_delta", partial_json=" 1}"),
        closed(index),
    ]


def test_tools_are_called_after_a_text() -> None:
    got = outcome(
        Anthropic(),
        START,
        text("Let me see."),
        *tool(1, "f"),
        *tool(2, "g"),
        finish("tool_use"),
        STOP,
    )
    assert got.text == "Let me see."
    assert got.calls == (("toolu_1", "f", '{"a": 1}'), ("toolu_2", "g", '{"a": 1}'))
    assert got.finish_reason == "tool_calls"


def test_a_tool_without_arguments_is_called_as_in_a_whole_answer() -> None:
    begin = opened(0, type="tool_use", id="a", name="now", input={})
    nothing = delta(0, "input_json_delta", partial_json="")
    got = outcome(Anthropic(), START, begin, nothing, closed(0), finish("tool_use"), STOP)
    called = {"type": "tool_use", "id": "a", "name": "now", "input": {}}
    assert got.calls == whole(message(content=[called], stop_reason="tool_use")).tool_calls
    assert got.calls == (("a", "now", "{}"),)


def test_a_tool_that_the_service_runs_is_no_call() -> None:
    search = opened(0, type="server_tool_use", id="srvtoolu_1", name="web_search", input={})
    query = delta(0, "input_json_delta", partial_json='{"query": "a"}')
    found = opened(1, type="web_search_tool_result", tool_use_id="srvtoolu_1", content=[])
    got = outcome(Anthropic(), START, search, query, closed(0), found, text("Hi"), finish(), STOP)
    assert (got.text, got.calls, got.error) == ("Hi", (), None)


@pytest.mark.parametrize(
    ("reason", "finish_reason", "error"),
    [
        ("end_turn", "stop", None),
        ("stop_sequence", "stop", None),
        ("max_tokens", "length", None),
        ("model_context_window_exceeded", "length", None),
        ("tool_use", "tool_calls", None),
        ("pause_turn", "pause_turn", None),
        ("refusal", "content_filter", ModerationError),
    ],
)
def test_a_reason_to_stop(
    reason: str, finish_reason: str, error: type[SuggestionsError] | None
) -> None:
    got = outcome(Anthropic(), START, text("Hi"), finish(reason), STOP)
    assert (got.text, got.finish_reason, got.error) == ("Hi", finish_reason, error)


@pytest.mark.parametrize(
    ("type", "words", "kind"),
    [
        ("overloaded_error", "No", ServiceUnavailableError),
        ("rate_limit_error", "No", QuotaExceededError),
        ("billing_error", "No", QuotaExceededError),
        ("request_too_large", "No", ContextTooLargeError),
        ("authentication_error", "No", AuthenticationError),
        ("permission_error", "No", AuthenticationError),
        ("api_error", "No", ServiceError),
        ("not_found_error", "No", ServiceError),
        ("invalid_request_error", "No", ServiceError),
        ("invalid_request_error", "No: prompt is too long: 9 tokens", ContextTooLargeError),
    ],
)
def test_an_error(type: str, words: str, kind: type[SuggestionsError]) -> None:
    report = {"type": type, "message": words}
    body = {"type": "error", "error": report}
    in_stream = named("error", error=report)
    unnamed = data(json.dumps(body))
    for event in (in_stream, unnamed):
        error = error_of(Anthropic(), START, text("Hi"), event, STOP)
        assert error.__class__ is kind
        assert words in error.message
        assert error.partial_text == "Hi"
    whole = json.dumps(body).encode()
    assert error_of(Anthropic(), whole, content_type=JSON).__class__ is kind


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_is_no_event_is_a_clear_error(bomb: str) -> None:
    error = error_of(Anthropic(), START, text("Hi"), data(bomb), STOP)
    assert type(error) is MalformedStreamError
    assert "anthropic" in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (named("message_start", message="m"), "expected a JSON object, got str"),
        (named("content_block_delta", delta=["a"]), "expected a JSON object, got list"),
    ],
)
def test_a_field_of_another_type_is_a_clear_error(event: bytes, words: str) -> None:
    assert words in error_of(Anthropic(), event, STOP).message


def test_odd_json_is_read() -> None:
    odd = data(
        '{"type": "x", "type": "content_block_delta", "n": NaN,'
        ' "delta": {"type": "text_delta", "text": "\\ud83d"}}'
    )
    assert outcome(Anthropic(), START, odd, STOP).text == "\ud83d"


# Answers in one piece


def whole(body: object) -> SuggestionsEventSource:
    return source_of(Anthropic(), json.dumps(body).encode(), content_type=JSON, whole=True)


def test_a_whole_answer() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"b": "é"}},
        {"type": "tool_use", "id": "b", "name": "g", "input": {}},
    ]
    source = whole(message(content=content, stop_reason="tool_use"))
    assert source.result(1) == "Hi"
    assert (source.reasoning, source.model, source.finish_reason) == ("Hm", "m1", "tool_calls")
    assert source.tool_calls == (("a", "f", '{"b": "é"}'), ("b", "g", "{}"))
    assert source.usage is not None
    assert source.usage[:3] == (25, 1, 26)
    refused = whole(message(stop_reason="refusal"))
    assert type(refused.error) is ModerationError


@pytest.mark.parametrize("body", [{}, [], "Hi", None, {"content": "Hi"}, {"content": [5]}])
def test_what_is_no_whole_answer_is_none(body: object) -> None:
    assert type(whole(body).error) is NotAnAnswerError


# Asking


def sent(question: Any, dialect: Any, **options: Any) -> Any:
    script = Script([STOP])
    SuggestionsEventSource(question, dialect=dialect, session=script.session(), **options).result(9)
    [request] = script.requests
    return request


def test_it_asks_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-environment")
    request = sent("Why?", "anthropic", options={"model": "m"})
    assert request.url == "https://api.anthropic.com/v1/messages"
    assert json.loads(request.body) == {
        "model": "m",
        "max_tokens": MAX_TOKENS,
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
    }
    assert request.headers["x-api-key"] == "key-of-the-environment"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "Authorization" not in request.headers


def test_system_messages_are_taken_out_of_the_conversation() -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
        {"role": "system", "content": "Be kind."},
    ]
    dialect = Anthropic("https://other.example/", "the-key", "m", max_tokens=9, temperature=0)
    request = sent(conversation, dialect)
    assert request.url == "https://other.example/v1/messages"
    assert json.loads(request.body) == {
        "model": "m",
        "max_tokens": 9,
        "temperature": 0,
        "system": "Be brief.\n\nBe kind.",
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
    }


def test_a_system_prompt_may_be_a_parameter_but_not_both() -> None:
    blocks = [{"type": "text", "text": "Be brief."}]
    dialect = Anthropic(model="m", system=blocks)
    assert json.loads(sent("Why?", dialect).body)["system"] == blocks
    with pytest.raises(ValueError, match="'system' is given twice"):
        sent([{"role": "system", "content": "A"}, {"role": "user", "content": "B"}], dialect)
    with pytest.raises(ValueError, match="only system messages"):
        sent([{"role": "system", "content": "A"}], Anthropic())


def test_a_key_that_is_quoted_back_is_taken_out() -> None:
    report = {"type": "authentication_error", "message": "invalid x-api-key secret-token"}
    error = error_of(Anthropic(), json.dumps({"error": report}).encode(), status=401)
    assert error.status == 401
    assert "secret-token" not in error.message + str(error.body)


def test_a_wrong_name_of_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a header name"):
        Anthropic(key_header="x key")
