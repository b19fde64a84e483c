"""The assistant's message of an answer is taken back by the service that sent it, and by others."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from outcomes import NDJSON, source_of
from pydantic import TypeAdapter
from script import Script
from wires import WIRES
from wires.peers import MESSAGES
from wires.shapes import DONE, STOP, calling, choice, choices, chunk, completion, line
from wires.wire import Wire

from suggestions import SuggestionsEventSource
from suggestions._sources.answer import Answer
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.errors import AnswerTooLargeError
from suggestions.events import AnswerFile, Citation

RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Rain"}
QUESTION = {"role": "user", "content": "Which weather?"}


def wires(*names: str) -> Any:
    found = {
        n: w for n, w in WIRES.items() if n.startswith(tuple(f"goes_back: {m}" for m in names))
    }
    assert found
    return pytest.mark.parametrize("wire", found.values(), ids=found)


def message_of(wire: Wire) -> dict[str, Any]:
    source = source_of(wire.dialect, wire.body, content_type=wire.content_type)
    assert source.error is None
    return source.message


def sent(history: Sequence[Any], dialect: Any) -> list[dict[str, Any]]:
    """The messages that are sent for this history."""
    script = Script([DONE])
    asked = {"url": "http://localhost/", "session": script.session(), "on": {"error": print}}
    SuggestionsEventSource(history, "t", dialect=dialect, **asked).wait(9)
    messages: list[dict[str, Any]] = json.loads(script.requests[0].body)["messages"]
    return messages


def sent_back(wire: Wire, dialect: Any = None) -> dict[str, Any]:
    """The assistant's message of the answer, as it is sent after the tool has run."""
    dialect = wire.dialect if dialect is None else dialect
    message = sent([QUESTION, message_of(wire), RESULT], dialect)[1]
    assert message["role"] == "assistant"
    return message


# Anthropic


@wires("Anthropic: ")
def test_anthropics_blocks_go_back_as_they_came(wire: Wire) -> None:
    types = pytest.importorskip("anthropic.types")
    sent_blocks = sent_back(wire)["content"]
    kinds = [block["type"] for block in sent_blocks]
    assert kinds[-1] == "tool_use"
    assert kinds[0] in ("thinking", "redacted_thinking")
    assert [block for block in sent_blocks if block["type"] != "tool_use"] == list(
        wire.received.parts
    )
    messages = sent([QUESTION, message_of(wire), RESULT], wire.dialect)
    TypeAdapter(list[types.MessageParam]).validate_python(messages)


@wires("Anthropic: ")
def test_they_are_what_anthropics_package_would_send_back(wire: Wire) -> None:
    anthropic = pytest.importorskip("anthropic")
    from wire_server import Peer, Server, sized

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(sized("200 OK", wire.body, wire.content_type, Connection="close"))

    with Server(answer) as server:
        client = anthropic.Anthropic(base_url=server.url.removesuffix("/ask"), api_key="k")
        if wire.content_type == "application/json":
            theirs = client.messages.create(model="m", messages=MESSAGES, max_tokens=9)
        else:
            with client.messages.stream(model="m", messages=MESSAGES, max_tokens=9) as stream:
                theirs = stream.get_final_message()
    blocks = [block.model_dump(exclude_none=True) for block in theirs.content]
    assert sent_back(wire)["content"] == blocks


def answer_sent(content: list[Any]) -> list[Any] | None:
    """What is sent back of an answer with these blocks; None if it is left out."""
    answer = {"type": "message", "content": content, "stop_reason": "end_turn"}
    dialect = Anthropic("http://localhost", "k")
    source = source_of(dialect, json.dumps(answer).encode(), content_type="application/json")
    assert source.error is None
    message: Any = sent([QUESTION, source.message, QUESTION], dialect)[1]
    return message["content"] if message["role"] == "assistant" else None


# Chats


@wires("DeepSeek", "Moonshot")
def test_reasoning_goes_back_beside_calls(wire: Wire) -> None:
    message = sent_back(wire)
    assert message["reasoning_content"] == wire.received.reasoning
    assert (message["content"], len(message["tool_calls"])) == (None, 1)


@wires("Gemini")
def test_the_signature_of_a_call_goes_back_in_the_call(wire: Wire) -> None:
    first, *others = sent_back(wire)["tool_calls"]
    [part] = wire.received.parts
    assert first["extra_content"] == part["extra_content"]
    assert first.keys() == {"id", "type", "function", "extra_content"}
    assert all(call.keys() == {"id", "type", "function"} for call in others)


@wires("OpenRouter")
def test_the_details_of_the_reasoning_go_back(wire: Wire) -> None:
    message = sent_back(wire)
    parts = [part for part in wire.received.parts if part["type"] != "text"]
    bare = [{name: v for name, v in part.items() if name != "service"} for part in parts]
    assert message["reasoning_details"] == bare
    assert "reasoning_content" not in message
    assert message["content"] == (wire.received.text or None)


ROUNDS = wires("DeepSeek", "Moonshot", "Gemini", "OpenRouter", "Ollama: ", "Anthropic: ")


