"""A round of tools that grows by `source.message`, and goes on in every dialect."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from suggestions import Dialect, SuggestionsEventSource, image
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground

SOON = 30  # seconds
REASONER = "playground-reasoner"
PICTURE = image(b"GIF89a, more or less")
ASKED: dict[str, Any] = {
    "role": "user",
    "content": [
        {"type": "text", "text": "Get weather for Paris, and get time for Paris"},
        PICTURE,
    ],
}
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
NAMES = ("get_weather", "get_time")
RESULTS = {"get_weather": "18 degrees", "get_time": "Noon"}
FUNCTIONS: list[Any] = [{"name": name, "parameters": CITY} for name in NAMES]
TOOLS: dict[str, list[Any]] = {
    "anthropic": [{"name": name, "input_schema": CITY} for name in NAMES],
    "responses": [{"type": "function", **function} for function in FUNCTIONS],
    "openai": [{"type": "function", "function": function} for function in FUNCTIONS],
    "ollama": [{"type": "function", "function": function} for function in FUNCTIONS],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "anthropic": {"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    "responses": {"include": ["reasoning.encrypted_content"], "store": False},
}
DIALECTS = tuple(TOOLS)
SIGNED = tuple(OPTIONS)
"""The dialects whose thinking goes back as it came."""


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def dialect_of(name: str, playground: Playground) -> Dialect:
    kinds = {"anthropic": Anthropic, "responses": Responses, "openai": OpenAI, "ollama": Ollama}
    return kinds[name](getattr(playground, f"{name}_url"), "key", REASONER)


def ask(history: list[Any], name: str, playground: Playground) -> SuggestionsEventSource:
    options = {"tools": TOOLS[name], **OPTIONS.get(name, {})}
    dialect = dialect_of(name, playground)
    source = SuggestionsEventSource(history, dialect=dialect, options=options)
    assert source.wait(SOON)
    assert source.error is None, source.error
    return source


def called(name: str, playground: Playground) -> list[Any]:
    """The history, up to the results of the two calls."""
    source = ask([ASKED], name, playground)
    assert [call.name for call in source.tool_calls] == list(NAMES)
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.name]}
        for call in source.tool_calls
    ]
    return [ASKED, source.message, *results]


# Anthropic takes no round of another service while it thinks: its own signature is missing.
PAIRS = [(a, b) for a in DIALECTS for b in DIALECTS if a == b or b != "anthropic"]


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_round_that_begins_at_one_service_goes_on_at_another(
    playground: Playground, first: str, then: str
) -> None:
    history = called(first, playground)
    source = ask(history, then, playground)
    assert source.full_message.startswith('The tool answered: "Noon".')
    last = [*history, source.message, {"role": "user", "content": "Write a haiku."}]
    assert "the stream finds the sea" in ask(last, then, playground).full_message


@pytest.mark.parametrize("name", SIGNED)
def test_the_thinking_is_a_part_of_the_message(playground: Playground, name: str) -> None:
    history = called(name, playground)
    kinds = [part["type"] for part in history[1]["content"]]
    assert kinds[0] == ("thinking" if name == "anthropic" else "reasoning")
    # As JSON, because a program saves its conversations.
    saved = json.loads(json.dumps(history))
    assert ask(saved, name, playground).full_message.startswith("The tool answered")


@pytest.mark.parametrize("name", SIGNED)
def test_a_service_refuses_thinking_that_was_changed(playground: Playground, name: str) -> None:
    history = called(name, playground)
    part = history[1]["content"][0]
    field = "thinking" if name == "anthropic" else "encrypted_content"
    part[field] = "x" + part[field]
    options = {"tools": TOOLS[name], **OPTIONS[name]}
    source = SuggestionsEventSource(history, dialect=dialect_of(name, playground), options=options)
    source.wait(SOON)
    assert source.error is not None
    assert source.error.status == 400


def test_reasoning_that_nothing_keeps_is_left_out(playground: Playground) -> None:
    """Without `include`, it is not encrypted, and the service would not find it."""
    options = {"tools": TOOLS["responses"], "store": False}
    dialect = dialect_of("responses", playground)
    first = SuggestionsEventSource([ASKED], dialect=dialect, options=options)
    assert first.result(SOON) == ""
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.name]}
        for call in first.tool_calls
    ]
    history = [ASKED, first.message, *results]
    then = SuggestionsEventSource(history, dialect=dialect, options=options)
    assert then.result(SOON).startswith("The tool answered")


@pytest.mark.parametrize("shape", ["openai", "responses"])
def test_anthropic_refuses_tools_of_another_shape(playground: Playground, shape: str) -> None:
    options = {"tools": TOOLS[shape], "max_tokens": 99}
    dialect = dialect_of("anthropic", playground)
    source = SuggestionsEventSource([ASKED], dialect=dialect, options=options)
    source.wait(SOON)
    assert source.error is not None
    assert source.error.status == 400
    assert "tools.0" in source.error.message


def test_jetpack_refuses_the_image_and_takes_the_rest(playground: Playground) -> None:
    history = called("anthropic", playground)
    with pytest.raises(ValueError, match=r"^question\[0\]\['content'\]\[1\] is of the type 'image"):
        SuggestionsEventSource(history, url=playground.jetpack_url)
    history[0] = {"role": "user", "content": ASKED["content"][0]["text"]}
    assert SuggestionsEventSource(history, url=playground.jetpack_url).result(SOON)


# The real packages send the same


class Recorder:
    """A client that notes the bodies of its requests."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.hooks: dict[str, Any] = {"event_hooks": {"request": [self._note]}}

    def _note(self, request: Any) -> None:
        self.bodies.append(json.loads(request.content))


