"""What an answer has besides its text: pieces of calls, citations, files; and its message."""

from __future__ import annotations

import base64

import pytest
from test_answer import Log

from suggestions._sources.answer import Answer
from suggestions.dialects.delta import (
    DONE,
    Attached,
    Failure,
    Finish,
    FunctionCallPiece,
    OpaquePiece,
    ToolCallPiece,
    WholeText,
)
from suggestions.errors import AnswerTooLargeError, ServiceUnavailableError
from suggestions.events import AnswerFile, Citation, ToolCall

SITE = Citation("https://example.org/", "Example", 0, 5, "quoted")
PNG = b"\x89PNG\r\n\x1a\n"
PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()
THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}


def thinking(position: int = 0) -> list[OpaquePiece]:
    return [
        OpaquePiece(position, {"type": "thinking", "thinking": "Let "}),
        OpaquePiece(position, {"type": "thinking", "thinking": "me see."}),
        OpaquePiece(position, {"type": "thinking", "signature": "c2ln"}, is_last=True),
    ]


# Calls


def test_each_piece_of_a_call_is_reported_with_what_there_is_so_far() -> None:
    log = Log().feed(
        ToolCallPiece(0, "a", "weather"),
        ToolCallPiece(0, "", "", '{"in": '),
        ToolCallPiece(1, "b", "time", "{}"),
        ToolCallPiece(0, "", "", '"Paris"}'),
        DONE,
    )
    assert log.details("tool_call_chunk") == [
        ToolCall("a", "weather", ""),
        ToolCall("a", "weather", '{"in": '),
        ToolCall("b", "time", "{}"),
        ToolCall("a", "weather", '{"in": "Paris"}'),
    ]
    assert log.details("tool_call") == list(log.answer.tool_calls)


def test_pieces_of_what_the_service_runs_itself_are_not_reported() -> None:
    assert Log().feed(ToolCallPiece(3, "", "", '{"query"'), DONE).names == ["done"]


def test_a_call_without_an_id_gets_a_new_one() -> None:
    pieces = [ToolCallPiece(None, "", "weather", "{"), ToolCallPiece(None, "", "", "}")]
    (first,), (second,) = (Log().feed(*pieces, DONE).answer.tool_calls for _ in range(2))
    assert first[1:] == ("weather", "{}")
    assert first.id.startswith("call_")
    assert first.id != second.id


# Citations and files


def test_a_citation_is_reported_once() -> None:
    log = Log().feed("Hello", *[Attached(SITE)] * 3, DONE)
    assert log.events == [("citation", SITE), ("done", "Hello")]
    assert log.answer.citations == [SITE]


def test_places_count_from_the_beginning_of_the_answer() -> None:
    log = Log().feed("Hello", WholeText("Hello", (0, 0)), " world", Attached(SITE))
    (moved,) = log.details("citation")
    assert (moved.start, moved.end) == (5, 10)


def test_a_citation_without_a_place_has_none() -> None:
    log = Log().feed("Hello", Attached(Citation("https://example.org/")))
    assert log.details("citation") == [Citation("https://example.org/", "", None, None, "")]


def test_a_file_is_reported_once_and_its_previews_before_it() -> None:
    preview, whole = (AnswerFile("image/png", PICTURE, partial, "i") for partial in (True, False))
    log = Log().feed(*map(Attached, (preview, preview, whole, whole)), DONE)
    assert log.details("file") == [preview, whole]
    assert log.answer.files == [whole]


def test_the_bytes_of_a_file() -> None:
    assert AnswerFile("image/png", PICTURE).data == PNG
    assert AnswerFile("image/png", "https://example.org/a.png").data is None
    with pytest.raises(ValueError, match="base64"):
        _ = AnswerFile("image/png", "data:image/png;base64,??").data


def test_files_count_for_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answer, "LARGEST", 100_000)
    files = [AnswerFile("image/png", f"data:image/png;base64,{n}{'A' * 1000}") for n in range(200)]
    log = Log().feed("Text.", *map(Attached, files))
    assert isinstance(log.answer.error, AnswerTooLargeError)
    assert log.answer.error.partial_text == "Text."
    assert len(log.answer.files) < 100


# The message


def test_the_message_of_a_text_is_the_text() -> None:
    log = Log().feed("Hi", DONE)
    assert log.answer.message == {"role": "assistant", "content": "Hi"}


def test_the_message_has_the_calls() -> None:
    log = Log().feed(ToolCallPiece(0, "a", "weather", '{"in": "Paris"}'))
    assert log.answer.message == {"role": "assistant", "content": ""}
    log.feed(DONE)
    function = {"name": "weather", "arguments": '{"in": "Paris"}'}
    assert log.answer.message == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": function}],
    }


def test_a_call_that_a_limit_has_cut_off_is_not_in_the_message() -> None:
    # The service would refuse it with the next question.
    pieces = (ToolCallPiece(0, "a", "f", "{}"), ToolCallPiece(1, "b", "g", '{"in": '))
    log = Log().feed(*pieces, Finish("length"), DONE)
    assert [call.id for call in log.answer.tool_calls] == ["a", "b"]
    assert [call["id"] for call in log.answer.message["tool_calls"]] == ["a"]


def test_the_message_has_the_older_function_call() -> None:
    log = Log().feed(FunctionCallPiece("f", "{}"), DONE)
    call = {"name": "f", "arguments": "{}"}
    assert log.answer.message == {"role": "assistant", "content": None, "function_call": call}


def test_signed_parts_keep_their_places_among_the_text() -> None:
    hidden = {"type": "redacted_thinking", "data": "x"}
    log = Log().feed(*thinking(), "Hel", "lo", OpaquePiece(2, hidden, whole=True), " you", DONE)
    assert log.answer.message["content"] == [
        THOUGHT,
        {"type": "text", "text": "Hello"},
        hidden,
        {"type": "text", "text": " you"},
    ]


def test_a_part_that_was_cut_off_is_left_out() -> None:
    log = Log().feed(*thinking()[:2], Failure(ServiceUnavailableError("Busy.")))
    assert log.answer.message == {"role": "assistant", "content": ""}
    log = Log().feed(*thinking(), "Hi")
    log.answer.abort()
    assert log.answer.message["content"] == [THOUGHT, {"type": "text", "text": "Hi"}]


def test_a_whole_part_replaces_its_pieces() -> None:
    log = Log().feed(*thinking(), OpaquePiece(0, THOUGHT, whole=True), DONE)
    assert log.answer.message["content"] == [THOUGHT]


def test_the_message_is_a_new_value_each_time() -> None:
    log = Log().feed(*thinking(), "Hi", DONE)
    log.answer.message["content"].clear()
    assert len(log.answer.message["content"]) == 2