@ROUNDS
@pytest.mark.parametrize(
    "other",
    [OpenAI("https://api.mistral.example/v1"), Ollama(), Anthropic(), "responses", "jetpack"],
    ids=["openai", "ollama", "anthropic", "responses", "jetpack"],
)
def test_no_other_service_gets_it(wire: Wire, other: Any) -> None:
    if wire.dialect == getattr(other, "name", other) and wire.dialect != "openai":
        return  # it is its own
    script = Script([DONE])
    asked = {"url": "http://localhost/", "session": script.session(), "on": {"error": print}}
    history = [QUESTION, message_of(wire), RESULT]
    SuggestionsEventSource(history, "t", dialect=other, **asked).wait(9)
    body = script.requests[0].body
    body = body.decode() if isinstance(body, bytes) else body
    for name in ("reasoning", "extra_content", "signature", "c2ln", "_fields", "thinking", "Hm"):
        assert name not in body


def test_without_calls_nothing_goes_back() -> None:
    field = {"type": "message_fields", "service": "api.openai.com", "reasoning_content": "Hm"}
    said = {"role": "assistant", "content": [field, {"type": "text", "text": "Hi"}]}
    assert sent([said, QUESTION], OpenAI())[0] == {"role": "assistant", "content": "Hi"}


def test_the_rest_of_a_content_stays_a_list() -> None:
    field = {"type": "message_fields", "service": "api.openai.com", "reasoning_content": "Hm"}
    image = {"type": "image_url", "image_url": {"url": "https://pictures.example/cat.png"}}
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "content": [field, image], "tool_calls": [call]}
    message = sent([said, QUESTION], OpenAI())[0]
    assert message == {**said, "content": [image], "reasoning_content": "Hm"}


@wires("Ollama: ")
def test_ollamas_thinking_goes_back(wire: Wire) -> None:
    message = sent_back(wire)
    assert (message["thinking"], message["content"]) == ("Hm hm", "")


# Bounds


def test_thousands_of_sources_in_one_answer_take_no_time() -> None:
    many = [f"https://example.org/{n}" for n in range(20_000)]
    start = time.monotonic()
    source = source_of("openai", chunk("Hi"), choices(choice("stop", delta={}), citations=many))
    assert source.citations == tuple(map(Citation, many))
    assert time.monotonic() - start < 20


def test_a_list_that_each_chunk_repeats_is_reported_once() -> None:
    many = [f"https://example.org/{n}" for n in range(100)]
    piece = choices(choice(None, delta={"content": "a"}), citations=many)
    start = time.monotonic()
    source = source_of("openai", *[piece] * 1000, STOP)
    assert (source.full_message, len(source.citations)) == ("a" * 1000, 100)
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
def test_a_huge_image_is_an_error_with_the_text(
    dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answer, "LARGEST", 2**20)
    data = "iVBORw0KGgo" + "A" * 2**19
    url = f"data:image/png;base64,{data}"
    drawn = chunk(images=[{"type": "image_url", "image_url": {"url": url}}])
    steps = [chunk("Hi"), drawn, chunk(" there"), STOP]
    if dialect == "ollama":
        steps = [line("Hi"), line("", images=[data])]
    kind = {"content_type": NDJSON} if dialect == "ollama" else {}
    source = source_of(dialect, *steps, **kind)
    assert isinstance(source.error, AnswerTooLargeError)
    assert source.error.partial_text == "Hi"


def test_an_image_of_some_megabytes_is_decoded_only_if_it_is_wanted() -> None:
    data = "iVBORw0KGgoA" + "A" * 2**22
    source = source_of("ollama", line("", images=[data]), b'{"done":true}\n', content_type=NDJSON)
    [image] = source.files
    assert isinstance(image, AnswerFile)
    assert image.media_type == "image/png"
    assert len(image.data or b"") == len(data) // 4 * 3


def test_reasoning_that_goes_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answer, "LARGEST", 2**20)
    endless = [chunk(reasoning_content="Hm" * 100)] * 3000
    source = source_of("openai", chunk("Hi"), *endless, calling(), STOP)
    assert isinstance(source.error, AnswerTooLargeError)
    assert source.error.partial_text == "Hi"


def test_the_auto_dialect_has_the_citations_too() -> None:
    body = completion("Hi", annotations=[{"type": "url_citation", "url": "https://a.example/"}])
    source = source_of("auto", body, content_type="application/json")
    assert source.citations == (Citation("https://a.example/"),)


def test_calls_keep_their_places_among_the_thinking() -> None:
    """Anthropic refuses a turn whose thinking was moved."""
    content = [
        {"type": "thinking", "thinking": "One.", "signature": "YQ=="},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Paris"}},
        {"type": "thinking", "thinking": "Two.", "signature": "Yg=="},
        {"type": "tool_use", "id": "b", "name": "weather", "input": {"city": "Rome"}},
    ]
    assert answer_sent(content) == content


def test_thinking_that_nothing_follows_and_blanks_are_left_out() -> None:
    thinking = {"type": "thinking", "thinking": "One.", "signature": "YQ=="}
    said = {"type": "text", "text": "Hi"}
    assert answer_sent([said, thinking]) == [said]
    call = {"type": "tool_use", "id": "a", "name": "weather", "input": {}}
    blank = {"type": "text", "text": "\n\n"}
    assert answer_sent([thinking, blank, call]) == [thinking, call]
    assert answer_sent([thinking]) is None
