"""A relay's frames: content, done and error, and the same events as without a relay between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from contract import Record, check_contract, cut
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data

from suggestions import SuggestionsEventSource, ask_question_sync
from suggestions.dialects.relay import Relay
from suggestions.errors import (
    ConnectionLostError,
    ContextTooLargeError,
    EventTooLargeError,
    IncompleteStreamError,
    MalformedStreamError,
    ModerationError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
    UnclearPromptError,
    from_code,
)
from suggestions.events import ERROR_NAMES

URL = "https://relay.example/stream"


def frame(kind: str, **fields: Any) -> bytes:
    return data(json.dumps({"type": kind, **fields}))


DONE = frame("done")


def ask(steps: list[Any], record: Record | None = None, **options: Any) -> SuggestionsEventSource:
    options = {"session": Script(steps).session(), **options}
    source = SuggestionsEventSource(
        "Why?", "secret-token", dialect="relay", url=URL, start=False, **options
    )
    if record:
        record.connect_to(source)
    source.start()
    assert source.wait(20)
    return source


# Requests


@pytest.mark.parametrize(
    ("question", "body"),
    [
        ("Why?", {"prompt": "Why?", "model": "m", "temperature": 1}),
        (
            [{"role": "user", "content": "Why?"}],
            {
                "messages": [{"role": "user", "content": "Why?"}],
                "model": "m",
                "temperature": 1,
            },
        ),
    ],
)
def test_it_asks_with_a_prompt_or_messages(question: Any, body: Any) -> None:
    dialect = Relay(URL, model="m", temperature=0)
    script = Script([DONE])
    source = SuggestionsEventSource(
        question, "key", dialect=dialect, options={"temperature": 1}, session=script.session()
    )
    assert source.result(10) == ""
    [request] = script.requests
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body or "") == body
    assert request.headers["Authorization"] == "Bearer key"


@pytest.mark.parametrize("name", ["prompt", "messages"])
def test_the_question_is_no_option(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^parameter '{name}' is not for relay: it is the quest"):
        Relay(**{name: "x"})
    with pytest.raises(ValueError, match=rf"^options\['{name}'\] is not for relay: it is the ques"):
        SuggestionsEventSource("Why?", dialect="relay", url=URL, options={name: "x"})


def test_it_has_no_address_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"^url is needed: the dialect 'relay' has none"):
        SuggestionsEventSource("Why?", dialect="relay")
    assert "the-key" not in repr(Relay(URL, apikey="the-key"))


# Answers


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_cut_of_the_bytes_is_the_same_answer(ending: str) -> None:
    pieces = ["Gr\u00fc", "\u00dfe \U0001f44b", " a\nb", "[DONE]"]
    wire = b"".join(frame("content", data=piece) for piece in pieces) + DONE
    wire = wire.replace(b"\n", ending.encode())
    for place in range(len(wire) + 1):
        record = Record()
        source = ask([wire[:place], wire[place:]], record)
        check_contract(source, record)
        assert record.by_name["chunk"] == pieces


frames = st.one_of(
    st.text(max_size=6).map(lambda text: frame("content", data=text)),
    st.sampled_from(
        [
            frame("content", data="JETPACK_AI"),
            frame("content", data="_ERROR"),
            frame("content", data=None),
            frame("content"),
            frame("status", data="thinking"),
            b": a comment\n\n",
            b"event: new-message\ndata: aside\n\n",
            b"data: \n\n",
        ]
    ),
)
endings = st.sampled_from(
    [
        DONE,
        DONE + frame("content", data="after the end"),
        frame("done", data="all"),
        b"",
        b'data: {"type": "done"}\n',
        frame("error", error="busy", code="error_service_unavailable"),
        frame("error", error={"message": "busy"}),
        frame("content", data=5),
        b"data: {\n\n",
    ]
)


@given(st.lists(frames, max_size=8), endings, st.lists(st.integers(0, 600), max_size=6))
def test_any_answer_keeps_the_contract(told: list[bytes], end: bytes, places: list[int]) -> None:
    record = Record()
    source = ask(list(cut(b"".join(told) + end, places)), record)
    check_contract(source, record)
    if not end:
        assert source.error is not None


def test_nothing_after_done_is_read() -> None:
    source = ask([frame("content", data="Hi") + DONE + b"data: no JSON\n\n", OSError("unread")])
    assert source.result(1) == "Hi"


def test_an_end_without_done_is_no_success() -> None:
    error = ask([frame("content", data="Hi")]).error
    assert isinstance(error, IncompleteStreamError)
    assert error.partial_text == "Hi"
    assert isinstance(ask([]).error, IncompleteStreamError)
    lost = ask([frame("content", data="Hi"), ConnectionResetError("reset")]).error
    assert isinstance(lost, ConnectionLostError)


@pytest.mark.parametrize(
    "body",
    [
        [{"type": "content", "data": "Hi"}, {"type": "content", "data": "!"}, {"type": "done"}],
        {"type": "content", "data": "Hi!"},
    ],
)
def test_in_one_piece(body: Any) -> None:
    script = Script([json.dumps(body).encode()], content_type="application/json")
    assert ask_question_sync("Why?", dialect="relay", url=URL, session=script.session()) == "Hi!"
    streamed = Script([frame("content", data="Hi!") + DONE])
    assert ask_question_sync("Why?", dialect="relay", url=URL, session=streamed.session()) == "Hi!"


# Failures


@pytest.mark.parametrize("code", ERROR_NAMES)
def test_a_code_of_ours_is_the_same_event_again(code: str) -> None:
    record = Record()
    source = ask(
        [frame("content", data="Hi") + frame("error", error="In words.", code=code)], record
    )
    check_contract(source, record)
    assert source.error is not None
    assert source.error.code == code
    assert source.error.message == "In words."
    assert source.full_message == "Hi"


KINDS = {
    "error_quota_exceeded": QuotaExceededError,
    "error_moderation": ModerationError,
    "error_service_unavailable": ServiceUnavailableError,
    "error_context_too_large": ContextTooLargeError,
    "error_unclear_prompt": UnclearPromptError,
    "error_network": ServiceError,
}


@pytest.mark.parametrize("code", KINDS)
def test_each_code_has_its_class_and_a_sentence_of_its_own(code: str) -> None:
    error = from_code(code, "")
    assert type(error) is KINDS[code]
    assert error.message


@pytest.mark.parametrize(
    "code", ["aborted", "error", "error_", "rate_limit_exceeded", "503", 503, ["x"], {"a": 1}, True]
)
def test_another_code_is_a_network_error(code: Any) -> None:
    error = ask([frame("error", error="Oh.", code=code)]).error
    assert type(error) is ServiceError
    assert error.message == "Oh."


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"error": "Something broke"}, ServiceError),
        ({"error": "Rate limit reached"}, QuotaExceededError),
        ({"error": {"message": "x", "code": "insufficient_quota"}}, QuotaExceededError),
        ({"error": {"message": "x", "code": "content_filter"}, "code": "x"}, ModerationError),
        ({"message": "Oh.", "code": "error_moderation"}, ModerationError),
        ({}, ServiceError),
    ],
)
def test_an_error_without_a_code_of_ours(fields: Any, kind: type[SuggestionsError]) -> None:
    assert type(ask([frame("error", **fields)]).error) is kind


def test_an_error_event_and_an_error_without_a_type() -> None:
    for wire in (b"event: error\ndata: overloaded\n\n", data('{"error": "overloaded"}')):
        assert isinstance(ask([wire]).error, ServiceUnavailableError)


def test_a_token_that_is_quoted_is_taken_out() -> None:
    error = ask([frame("error", error="Bad key secret-token", code="error_network")]).error
    assert error is not None
    assert "secret-token" not in error.message + str(error.body) + repr(error)


def test_the_marker_is_found_however_it_is_cut() -> None:
    wire = frame("content", data="__JETPACK") + frame("content", data="_AI_ERROR") + DONE
    assert isinstance(ask([wire]).error, UnclearPromptError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, QuotaExceededError), (503, ServiceUnavailableError), (422, ModerationError)],
)
def test_statuses(status: int, kind: type[SuggestionsError]) -> None:
    script = Script([b'{"error": "No."}'], status=status)
    error = ask([], session=script.session()).error
    assert type(error) is kind
    assert "No." in error.message


@pytest.mark.parametrize("body", [b"[1]", b"5", b'{"a": 1}', b"null", b"{"])
def test_other_json_with_200_is_no_answer(body: bytes) -> None:
    script = Script([body], content_type="application/json")
    assert isinstance(ask([], session=script.session()).error, NotAnAnswerError)


# What no service should send


@pytest.mark.parametrize(
    "message",
    [
        "[" * 200_000,
        '{"type":' * 100_000,
        '{"type": "content", "data": ' + '{"a":' * 50_000,
        '{"data": "Hi"}',
        '{"type": 5}',
        "[]",
        "NaN",
        "no JSON",
        '{"type": "done"} {"type": "done"}',
        '{"type": "content", "data": ' + "9" * 10_000 + "}",
    ],
)
def test_a_message_that_is_no_frame_is_a_clear_error(message: str) -> None:
    record = Record()
    source = ask([frame("content", data="Hi") + data(message) + DONE], record)
    check_contract(source, record)
    assert isinstance(source.error, MalformedStreamError)
    assert "is not what relay sends: " in source.error.message
    assert len(source.error.message) < 1200
    assert source.full_message == "Hi"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ('{"type": "error", "type": "content", "data": "no", "data": "yes"}', "yes"),
        ('{"type": "content", "data": 0}', "0"),
        ('{"type": "content", "data": "Hi", "score": NaN, "more": -Infinity}', "Hi"),
        ('{"type": "content", "data": "\\ud83d\\udc4b"}', "\U0001f44b"),
        ('{"type": "content", "data": "a\\ud800b"}', "a\ud800b"),
        ('{"type": "content", "data": "a\\u0000b"}', "a\0b"),
    ],
)
def test_odd_json_is_the_text(message: str, text: str) -> None:
    assert ask([data(message) + DONE]).result(1) == text


def test_an_event_of_100_mb_is_an_error() -> None:
    source = ask([b"data: ", *[b"x" * 65_536] * 1600, b"\n\n"])
    assert isinstance(source.error, EventTooLargeError)
