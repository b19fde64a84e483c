"""JSON messages with the text at a path: as lines, and as the data of events."""

from __future__ import annotations

import json as stdlib_json
from typing import Any

import pytest
from contract import Record, check_contract, cut
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data

from suggestions import SuggestionsEventSource, ask_question_sync
from suggestions.dialects import Dialect, find
from suggestions.dialects.json_lines import JsonLines, json
from suggestions.errors import (
    ConnectionLostError,
    EventTooLargeError,
    MalformedStreamError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
)

URL = "https://service.example/chat"
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"


def message(text: object) -> str:
    return stdlib_json.dumps({"sender": "Server", "message": text})


def framed(content_type: str, *messages: str) -> bytes:
    if content_type == EVENTS:
        return b"".join(map(data, messages))
    return "".join(f"{message}\n" for message in messages).encode()


def ask(
    steps: list[Any],
    record: Record | None = None,
    *,
    content_type: str = LINES,
    status: int = 200,
    dialect: str | Dialect = "json_lines",
) -> SuggestionsEventSource:
    script = Script(steps, content_type=content_type, status=status)
    source = SuggestionsEventSource(
        "Why?", "secret-token", dialect=dialect, url=URL, session=script.session(), start=False
    )
    if record:
        record.connect_to(source)
    source.start()
    assert source.wait(20)
    return source


# Paths


@pytest.mark.parametrize(
    ("path", "line", "text"),
    [
        ("message", '{"message": "Hi"}', "Hi"),
        ("a.b.c", '{"a": {"b": {"c": "Hi"}}}', "Hi"),
        ("choices.0.delta.content", '{"choices": [{"delta": {"content": "Hi"}}]}', "Hi"),
        ("1", '["no", "Hi"]', "Hi"),
        ("0", '{"0": "Hi"}', "Hi"),
        ("message", '{"message": null}', ""),
        ("message", '{"message": ""}', ""),
        ("message", '{"message": "Hi", "code": 0}', "Hi"),
        ("message", '{"message": "Hi", "error": null}', "Hi"),
    ],
)
@pytest.mark.parametrize("content_type", [LINES, EVENTS, "text/plain", "application/jsonl"])
def test_the_text_at_the_path(path: str, line: str, text: str, content_type: str) -> None:
    wire = framed(content_type, line)
    assert ask([wire], content_type=content_type, dialect=json(path)).result(1) == text


@pytest.mark.parametrize("line", ['{"other": "Hi"}', "[]", "5", '"Hi"', "null", '{"a": "b"}'])
@pytest.mark.parametrize("path", ["message", "a.b", "a.0"])
def test_a_path_that_is_not_there_is_a_clear_error(path: str, line: str) -> None:
    error = ask([framed(LINES, line)], dialect=json(path=path)).error
    assert isinstance(error, MalformedStreamError)
    assert error.message == (
        "A message of the stream is not what json_lines sends: "
        f"there is nothing at the path {path!r}. The message: {line}"
    )


@pytest.mark.parametrize("path", ["0", "2", "-1", "\u00b2"])
def test_an_item_that_is_not_there(path: str) -> None:
    line = "[]" if path == "0" else '["a", "b"]'
    assert isinstance(ask([framed(LINES, line)], dialect=json(path)).error, MalformedStreamError)


@pytest.mark.parametrize("value", [5, True, 1.5, 0, False])
def test_a_number_where_a_text_is_usual_is_its_text(value: Any) -> None:
    # Some gateways parse each piece of the text, and so make a number of a digit.
    source = ask([framed(LINES, message("Hi "), message(value))])
    assert source.result(1) == "Hi " + stdlib_json.dumps(value)