def sent(source: SuggestionsEventSource, folder: Path) -> dict[str, Any]:
    """The body of our request."""
    source.debug_dump(folder / "dump.json")
    body: dict[str, Any] = json.loads((folder / "dump.json").read_text())["request"]["json"]
    return body


def test_the_anthropic_package_sends_the_same(playground: Playground, tmp_path: Path) -> None:
    recorder = Recorder()
    client: Any = anthropic.Anthropic(
        base_url=playground.anthropic_url,
        api_key="key",
        http_client=anthropic.DefaultHttpxClient(**recorder.hooks),
    )
    data = PICTURE["image_url"]["url"].partition(",")[2]
    assert base64.b64decode(data)
    source = {"type": "base64", "media_type": "image/gif", "data": data}
    turns: list[Any] = [
        {"role": "user", "content": [ASKED["content"][0], {"type": "image", "source": source}]}
    ]
    options = {"model": REASONER, "tools": TOOLS["anthropic"], **OPTIONS["anthropic"]}
    with client.messages.stream(messages=turns, **options) as stream:
        said = stream.get_final_message()
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": RESULTS[block.name]}
        for block in said.content
        if block.type == "tool_use"
    ]
    turns += [{"role": "assistant", "content": said.content}, {"role": "user", "content": results}]
    with client.messages.stream(messages=turns, **options) as stream:
        answer = stream.get_final_text()

    ours = ask(called("anthropic", playground), "anthropic", playground)
    assert ours.full_message == answer
    assert sent(ours, tmp_path) == without_empty(recorder.bodies[-1])


def test_the_openai_package_sends_the_same_chat(playground: Playground, tmp_path: Path) -> None:
    recorder = Recorder()
    client: Any = openai.OpenAI(
        base_url=playground.openai_url,
        api_key="key",
        http_client=openai.DefaultHttpxClient(**recorder.hooks),
    )
    options = {"model": REASONER, "tools": TOOLS["openai"]}
    asked: Any = [ASKED]
    said = client.chat.completions.create(messages=asked, **options).choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.function.name]}
        for call in said.tool_calls
    ]
    history: Any = [*asked, said.to_dict(), *results]
    assert list(client.chat.completions.create(messages=history, stream=True, **options))
    ours = ask(called("openai", playground), "openai", playground)
    assert without_empty(sent(ours, tmp_path)) == without_empty(recorder.bodies[-1])


def test_the_openai_package_sends_the_same_items(playground: Playground, tmp_path: Path) -> None:
    recorder = Recorder()
    client: Any = openai.OpenAI(
        base_url=playground.responses_url,
        api_key="key",
        http_client=openai.DefaultHttpxClient(**recorder.hooks),
    )
    parts = [
        {"type": "input_text", "text": ASKED["content"][0]["text"]},
        {"type": "input_image", "image_url": PICTURE["image_url"]["url"], "detail": "auto"},
    ]
    items: list[Any] = [{"role": "user", "content": parts}]
    options = {"model": REASONER, "tools": TOOLS["responses"], **OPTIONS["responses"]}
    response = client.responses.create(input=items, **options)
    items += [item.model_dump(mode="json", exclude_unset=True) for item in response.output]
    items += [
        {"type": "function_call_output", "call_id": item.call_id, "output": RESULTS[item.name]}
        for item in response.output
        if item.type == "function_call"
    ]
    assert list(client.responses.create(input=items, stream=True, **options))

    ours = ask(called("responses", playground), "responses", playground)
    assert without_status(sent(ours, tmp_path)) == without_status(recorder.bodies[-1])


def without_empty(body: dict[str, Any]) -> dict[str, Any]:
    """Without fields that the package adds and leaves empty."""
    body["messages"] = [
        {name: value for name, value in turn.items() if value not in (None, [])}
        for turn in body["messages"]
    ]
    for turn in body["messages"]:
        if isinstance(turn.get("content"), list):
            turn["content"] = [
                {name: value for name, value in block.items() if value is not None}
                for block in turn["content"]
            ]
    return body


def without_status(body: dict[str, Any]) -> dict[str, Any]:
    """Without `status`, which each item of an answer has, and none of a question needs."""
    items = [{k: v for k, v in item.items() if k != "status"} for item in body["input"]]
    return {**body, "input": items}
