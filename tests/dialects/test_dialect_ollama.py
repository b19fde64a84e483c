"""The dialect of Ollama's own chat API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from outcomes import (
    BOMBS,
    JSON,
    NDJSON,
    Outcome,
    check_every_cut,
    check_every_early_end,
    line,
    source_of,
)
from outcomes import error_of as error_in
from outcomes import outcome as outcome_in
from script import Script

from suggestions import SuggestionsEventSource
from suggestions.dialects.ollama import Ollama
from suggestions.errors import (
    IncompleteStreamError,
    MalformedStreamError,
    NotAnAnswerError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)
from suggestions.events import Usage


def outcome(*steps: bytes) -> Outcome:
    return outcome_in(Ollama(), *steps, content_type=NDJSON)


def error_of(*steps: bytes, **options: Any) -> SuggestionsError:
    return error_in(Ollama(), *steps, **{"content_type": NDJSON, **options})


def said(content: Any = "", done: bool = False, **fields: Any) -> bytes:
    message = {"role": "assistant", "content": content, **fields}
    return line(model="m1", created_at="2026-01-01T00:00:00Z", message=message, done=done)


COUNTS = {"total_duration": 9, "prompt_eval_count": 3, "eval_count": 4}
END = line(
    model="m1",
    message={"role": "assistant", "content": ""},
    done=True,
    done_reason="stop",
    **COUNTS,
)
ANSWER = [said(thinking="H"), said(thinking="m"), said("Hi"), said(" thère"), END]


def test_an_answer() -> None:
    got = outcome(*ANSWER, said("after the end"))
    assert got == ("Hi thère", "Hm", (), Usage(3, 4, 7, COUNTS), "stop", "m1", None)


def test_the_last_line_may_have_text_and_needs_no_end() -> None:
    last = line(message={"role": "assistant", "content": " there"}, done=True, done_reason="length")
    got = outcome(said("Hi"), last.rstrip(b"\n"))
    assert (got.text, got.finish_reason, got.usage, got.error) == ("Hi there", "length", None, None)


def test_an_old_service_names_no_reason() -> None:
    got = outcome(said("Hi"), line(done=True, prompt_eval_count=3))
    assert (got.text, got.finish_reason, got.error) == ("Hi", None, None)
    assert got.usage == Usage(3, 0, 3, {"prompt_eval_count": 3})


def test_blank_lines_and_crlf_are_nothing() -> None:
    wire = b"\r\n\n".join([b"", *(message.rstrip() for message in ANSWER), b""])
    assert outcome(wire) == outcome(*ANSWER)


def test_every_cut_says_the_same() -> None:
    check_every_cut(Ollama(), said(thinking="H") + said("é") + END, NDJSON)


def test_an_early_end_is_never_a_success() -> None:
    check_every_early_end(Ollama(), ANSWER, NDJSON)


@pytest.mark.parametrize("left", [b"{", b'{"message": {"content": "th', b'{"done": true, "done_re'])
def test_a_line_that_is_cut_is_an_early_end(left: bytes) -> None:
    error = error_of(said("Hi"), left)
    assert (type(error), error.partial_text) == (IncompleteStreamError, "Hi")


def tool(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {**more, "function": {"name": name, "arguments": arguments}}


def test_tools_are_called_whole_in_one_line_or_many() -> None:
    first, second, third = tool("f", {"a": "é"}), tool("f", {"a": "é"}), tool("g", {}, id="call_1")
    calls = [("f", '{"a": "é"}'), ("f", '{"a": "é"}'), ("g", "{}")]
    apart = [said(tool_calls=[call]) for call in (first, second, third)]
    for lines in ([said(tool_calls=[first, second, third])], apart):
        found = outcome(*lines, END).calls
        assert [call[1:] for call in found] == calls
        assert len({call.id for call in found}) == 3  # those without one get a new one
        assert found[2].id == "call_1"


def test_arguments_that_are_a_text_stay_as_they_are() -> None:
    (call,) = outcome(said(tool_calls=[tool("f", '{"a":1}')]), END).calls
    assert call[1:] == ("f", '{"a":1}')


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("an error was encountered while running the model: No", ServiceError),
        ("server busy, please try again. No", ServiceUnavailableError),
    ],
)
def test_an_error_in_the_stream(words: str, kind: type[SuggestionsError]) -> None:
    error = error_of(said("Hi"), line(error=words), END)
    assert type(error) is kind
    assert words in error.message
    assert error.partial_text == "Hi"


def test_a_model_that_is_not_there() -> None:
    body = json.dumps({"error": "model 'm' not found"}).encode()
    error = error_of(body, status=404, content_type=JSON)
    assert type(error) is StatusError
    assert "model 'm' not found" in error.message


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_is_no_line_of_it_is_a_clear_error(bomb: str) -> None:
    error = error_of(said("Hi"), bomb.encode() + b"\n", END)
    assert type(error) is MalformedStreamError
    assert "ollama" in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (line(message="Hi"), "expected a JSON object, got str"),
        (said(tool_calls={"a": 1}), "expected a JSON array, got dict"),
        (said(tool_calls=["f"]), "expected a JSON object, got str"),
    ],
)
def test_a_field_of_another_type_is_a_clear_error(message: bytes, words: str) -> None:
    assert words in error_of(message, END).message


def test_odd_json_is_read() -> None:
    odd = b'{"message": 1, "message": {"content": "\\ud83d"}, "a": NaN}\n'
    assert outcome(odd, END).text == "\ud83d"


# Answers in one piece


def whole(body: object) -> SuggestionsEventSource:
    return source_of(Ollama(), json.dumps(body).encode(), content_type=JSON, whole=True)


def test_a_whole_answer() -> None:
    message = {"content": "Hi", "thinking": "Hm", "tool_calls": [tool("f", {"a": 1})]}
    source = whole(
        {"model": "m1", "message": message, "done": True, "done_reason": "stop", **COUNTS}
    )
    assert source.result(1) == "Hi"
    assert (source.reasoning, source.model, source.finish_reason) == ("Hm", "m1", "stop")
    assert [call[1:] for call in source.tool_calls] == [("f", '{"a": 1}')]
    assert source.usage == Usage(3, 4, 7, COUNTS)


def test_an_error_with_status_200_is_one() -> None:
    assert type(whole({"error": "No"}).error) is ServiceError


@pytest.mark.parametrize("body", [{}, [], "Hi", None, {"message": "Hi"}])
def test_what_is_no_whole_answer_is_none(body: object) -> None:
    assert type(whole(body).error) is NotAnAnswerError


# Asking


def sent(question: Any, dialect: Any, **options: Any) -> Any:
    script = Script([END], content_type=NDJSON)
    SuggestionsEventSource(question, dialect=dialect, session=script.session(), **options).result(9)
    [request] = script.requests
    return request


def test_it_asks_at_this_machine_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-another-service")
    request = sent("Why?", "ollama", options={"model": "m", "options": {"num_ctx": 9}})
    assert request.url == "http://localhost:11434/api/chat"
    assert json.loads(request.body) == {
        "model": "m",
        "options": {"num_ctx": 9},
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
    }
    assert request.headers["Accept"] == NDJSON
    assert "Authorization" not in request.headers


def test_it_asks_elsewhere_with_one() -> None:
    conversation = [{"role": "system", "content": "A"}, {"role": "tool", "content": "B"}]
    request = sent(conversation, Ollama("https://other.example/", "the-key", "m", think=True))
    assert request.url == "https://other.example/api/chat"
    assert request.headers["Authorization"] == "Bearer the-key"
    body = {"model": "m", "think": True, "messages": conversation, "stream": True}
    assert json.loads(request.body) == body
