"""The dialect of OpenAI's Responses API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
from suggestions.dialects import find
from suggestions.dialects.responses import Responses
from suggestions.dialects.responses_events import READ
from suggestions.errors import (
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

USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


def response(status: str = "in_progress", **fields: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "model": "m1",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
        **fields,
    }


def text(piece: str) -> bytes:
    at = {"item_id": "msg_1", "output_index": 1, "content_index": 0, "logprobs": []}
    return named("response.output_text.delta", **at, delta=piece)


CREATED = named("response.created", response=response())
COMPLETED = named("response.completed", response=response("completed", usage=USAGE))
ANSWER = [
    CREATED,
    named("response.in_progress", response=response()),
    named("response.output_item.added", output_index=0, item={"type": "reasoning", "summary": []}),
    named("response.reasoning_summary_text.delta", summary_index=0, delta="Hm"),
    named("response.reasoning_text.delta", content_index=0, delta=", well"),
    named("response.output_item.added", output_index=1, item={"type": "message", "content": []}),
    named("response.content_part.added", part={"type": "output_text", "text": ""}),
    text("Hi"),
    text(" thère"),
    named("response.output_text.done", text="Hi thère"),
    named("response.content_part.done", part={"type": "output_text", "text": "Hi thère"}),
    named(
        "response.output_item.done",
        item={"type": "message", "content": [{"type": "output_text", "text": "Hi thère"}]},
    ),
    COMPLETED,
]


def test_an_answer() -> None:
    got = outcome(Responses(), *ANSWER, text("after the end"))
    assert got == ("Hi thère", "Hm, well", (), Usage(3, 4, 7, USAGE), "stop", "m1", None)


def test_the_names_of_the_events_may_be_missing() -> None:
    unnamed = [message.partition(b"\n")[2] for message in ANSWER]
    assert outcome(Responses(), *unnamed) == outcome(Responses(), *ANSWER)


def test_a_terminator_of_chats_ends_nothing() -> None:
    assert outcome(Responses(), *ANSWER, data("[DONE]")).text == "Hi thère"
    error = error_of(Responses(), *ANSWER[:-1], data("[DONE]"))
    assert type(error) is IncompleteStreamError


def test_every_cut_says_the_same() -> None:
    check_every_cut(Responses(), CREATED + text("é") + COMPLETED)


def test_an_early_end_is_never_a_success() -> None:
    check_every_early_end(Responses(), ANSWER)


def test_a_refusal_is_what_it_says() -> None:
    refusal = named("response.refusal.delta", delta="I cannot")
    assert outcome(Responses(), CREATED, refusal, COMPLETED).text == "I cannot"


def call(index: int, name: str) -> list[bytes]:
    item = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": name}
    at = {"item_id": f"fc_{index}", "output_index": index}
    kind = "response.function_call_arguments"
    return [
        named("response.output_item.added", output_index=index, item={**item, "arguments": ""}),
        named(f"{kind}.delta", **at, delta='{"a":'),
        named(f"{kind}.delta", **at, delta=" 1}"),
        named(f"{kind}.done", **at, arguments='{"a": 1}'),
        named("response.output_item.done", output_index=index, item={**item, "arguments": "{}"}),
    ]


def test_tools_are_called_side_by_side() -> None:
    first, second = call(0, "f"), call(1, "g")
    end = response("completed", output=[{"type": "function_call", "name": "f", "arguments": "{}"}])
    mixed = [message for pair in zip(first, second, strict=True) for message in pair]
    got = outcome(Responses(), CREATED, *mixed, named("response.completed", response=end))
    assert got.calls == (("call_0", "f", '{"a": 1}'), ("call_1", "g", '{"a": 1}'))
    assert got.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("reason", "finish", "error"),
    [
        ("max_output_tokens", "length", None),
        ("content_filter", "content_filter", ModerationError),
        ("steered", "steered", ServiceError),
    ],
)
def test_an_answer_that_is_incomplete(
    reason: str, finish: str, error: type[SuggestionsError] | None
) -> None:
    end = response("incomplete", incomplete_details={"reason": reason}, usage=USAGE)
    got = outcome(Responses(), CREATED, text("Hi"), named("response.incomplete", response=end))
    assert (got.text, got.finish_reason, got.error) == ("Hi", finish, error)
    assert got.usage == Usage(3, 4, 7, USAGE)


ERRORS: dict[str, tuple[bytes, type[SuggestionsError]]] = {
    "flat": (named("error", code="rate_limit_exceeded", message="No"), QuotaExceededError),
    "flat, no code": (named("error", code=None, message="No", param=None), ServiceError),
    "under error": (
        named("error", error={"type": "server_error", "code": "overloaded", "message": "No"}),
        ServiceUnavailableError,
    ),
    "without a name": (data('{"type": "error", "message": "No"}'), ServiceError),
    "of chats": (data('{"error": {"message": "No", "code": 429}}'), QuotaExceededError),
    "failed": (
        named(
            "response.failed",
            response=response("failed", error={"code": "rate_limit_exceeded", "message": "No"}),
        ),
        QuotaExceededError,
    ),
    "failed for an image": (
        named(
            "response.failed",
            response=response(
                "failed", error={"code": "image_content_policy_violation", "message": "No"}
            ),
        ),
        ModerationError,
    ),
}


@pytest.mark.parametrize(("message", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_in_the_stream(message: bytes, kind: type[SuggestionsError]) -> None:
    error = error_of(Responses(), CREATED, text("Hi"), message, COMPLETED)
    assert type(error) is kind
    assert "No" in error.message
    assert error.partial_text == "Hi"
    assert error.request_id == "resp_1"


def test_a_failure_without_a_reason_is_one() -> None:
    failed = named("response.failed", response=response("failed"))
    assert type(error_of(Responses(), CREATED, failed)) is ServiceError


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_is_no_event_is_a_clear_error(bomb: str) -> None:
    error = error_of(Responses(), CREATED, text("Hi"), data(bomb), COMPLETED)
    assert type(error) is MalformedStreamError
    assert "responses" in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (named("response.created", response="resp"), "expected a JSON object, got str"),
        (named("response.output_item.added", item=["f"]), "expected a JSON object, got list"),
    ],
)
def test_a_field_of_another_type_is_a_clear_error(message: bytes, words: str) -> None:
    assert words in error_of(Responses(), message, COMPLETED).message


def test_odd_json_is_read() -> None:
    odd = data('{"type": "x", "type": "response.output_text.delta", "a": NaN, "delta": "\\ud83d"}')
    assert outcome(Responses(), CREATED, odd, COMPLETED).text == "\ud83d"


FIELDS = ["delta", "item", "response", "error", "output", "usage", "text", "part", "content"]
FIELDS += ["summary", "arguments", "incomplete_details", "annotation", "annotations", "result"]
FIELDS += ["partial_image_b64", "output_format", "id", "url", "start_index", "end_index", "index"]
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*FIELDS, "type"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(READ)),
    st.dictionaries(st.sampled_from([*FIELDS, "output_index"]), values),
)
def test_any_event_is_read_or_a_clear_error(kind: str, fields: dict[str, Any]) -> None:
    source = source_of(Responses(), named(kind, **fields))
    assert source.error is None or source.error.message


# Answers in one piece


def whole(body: object, content_type: str = JSON) -> SuggestionsEventSource:
    return source_of(Responses(), json.dumps(body).encode(), content_type=content_type, whole=True)


def test_a_whole_answer() -> None:
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}], "content": None},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        {"type": "web_search_call", "id": "ws_1"},
        {
            "type": "message",
            "content": [
                {"type": "output_text", "text": "Hi"},
                {"type": "refusal", "refusal": " no"},
            ],
        },
    ]
    source = whole(response("completed", output=output, usage=USAGE))
    assert source.result(1) == "Hi no"
    assert (source.reasoning, source.model, source.finish_reason) == ("Hm", "m1", "tool_calls")
    assert source.tool_calls == (("a", "f", "{}"), ("b", "f", "{}"))
    assert source.usage == Usage(3, 4, 7, USAGE)


def test_a_whole_answer_that_failed_is_an_error() -> None:
    body = response("failed", error={"code": "rate_limit_exceeded", "message": "No"})
    assert type(whole(body).error) is QuotaExceededError
    partly = response("incomplete", incomplete_details={"reason": "content_filter"})
    assert type(whole(partly).error) is ModerationError


CUSTOM = {"type": "custom_tool_call", "call_id": "a", "name": "shell", "input": "echo"}
CALL = {"type": "function_call", "call_id": "a", "name": "f", "arguments": {"b": 1}}


@pytest.mark.parametrize(("item", "called"), [(CUSTOM, "echo"), (CALL, '{"b": 1}')])
def test_a_whole_answer_with_a_call(item: dict[str, Any], called: str) -> None:
    source = whole(response("completed", output=[item]))
    assert source.wait(1)
    assert source.tool_calls == (("a", item["name"], called),)
    assert source.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("status", "details", "quote"),
    [
        ("incomplete", {"reason": "interrupted"}, "interrupted"),
        ("incomplete", None, "broke off the answer"),
        ("cancelled", None, "cancelled"),
    ],
)
def test_a_whole_answer_that_was_broken_off_is_an_error(
    status: str, details: object, quote: str
) -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]
    error = whole(response(status, output=output, incomplete_details=details)).error
    assert type(error) is ServiceError
    assert quote in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize("body", [response("queued"), {}, [], "Hi", {"output": {}}, None])
def test_what_is_no_whole_answer_is_none(body: object) -> None:
    assert type(whole(body).error) is NotAnAnswerError


# Asking


def sent(question: Any, dialect: Any, **options: Any) -> Any:
    script = Script([COMPLETED])
    SuggestionsEventSource(question, dialect=dialect, session=script.session(), **options).result(9)
    [request] = script.requests
    return request


def test_it_asks_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-environment")
    request = sent("Why?", "responses", options={"model": "m"})
    assert request.url == "https://api.openai.com/v1/responses"
    assert json.loads(request.body) == {"input": "Why?", "model": "m", "stream": True}
    assert request.headers["Authorization"] == "Bearer key-of-the-environment"


def test_it_asks_a_conversation() -> None:
    conversation = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]
    dialect = Responses("https://other.example/v1/", "key", "m", store=False)
    request = sent(conversation, dialect)
    assert request.url == "https://other.example/v1/responses"
    body = {"model": "m", "store": False, "input": conversation, "stream": True}
    assert json.loads(request.body) == body


@pytest.mark.parametrize("name", ["input", "stream", "post_id"])
def test_it_refuses_the_options_that_are_not_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}'.* is not for responses: it is "):
        Responses(**{name: "x"})


def test_it_is_found_by_its_name() -> None:
    assert isinstance(find("responses"), Responses)
    assert repr(Responses(api_key="the-secret")).startswith("Responses(base_url='https://api.")
    assert "the-secret" not in repr(Responses(api_key="the-secret"))
