"""What was asked and answered, if it is asked for: the JSON of the conventions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.util.genai import types
from telemetry import Recorded
from waiting import SOON
from wire_server import TOKEN

from suggestions import SuggestionsEventSource, otel
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground

PARTS = {
    field.default: kind
    for kind in (
        types.TextPart,
        types.ReasoningPart,
        types.ToolCallRequestPart,
        types.ToolCallResponsePart,
        types.BlobPart,
        types.FilePart,
        types.UriPart,
    )
    for field in dataclasses.fields(kind)
    if field.name == "type"
}
"""OpenTelemetry's own classes of parts, by their `type`."""
PICTURE = "data:image/png;base64,iVBORw0KGgo="
QUESTION: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Call the tool weather, please."},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "And here?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    },
]


def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


@pytest.fixture(scope="module")
def service() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@pytest.fixture
def with_content(recorded: Recorded) -> Recorded:
    otel.instrument(content=True, **recorded.providers)
    return recorded


def said_by(recorded: Recorded) -> dict[str, Any]:
    """The content of the only span, decoded."""
    names = ("input.messages", "output.messages", "system_instructions", "tool.definitions")
    attributes = recorded.span().attributes or {}
    return {
        name: json.loads(str(attributes[f"gen_ai.{name}"]))
        for name in names
        if f"gen_ai.{name}" in attributes
    }


def ask(dialect: Any, question: Any, **arguments: Any) -> SuggestionsEventSource:
    source = SuggestionsEventSource(question, dialect=dialect, **arguments)
    assert source.wait(SOON)
    assert source.error is None
    return source


def check_parts(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        for part in message["parts"]:
            kind = PARTS[part["type"]]
            fields = {field.name for field in dataclasses.fields(kind)}
            needed = fields - {"mime_type", "id"}
            assert needed <= set(part) <= fields


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic", "ollama"])
def test_a_conversation(with_content: Recorded, service: Playground, name: str) -> None:
    dialect: Any = {
        "openai": OpenAI(service.openai_url, TOKEN, "m"),
        "responses": Responses(service.openai_url, TOKEN, "m"),
        "anthropic": Anthropic(service.anthropic_url, TOKEN, "m"),
        "ollama": Ollama(service.ollama_url, model="m"),
    }[name]
    source = ask(dialect, QUESTION)
    said = said_by(with_content)
    asked = said["input.messages"]
    check_parts([*asked, *said["output.messages"]])
    if name == "anthropic":  # which has a field of its own for instructions
        assert said["system_instructions"] == [{"type": "text", "content": "Be brief."}]
    else:
        assert asked.pop(0) == {
            "role": "system",
            "parts": [{"type": "text", "content": "Be brief."}],
        }
    assert [message["role"] for message in asked] == ["user", "assistant", "tool", "user"]
    (call,), (result,), (text, picture) = (message["parts"] for message in asked[1:])
    assert (call["type"], call["id"], call["name"]) == ("tool_call", "call_1", "weather")
    assert call["arguments"] == {"city": "Rome"}
    assert (result["type"], result["response"]) == ("tool_call_response", "Sunny.")
    assert text["content"] == "And here?"
    assert (picture["type"], picture["mime_type"]) == ("blob", "image/png")
    assert picture["content"] == ""  # an attribute is no place for megabytes
    (answer,) = said["output.messages"]
    assert answer["parts"][-1] == {"type": "text", "content": source.full_message}
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "stop")


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic", "ollama", "jetpack"])
def test_tools_and_their_calls(with_content: Recorded, service: Playground, name: str) -> None:
    from suggestions.conversation import tool_of
    from suggestions.dialects import find

    dialect: Any = {
        "openai": OpenAI(service.openai_url, TOKEN, "m"),
        "responses": Responses(service.openai_url, TOKEN, "m"),
        "anthropic": Anthropic(service.anthropic_url, TOKEN, "m"),
        "ollama": Ollama(service.ollama_url, model="m"),
        "jetpack": find("jetpack"),
    }[name]
    described = tool_of(weather)
    url = service.jetpack_url if name == "jetpack" else None
    options = dialect.with_tools({}, [described])
    source = ask(dialect, "Call the tool weather, please.", options=options, url=url, token=TOKEN)
    said = said_by(with_content)
    (definition,) = said["tool.definitions"]
    assert definition["type"] == "function"
    assert definition["name"] == "weather"
    assert definition["description"] == "The weather in a city."
    assert "city" in definition["parameters"]["properties"]
    fields = {field.name for field in dataclasses.fields(types.FunctionToolDefinition)}
    assert set(definition) == fields
    calls = [part for part in said["output.messages"][0]["parts"] if part["type"] == "tool_call"]
    assert [call["name"] for call in calls] == ["weather"]
    assert source.tool_calls or source.full_function_call
    check_parts(said["output.messages"])


def test_reasoning(with_content: Recorded, service: Playground) -> None:
    source = ask(OpenAI(service.openai_url, TOKEN, "playground-reasoner"), "Hello")
    (answer,) = said_by(with_content)["output.messages"]
    assert source.reasoning
    assert answer["parts"][0] == {"type": "reasoning", "content": source.reasoning}


@pytest.mark.parametrize(
    ("variable", "has_content"),
    [
        ("SPAN_ONLY", True),
        ("span_and_event", True),
        ("true", True),
        ("NO_CONTENT", False),
        ("", False),
    ],
)
def test_the_variable_of_the_conventions_asks_for_it(
    recorded: Recorded,
    service: Playground,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    has_content: bool,
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", variable)
    otel.instrument(**recorded.providers)
    ask(OpenAI(service.openai_url, TOKEN, "m"), "Hello")
    assert bool(said_by(recorded)) is has_content
    otel.uninstrument()


def test_an_answer_that_was_closed_has_what_had_come(with_content: Recorded) -> None:
    from wire_server import CHUNKED, framed, staying

    begun = framed(b'data: {"choices": [{"delta": {"content": "Half an ans"}}]}\n\n')
    with staying(CHUNKED, begun) as url:
        source = SuggestionsEventSource("Hello", url=url, dialect="openai")
        source.once("chunk", lambda source, event: source.close())
        assert source.wait(SOON)
    (answer,) = said_by(with_content)["output.messages"]
    assert answer["parts"] == [{"type": "text", "content": "Half an ans"}]
    assert answer["finish_reason"] == "error"
