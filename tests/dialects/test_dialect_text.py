"""Plain text, as the data of events and without any framing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from contract import Record, check_contract, cut
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data
from wire_server import LAST_CHUNK, SOON, Server, answering, framed

from suggestions import SuggestionsEventSource, ask_question_sync
from suggestions.errors import (
    ConnectionLostError,
    EventTooLargeError,
    IncompleteStreamError,
    MalformedStreamError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
    UnclearPromptError,
)

URL = "https://service.example/chat"
RAW = "text/plain; charset=utf-8"


def ask(
    steps: list[Any],
    record: Record | None = None,
    *,
    content_type: str = "text/event-stream",
    status: int = 200,
) -> SuggestionsEventSource:
    script = Script(steps, content_type=content_type, status=status)
    source = SuggestionsEventSource(
        "Why?", "secret-token", dialect="text", url=URL, session=script.session(), start=False
    )
    if record:
        record.connect_to(source)
    source.start()
    assert source.wait(20)
    return source


# Server-sent events


@pytest.mark.parametrize(
    "text", ["1", "true", "[DONE]", "{}", '{"error": "x"}', " ", "  two", "a\nb\n\nc", ": x"]
)
def test_the_data_of_an_event_is_text_whatever_it_looks_like(text: str) -> None:
    assert ask([data("<") + data(text) + data(">")]).result(1) == f"<{text}>"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_cut_of_the_events_is_the_same_answer(ending: str) -> None:
    pieces = ["Gr\u00fc", "\u00dfe \U0001f44b", " a\nb", "[DONE]"]
    wire = b"".join(map(data, pieces)).replace(b"\n", ending.encode())
    for place in range(len(wire) + 1):
        record = Record()
        source = ask([wire[:place], wire[place:]], record)
        check_contract(source, record)
        assert record.by_name["chunk"] == pieces


pieces = st.one_of(st.text(max_size=6), st.sampled_from(["[DONE]", "JETPACK_AI", "_ERROR", "\n"]))
places = st.lists(st.integers(0, 400), max_size=6)


@given(st.lists(pieces, max_size=8), places, st.booleans(), st.booleans())
def test_any_answer_keeps_the_contract(
    texts: list[str], cuts: list[int], raw: bool, lost: bool
) -> None:
    texts = [text.replace("\r", "").encode("utf-8", "replace").decode() for text in texts]
    wire = b"".join(text.encode() if raw else data(text) for text in texts)
    steps = [*cut(wire, cuts), *([ConnectionResetError("reset")] if lost else [])]
    record = Record()
    source = ask(steps, record, content_type=RAW if raw else "text/event-stream")
    check_contract(source, record)
    if isinstance(source.error, UnclearPromptError):
        return
    expected = "".join(texts)
    assert source.full_message == (expected.removeprefix("\ufeff") if raw else expected)
    assert source.state == ("error" if lost else "done")


# No framing at all


@pytest.mark.parametrize("content_type", ["text/plain", RAW, "Text/Plain", ""])
def test_every_cut_of_a_raw_body_is_the_same_text(content_type: str) -> None:
    text = "Gr\u00fc\u00dfe \U0001f44b\r\n\ndata: [DONE]\n"
    wire = text.encode()
    for place in range(len(wire) + 1):
        record = Record()
        source = ask([wire[:place], wire[place:]], record, content_type=content_type)
        check_contract(source, record)
        assert source.full_message == text


def test_a_raw_body_is_told_as_it_arrives() -> None:
    record = Record()
    ask([b"One", b" two", b" three"], record, content_type=RAW)
    assert record.by_name["chunk"] == ["One", " two", " three"]


def test_bad_bytes_do_not_stop_it() -> None:
    assert ask([b"a\xffb\xc3"], content_type=RAW).result(1) == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("ISO-8859-1", "Gr\u00fc\u00dfe"),
        ('"gbk"', "\u4f60\u597d"),
        ("US-ASCII", "ascii"),
        ("utf-16", "a\U0001f44b"),
    ],
)
def test_a_raw_body_has_the_charset_that_it_names(charset: str, text: str) -> None:
    wire = text.encode(charset.strip('"'))
    for place in range(len(wire) + 1):
        kind = f"text/plain; charset={charset}"
        assert ask([wire[:place], wire[place:]], content_type=kind).result(1) == text


@pytest.mark.parametrize(
    "charset", ["nonsense", "base64", "idna", "undefined", "us-ascii", "", "a b"]
)
def test_a_raw_body_whose_charset_is_of_no_use_is_in_utf_8(charset: str) -> None:
    kind = f"text/plain; charset={charset}"
    assert ask(["\ufeffGr\u00fc\u00dfe".encode()], content_type=kind).result(1) == "Gr\u00fc\u00dfe"


def test_a_raw_body_of_100_mb_is_the_text() -> None:
    source = ask([b"x" * 1_048_576] * 100, content_type=RAW)
    assert len(source.result(1)) == 100 * 1_048_576


# Ends


@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain"])
def test_the_end_of_the_stream_is_the_end_and_a_cut_is_not(kind: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for wire, state in ((LAST_CHUNK, "done"), (b"", "error"), (b"5\r\nab", "error")):
        with Server(answering(head, framed(b"data: Hi\n\n"), wire)) as server:
            source = SuggestionsEventSource("Why?", dialect="text", url=server.url)
            assert source.wait(SOON)
            assert source.state == state
            assert "Hi" in source.full_message
            if state == "error":
                assert isinstance(source.error, IncompleteStreamError)


@pytest.mark.parametrize("left", ["data: the", "data: the\n", "da", "event: message\n"])
@pytest.mark.parametrize("content_type", ["text/event-stream", RAW])
def test_a_stream_that_stops_within_an_event_is_no_success(left: str, content_type: str) -> None:
    record = Record()
    source = ask([data("Hi"), left.encode()], record, content_type=content_type)
    check_contract(source, record)
    assert isinstance(source.error, IncompleteStreamError)
    assert source.full_message == "Hi"


@pytest.mark.parametrize("body", [b"Argentina won\n\nthe cup.\n\n", b"Argentina won", b"No.\n\n"])
def test_a_text_under_the_type_of_events_is_read(body: bytes) -> None:
    # As a Flask view sends it that yields pieces with mimetype="text/event-stream".
    assert ask([body]).result(1) == body.decode()
    assert ask([body[:1], body[1:]]).result(1) == body.decode()


@pytest.mark.parametrize("page", [b"<!DOCTYPE html>\n<p>Log in", b"<html><p>Log in</html>"])
def test_a_page_under_the_type_of_events_is_no_answer(page: bytes) -> None:
    error = ask([page]).error
    assert isinstance(error, MalformedStreamError)
    assert page.decode().partition("\n")[0] in error.message


@pytest.mark.parametrize("left", ["\n", ": bye", ": bye\n", "\r\n\r\n"])
def test_comments_and_blank_lines_may_come_last(left: str) -> None:
    assert ask([data("Hi"), left.encode()]).result(1) == "Hi"


def test_a_connection_that_is_lost_is_no_end() -> None:
    for kind in ("text/event-stream", RAW):
        error = ask([data("Hi"), ConnectionResetError("reset")], content_type=kind).error
        assert isinstance(error, ConnectionLostError)
        assert "Hi" in error.partial_text


# Answers in one piece


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'"Hi"', "application/json"),
        (b"Hi", "text/plain"),
        (b"data: H\n\ndata: i\n\n", "text/event-stream"),
    ],
)
def test_in_one_piece(body: bytes, content_type: str) -> None:
    script = Script([body], content_type=content_type)
    assert ask_question_sync("Why?", dialect="text", url=URL, session=script.session()) == "Hi"
    assert json.loads(script.requests[0].body or "") == {"prompt": "Why?"}


# Failures


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"event: error\ndata: it broke\n\n", ServiceError),
        (b'event: error\ndata: {"error": {"code": "overloaded"}}\n\n', ServiceUnavailableError),
        (b"event: error\ndata: " + b"[" * 100_000 + b"\n\n", ServiceError),
    ],
)
def test_an_event_of_the_name_error_is_one(told: bytes, kind: type[SuggestionsError]) -> None:
    record = Record()
    source = ask([data("Hi") + told], record)
    check_contract(source, record)
    assert type(source.error) is kind
    assert source.full_message == "Hi"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/html"])
def test_a_status(content_type: str) -> None:
    error = ask([b'{"error": "slow down"}'], content_type=content_type, status=429).error
    assert isinstance(error, QuotaExceededError)
    assert "slow down" in error.message


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"<html>Sign in</html>", "text/html", NotAnAnswerError),
        (b'{"a": 1}', "application/json", NotAnAnswerError),
        (b"[" * 100_000, "application/json", NotAnAnswerError),
        (b'{"error": "it broke"}', "application/json", ServiceError),
        (b'{"errorMessage": "it broke"}', "application/json", ServiceError),
    ],
)
def test_what_is_no_text(body: bytes, content_type: str, kind: type[SuggestionsError]) -> None:
    assert type(ask([body], content_type=content_type).error) is kind


def test_the_marker_is_found_in_plain_text() -> None:
    assert isinstance(ask([b"JETPACK", b"_AI_ERROR"], content_type=RAW).error, UnclearPromptError)


def test_an_event_of_100_mb_is_an_error() -> None:
    source = ask([data("Hi") + b"data: ", *[b"x" * 65_536] * 1600])
    assert isinstance(source.error, EventTooLargeError)
    assert source.full_message == "Hi"
