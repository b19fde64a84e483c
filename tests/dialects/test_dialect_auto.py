"""The dialect that looks at the answer, and reads it in the one that fits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from contract import Record
from outcomes import BOMBS, JSON, NDJSON, SSE, URL, check_every_cut, line, named, source_of
from script import DONE, HOLD, Script, chunk, data

from suggestions import SuggestionsEventSource
from suggestions.dialects import find
from suggestions.errors import (
    IncompleteStreamError,
    MalformedStreamError,
    NotAnAnswerError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)
from suggestions.events import ServerSentEvent
from suggestions.playground import Playground

TEXT = "text/plain; charset=utf-8"
RESPONSE = {"id": "r", "object": "response", "status": "completed", "output": [], "error": None}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "content": []}


def dialect_of(record: Record) -> str:
    [info] = record.by_name["open"]
    return str(info.dialect)


STREAMS: dict[str, tuple[str, str, list[bytes]]] = {
    "chat": ("openai", SSE, [chunk("", role="assistant"), chunk("Hi"), DONE]),
    "chat of Azure": (
        "openai",
        SSE,
        [data('{"choices": [], "prompt_filter_results": []}'), chunk("Hi"), DONE],
    ),
    "chat with noise": (
        "openai",
        SSE,
        [b": OPENROUTER PROCESSING\n\n", b"data: : OPENROUTER PROCESSING\n\n", chunk("Hi"), DONE],
    ),
    "chat without a type": ("openai", "", [chunk("Hi"), DONE]),
    "chat in lines": (
        "openai",
        NDJSON,
        [line(choices=[{"delta": {"content": "Hi"}}]), b"[DONE]\n"],
    ),
    "responses": (
        "responses",
        SSE,
        [
            named("response.created", response=RESPONSE),
            named("response.output_text.delta", delta="Hi"),
            named("response.completed", response=RESPONSE),
        ],
    ),
    "anthropic": (
        "anthropic",
        SSE,
        [
            named("message_start", message=MESSAGE),
            named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"}),
            named("message_stop"),
        ],
    ),
    "ollama": (
        "ollama",
        NDJSON,
        [line(message={"content": "Hi"}, done=False), line(message={"content": ""}, done=True)],
    ),
    "relay": (
        "relay",
        SSE,
        [data('{"type": "content", "data": "Hi"}'), data('{"type": "done"}')],
    ),
    "chatbot": (
        "text",
        SSE,
        [b"event: message\ndata: \n\n", b"event: message\ndata: Hi\n\n", b"data: \n\n"],
    ),
    "text": ("text", SSE, [data("H"), data("i")]),
    "text that looks like JSON": ("text", SSE, [data("1"), data("true"), data("[x]")]),
    "text without framing": ("text", TEXT, [b"H", b"i"]),
    "JSON lines": ("json_lines", NDJSON, [line(text="H"), line(text="i")]),
    "JSON messages": ("json_lines", SSE, [data('{"message": "H"}'), data('{"message": "i"}')]),
}


@pytest.mark.parametrize(("name", "content_type", "wire"), STREAMS.values(), ids=STREAMS)
def test_a_stream_tells_its_dialect(name: str, content_type: str, wire: list[bytes]) -> None:
    record = Record()
    source = source_of("auto", *wire, content_type=content_type, record=record)
    assert source.result(1) == ("1true[x]" if b"data: 1\n\n" in wire else "Hi")
    assert dialect_of(record) == name
    assert record.names[:2] == ["open", "message"]


@pytest.mark.parametrize(("name", "content_type", "wire"), STREAMS.values(), ids=STREAMS)
def test_every_cut_says_the_same(name: str, content_type: str, wire: list[bytes]) -> None:
    check_every_cut("auto", b"".join(wire), content_type)


WHOLE: dict[str, tuple[str, Any]] = {
    "chat": ("openai", {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}),
    "responses": (
        "responses",
        {**RESPONSE, "output": [{"type": "message", "content": [{"text": "Hi"}]}]},
    ),
    "anthropic": ("anthropic", {**MESSAGE, "content": [{"type": "text", "text": "Hi"}]}),
    "ollama": ("ollama", {"message": {"content": "Hi"}, "done": True}),
    "a text": ("text", "Hi"),
    "a field": ("json_lines", {"id": 1, "answer": "Hi"}),
}


@pytest.mark.parametrize(("name", "body"), WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("whole", [False, True])
def test_an_answer_in_one_piece_tells_it_too(name: str, body: Any, whole: bool) -> None:
    record = Record()
    wire = json.dumps(body).encode()
    source = source_of("auto", wire, content_type=JSON, whole=whole, record=record)
    assert source.result(1) == "Hi"
    assert dialect_of(record) == name


ERRORS: dict[str, tuple[str, bytes, type[SuggestionsError]]] = {
    "of a chat": (SSE, data('{"error": {"message": "No", "code": 429}}'), QuotaExceededError),
    "an event": (SSE, b"event: error\ndata: No\n\n", ServiceError),
    "of Anthropic": (
        SSE,
        named("error", error={"type": "overloaded_error", "message": "No"}),
        ServiceUnavailableError,
    ),
    "of Responses": (
        SSE,
        named("error", code="rate_limit_exceeded", message="No"),
        QuotaExceededError,
    ),
    "of Ollama": (NDJSON, line(error="No"), ServiceError),
    "of a relay": (
        SSE,
        data('{"type": "error", "error": "No", "code": "error_quota_exceeded"}'),
        QuotaExceededError,
    ),
    "whole": (JSON, b'{"error": "No"}', ServiceError),
}


@pytest.mark.parametrize(("content_type", "wire", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_that_comes_first_is_that_error(
    content_type: str, wire: bytes, kind: type[SuggestionsError]
) -> None:
    error = source_of("auto", wire, content_type=content_type).error
    assert error is not None
    assert type(error) is kind
    assert "No" in error.message


UNKNOWN: dict[str, tuple[str, bytes, str]] = {
    "an object": (SSE, data('{"a": 1}'), '{"a": 1}'),
    "a list": (SSE, data('["a"]'), '["a"]'),
    "half": (SSE, data('{"choices": ['), '{"choices": ['),
    "an event": (SSE, b'event: new-message\ndata: {"text": "a"}\n\n', "'event: new-message, "),
    "a text with a name": (SSE, b"event: greeting\ndata: Hello\n\n", "'event: greeting, "),
    "a line": (NDJSON, b"Hello\n", "Hello"),
    "a whole object": (JSON, b'{"a": 1}', '{"a": 1}'),
}


@pytest.mark.parametrize(("content_type", "wire", "seen"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_fits_none_is_named(content_type: str, wire: bytes, seen: str) -> None:
    record = Record()
    error = source_of("auto", wire, content_type=content_type, record=record).error
    assert type(error) is MalformedStreamError
    assert seen in error.message
    assert [event.dialect for event in record.by_name["open"]] in ([], ["auto"])


@pytest.mark.parametrize("name", ["deep", "deep inside", "half", "a list"])
def test_a_bomb_is_a_clear_error(name: str) -> None:
    error = source_of("auto", data(BOMBS[name]), chunk("Hi")).error
    assert type(error) is MalformedStreamError
    assert len(error.message) < 1000


def test_a_token_that_is_sent_back_is_not_shown() -> None:
    error = source_of("auto", data('{"a": "secret-token"}')).error
    assert error is not None
    assert "secret-token" not in error.message


def test_the_rest_is_held_to_the_dialect_of_the_first() -> None:
    error = source_of("auto", chunk("Hi"), data("no JSON")).error
    assert type(error) is MalformedStreamError
    assert "openai" in error.message
    assert error.partial_text == "Hi"


@pytest.mark.parametrize("wire", [[], [b": a comment\n\n"], [chunk("Hi")]])
def test_an_early_end_is_never_a_success(wire: list[bytes]) -> None:
    assert type(source_of("auto", *wire).error) is IncompleteStreamError


def test_a_page_is_no_answer_and_a_status_its_own_error() -> None:
    page = source_of("auto", b"<p>Sign in</p>", content_type="text/html")
    assert type(page.error) is NotAnAnswerError
    missing = source_of("auto", b"{}", content_type=JSON, status=404)
    assert type(missing.error) is StatusError


# When `open` comes


def waiting(dialect: str, *steps: Any) -> tuple[SuggestionsEventSource, threading.Event]:
    opened = threading.Event()
    source = SuggestionsEventSource(
        "Why?",
        url=URL,
        dialect=dialect,
        session=Script([*steps, HOLD]).session(),
        on={"open": lambda source, event: opened.set()},
    )
    return source, opened


def test_others_are_open_before_their_first_message() -> None:
    source, opened = waiting("openai")
    assert opened.wait(10)
    source.close()
    assert source.wait(10)


def test_auto_is_open_with_its_first_message() -> None:
    silent = threading.Event()
    source, opened = waiting("auto", b": a comment\n\n", silent.set)
    assert silent.wait(10)
    assert not opened.is_set()
    source.close()
    assert source.wait(10)
    assert source.state == "aborted"
    source, opened = waiting("auto", chunk("Hi"))
    assert opened.wait(10)
    source.close()
    assert source.wait(10)


@pytest.mark.parametrize("name", ["openai", "jetpack", "text"])
def test_every_dialect_is_named(name: str) -> None:
    record = Record()
    source_of(name, DONE, record=record)
    assert dialect_of(record) == name


# Asking


def test_it_asks_in_the_way_that_most_understand() -> None:
    script = Script([DONE])
    source = SuggestionsEventSource(
        "Why?",
        "the-token",
        url=URL,
        dialect="auto",
        options={"model": "m", "temperature": 0},
        session=script.session(),
    )
    source.result(10)
    [request] = script.requests
    assert json.loads(request.body or "") == {
        "model": "m",
        "temperature": 0,
        "messages": [{"role": "user", "content": "Why?"}],
        "stream": True,
    }
    assert request.headers["Authorization"] == "Bearer the-token"


def test_it_needs_an_address() -> None:
    with pytest.raises(ValueError, match="url is needed: the dialect 'auto'"):
        SuggestionsEventSource("Why?", dialect="auto")


@pytest.mark.parametrize("name", ["messages", "stream"])
def test_it_refuses_the_options_that_it_makes(name: str) -> None:
    with pytest.raises(ValueError, match=rf"options\['{name}'\] is not for auto"):
        find("auto").request("Why?", {name: 1})


ADDRESSES: dict[str, Callable[[Playground], str]] = {
    "openai": lambda playground: playground.jetpack_url,
    "ollama": lambda playground: f"{playground.ollama_url}/api/chat",
    "relay": lambda playground: playground.relay_url,
    "text": lambda playground: playground.text_url,
    "json_lines": lambda playground: playground.json_lines_url,
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_playgrounds_services_are_told_apart(name: str) -> None:
    told: list[str] = []
    with Playground(pace=0) as playground:
        source = SuggestionsEventSource(
            "Who won the world cup in 2022?",
            url=ADDRESSES[name](playground),
            dialect="auto",
            options={"model": "m"},
            on={"open": lambda source, event: told.append(event.detail.dialect)},
        )
        assert source.result(30).startswith("**Argentina** won")
        assert source.wait(30)
    assert told == [name]


def test_a_message_of_its_own_is_read_in_the_dialect_that_it_is_in() -> None:
    auto = find("auto")
    for message, name in (
        ('{"choices": [{"delta": {"content": "Hi"}}]}', "openai"),
        ('{"type": "content", "data": "Hi"}', "relay"),
        ("Hi", "text"),
    ):
        event = ServerSentEvent("message", message, "")
        assert list(auto.decode(event)) == list(find(name).decode(event)) != []
    with pytest.raises(MalformedStreamError, match="in no known dialect"):
        auto.decode(ServerSentEvent("message", "[1]", ""))
