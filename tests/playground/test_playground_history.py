"""One history with an image, calls of tools and their results, in every dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from suggestions import Dialect, SuggestionsEventSource, image
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.errors import NetworkError
from suggestions.playground import Playground

PICTURE = image(b"GIF89a, more or less")
LOOK: dict[str, Any] = {
    "role": "user",
    "content": [{"type": "text", "text": "What is a haiku?"}, PICTURE],
}


def call(call_id: str, city: str) -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": json.dumps({"city": city})}
    return {"id": call_id, "type": "function", "function": function}


CALLED = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Two cities.", "signature": "c2lnbmVk"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "ZW5j"},
        {"type": "text", "text": "I look."},
    ],
    "tool_calls": [call("a", "Paris"), call("b", "Rome")],
}
RESULTS = [
    {"role": "tool", "tool_call_id": "a", "content": "18 degrees"},
    {"role": "tool", "tool_call_id": "b", "content": "23 degrees"},
]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def dialects(playground: Playground) -> dict[str, Dialect]:
    return {
        "openai": OpenAI(playground.openai_url, "key"),
        "responses": Responses(playground.responses_url, "key"),
        "anthropic": Anthropic(playground.anthropic_url, "key"),
        "ollama": Ollama(playground.ollama_url, "key", "playground"),
    }


NAMES = ("openai", "responses", "anthropic", "ollama")


def ask(question: list[Any], dialect: Dialect) -> str:
    return SuggestionsEventSource(question, dialect=dialect).result(30)


@pytest.mark.parametrize("name", NAMES)
def test_the_model_sees_the_image(playground: Playground, name: str) -> None:
    assert ask([LOOK], dialects(playground)[name]).startswith("I see 1 image.\n\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_model_gets_the_result_of_a_tool(playground: Playground, name: str) -> None:
    text = ask([LOOK, CALLED, *RESULTS], dialects(playground)[name])
    assert text.startswith('The tool answered: "23 degrees".')


@pytest.mark.parametrize("name", NAMES)
def test_the_conversation_goes_on(playground: Playground, name: str) -> None:
    then = {"role": "user", "content": "Write a haiku."}
    assert "the stream finds the sea" in ask(
        [LOOK, CALLED, *RESULTS, then], dialects(playground)[name]
    )


def test_jetpack_takes_all_but_the_image(playground: Playground) -> None:
    with pytest.raises(ValueError, match=r"^question\[0\]\['content'\]\[1\] is of the type 'image"):
        SuggestionsEventSource([LOOK], url=playground.jetpack_url)
    question = [{"role": "user", "content": "Why?"}, CALLED, *RESULTS]
    assert SuggestionsEventSource(question, url=playground.jetpack_url).result(30)


@pytest.mark.parametrize("name", ["responses", "anthropic"])
def test_the_result_of_no_call_is_refused(playground: Playground, name: str) -> None:
    source = SuggestionsEventSource([LOOK, RESULTS[0]], dialect=dialects(playground)[name])
    source.wait(30)
    assert isinstance(source.error, NetworkError)
    assert source.error.status == 400
    assert "a" in source.error.message


def test_the_packages_of_the_services_send_the_same(playground: Playground) -> None:
    """The same history, as each package's own documents write it."""
    data = PICTURE["image_url"]["url"].partition(",")[2]
    theirs: Any = anthropic.Anthropic(base_url=playground.anthropic_url, api_key="key")
    source = {"type": "base64", "media_type": "image/gif", "data": data}
    used = {"type": "tool_use", "name": "get_weather"}
    messages = [
        {"role": "user", "content": [LOOK["content"][0], {"type": "image", "source": source}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {**used, "id": "a", "input": {"city": "Paris"}},
                {**used, "id": "b", "input": {"city": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "18 degrees"},
                {"type": "tool_result", "tool_use_id": "b", "content": "23 degrees"},
            ],
        },
    ]
    said = theirs.messages.create(model="playground", max_tokens=100, messages=messages)
    question = [LOOK, CALLED, *RESULTS]
    ours = dialects(playground)
    assert said.content[0].text == ask(question, ours["anthropic"])

    client: Any = openai.OpenAI(base_url=playground.openai_url, api_key="key")
    messages = [LOOK, {**CALLED, "content": "I look."}, *RESULTS]
    completion = client.chat.completions.create(model="playground", messages=messages)
    assert completion.choices[0].message.content == ask(question, ours["openai"])
