"""`Dialect.with_tools`: a tool in the shape of each service, checked with the service's package."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import ToolParam
from openai.types.chat import ChatCompletionFunctionToolParam
from openai.types.responses import FunctionToolParam
from pydantic import TypeAdapter

from suggestions import Dialect, Tool
from suggestions.conversation import tool_of
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.auto import Auto
from suggestions.dialects.chatbot import Chatbot
from suggestions.dialects.jetpack import Jetpack
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses


def get_weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    raise NotImplementedError


def now(zone: str) -> str:
    raise NotImplementedError


WEATHER, NOW = tool_of(get_weather), tool_of(now)
SCHEMA = WEATHER.parameters
DESCRIBED = {"name": "get_weather", "description": "The weather in a city."}
FUNCTION = {**DESCRIBED, "parameters": SCHEMA}


def body_of(dialect: Dialect, options: dict[str, Any], *tools: Tool) -> Any:
    return dialect.request("Hi", dialect.with_tools(options, tools)).json


@pytest.mark.parametrize(
    ("dialect", "name", "tool"),
    [
        (OpenAI("http://x"), "tools", {"type": "function", "function": FUNCTION}),
        (Ollama("http://x"), "tools", {"type": "function", "function": FUNCTION}),
        (Auto(), "tools", {"type": "function", "function": FUNCTION}),
        (Responses("http://x"), "tools", {"type": "function", **FUNCTION, "strict": False}),
        (Anthropic("http://x"), "tools", {**DESCRIBED, "input_schema": SCHEMA}),
        (Jetpack(), "functions", FUNCTION),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_each_service_gets_its_shape(dialect: Dialect, name: str, tool: Any) -> None:
    own = {"type": "web_search", "name": "web_search"}
    assert body_of(dialect, {}, WEATHER)[name] == [tool]
    assert body_of(dialect, {name: [own]}, WEATHER)[name] == [own, tool]
    with pytest.raises(TypeError, match=rf"options\['{name}'\] must be a list, not str"):
        dialect.with_tools({name: "x"}, [WEATHER])


def test_the_parameters_of_a_dialect_keep_their_tools() -> None:
    own = {"type": "web_search"}
    tools = body_of(Responses("http://x", tools=[own]), {}, NOW)["tools"]
    assert [tool["type"] for tool in tools] == ["web_search", "function"]


def test_a_tool_without_a_docstring_has_no_description() -> None:
    (tool,) = body_of(Anthropic("http://x"), {}, NOW)["tools"]
    assert tool == {"name": "now", "input_schema": NOW.parameters}


def test_responses_are_strict_if_each_parameter_is_required() -> None:
    tools = body_of(Responses("http://x"), {}, WEATHER, NOW)["tools"]
    assert [tool["strict"] for tool in tools] == [False, True]


def test_no_tools_are_no_empty_list() -> None:
    assert "tools" not in body_of(OpenAI("http://x"), {})


def test_the_options_stay_as_they_were() -> None:
    options: dict[str, Any] = {"tools": []}
    body_of(OpenAI("http://x"), options, WEATHER)
    assert options == {"tools": []}


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        (OpenAI("http://x"), ChatCompletionFunctionToolParam),
        (Responses("http://x"), FunctionToolParam),
        (Anthropic("http://x"), ToolParam),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_the_services_own_types_take_it(dialect: Dialect, kind: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for tool in body_of(dialect, {}, WEATHER, NOW)["tools"]:
        assert adapter.validate_python(tool) == tool  # which leaves out what it does not know


def test_a_dialect_without_tools_says_so() -> None:
    with pytest.raises(ValueError, match=r"tools are not for the dialect 'chatbot': expected "):
        Chatbot("http://x").with_tools({}, [WEATHER])