@pytest.mark.parametrize("value", [["Hi"], {"text": "Hi"}, []])
def test_what_is_no_text_at_the_path_is_a_clear_error(value: Any) -> None:
    error = ask([framed(LINES, message("Hi"), message(value))]).error
    assert isinstance(error, MalformedStreamError)
    assert f"expected a text at 'message', got a {type(value).__name__}" in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize(
    ("path", "kind"), [(5, TypeError), ("", ValueError), ("a..b", ValueError), (".a", ValueError)]
)
def test_a_wrong_path_is_refused(path: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^path "):
        json(path=path)


def test_by_name_and_by_factory() -> None:
    assert isinstance(find("json_lines"), JsonLines)
    dialect = json(path="text", url=URL, apikey="the-key")
    assert repr(dialect) == f"JsonLines('text', url={URL!r})"
    script = Script([b'{"text": "Hi"}'], content_type=LINES)
    source = SuggestionsEventSource("Why?", dialect=dialect, session=script.session())
    assert source.result(10) == "Hi"
    assert stdlib_json.loads(script.requests[0].body or "") == {
        "prompt": "Why?",
        "apikey": "the-key",
    }


# Answers


@pytest.mark.parametrize("content_type", [LINES, EVENTS])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_cut_of_the_bytes_is_the_same_answer(content_type: str, ending: str) -> None:
    pieces = ["Gr\u00fc", "\u00dfe \U0001f44b", " a\nb", "[DONE]"]
    messages = [stdlib_json.dumps({"message": piece}, ensure_ascii=False) for piece in pieces]
    wire = framed(content_type, *messages).replace(b"\n", ending.encode())
    for place in range(len(wire) + 1):
        record = Record()
        source = ask([wire[:place], wire[place:]], record, content_type=content_type)
        check_contract(source, record)
        assert record.by_name["chunk"] == pieces


def test_the_last_line_needs_no_end() -> None:
    assert ask([framed(LINES, message("H")) + message("i").encode()]).result(1) == "Hi"


@pytest.mark.parametrize("content_type", [LINES, EVENTS])
def test_done_ends_it_where_it_comes(content_type: str) -> None:
    wire = framed(content_type, message("Hi"), "[DONE]", "no JSON")
    assert ask([wire, OSError("unread")], content_type=content_type).result(1) == "Hi"


lines = st.one_of(
    st.text(max_size=6).map(message),
    st.sampled_from(
        [
            message("JETPACK_AI"),
            message("_ERROR"),
            message(None),
            "[DONE]",
            '{"error": "overloaded"}',
            '{"message": 5}',
            "{",
            "",
        ]
    ),
)


@given(
    st.lists(lines, max_size=8), st.lists(st.integers(0, 600), max_size=6), st.booleans(), st.data()
)
def test_any_answer_keeps_the_contract(
    messages: list[str], places: list[int], events: bool, drawn: st.DataObject
) -> None:
    content_type = EVENTS if events else LINES
    steps: list[Any] = list(cut(framed(content_type, *messages), places))
    if drawn.draw(st.booleans()):
        steps.append(ConnectionResetError("reset"))
    record = Record()
    check_contract(ask(steps, record, content_type=content_type), record)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{\n  "message": "Hi"\n}', "application/json"),
        ('{"message": "Hi"}', LINES),
        ('data: {"message": "Hi"}\n\n', EVENTS),
    ],
)
def test_in_one_piece(body: str, content_type: str) -> None:
    script = Script([body.encode()], content_type=content_type)
    session = script.session()
    assert ask_question_sync("Why?", dialect="json_lines", url=URL, session=session) == "Hi"


# Failures


@pytest.mark.parametrize("content_type", [LINES, EVENTS])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ('{"error": "it broke"}', ServiceError),
        ('{"error": {"code": "overloaded", "message": "x"}}', ServiceUnavailableError),
        ('{"message": "", "error": "it broke"}', ServiceError),
        ('{"type": "error"}', ServiceError),
        ('{"errorMessage": "it broke"}', ServiceError),
    ],
)
def test_a_reported_error(told: str, kind: type[SuggestionsError], content_type: str) -> None:
    record = Record()
    wire = framed(content_type, message("Hi"), told)
    source = ask([wire], record, content_type=content_type)
    check_contract(source, record)
    assert type(source.error) is kind
    assert source.full_message == "Hi"


def test_an_event_of_the_name_error_is_one_and_others_are_aside() -> None:
    aside = b"event: new-message\ndata: no JSON\n\n"
    assert ask([aside + data(message("Hi"))], content_type=EVENTS).result(1) == "Hi"
    wire = b"event: error\ndata: rate limit\n\n"
    assert isinstance(ask([wire], content_type=EVENTS).error, QuotaExceededError)


def test_a_connection_that_is_lost_is_no_end() -> None:
    error = ask([framed(LINES, message("Hi")), ConnectionResetError("reset")]).error
    assert isinstance(error, ConnectionLostError)
    assert error.partial_text == "Hi"


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_what_is_no_stream(content_type: str) -> None:
    assert isinstance(ask([b"<html>"], content_type=content_type).error, NotAnAnswerError)


def test_a_status() -> None:
    assert isinstance(ask([b'{"error": "No."}'], status=429).error, QuotaExceededError)


# What no service should send


@pytest.mark.parametrize("content_type", [LINES, EVENTS])
@pytest.mark.parametrize(
    "line",
    [
        "[" * 200_000,
        '{"message":' * 100_000,
        '{"message": "Hi", "more": ' + "[" * 100_000,
        "no JSON",
        '{"message": "Hi"} {"message": "Hi"}',
        '{"message": ' + "9" * 10_000 + "}",
    ],
)
def test_a_bomb_is_a_clear_error(line: str, content_type: str) -> None:
    wire = framed(content_type, message("Hi"), line)
    source = ask([wire], content_type=content_type)
    assert isinstance(source.error, MalformedStreamError)
    assert "is not what json_lines sends: " in source.error.message
    assert len(source.error.message) < 700
    assert source.full_message == "Hi"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"message": "no", "message": "yes"}', "yes"),
        ('{"message": "Hi", "score": NaN, "more": -Infinity}', "Hi"),
        ('{"message": "\\ud83d\\udc4b"}', "\U0001f44b"),
        ('{"message": "a\\ud800b"}', "a\ud800b"),
    ],
)
def test_odd_json_is_the_text(line: str, text: str) -> None:
    assert ask([framed(LINES, line)]).result(1) == text


@pytest.mark.parametrize("content_type", [LINES, EVENTS])
def test_a_message_of_100_mb_is_an_error(content_type: str) -> None:
    begun = framed(content_type, message("Hi")) + b'data: {"message": "'
    source = ask([begun, *[b"x" * 65_536] * 1600], content_type=content_type)
    assert isinstance(source.error, EventTooLargeError)
    assert source.full_message == "Hi"
