"""Tools as a type checker sees them: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from suggestions import Suggester, SuggestionsEventSource, Tool, run_tools
from suggestions.conversation import Cancellation, ToolResult, ToolsError, run_calls, tool_of
from suggestions.dialects import DescribedTool
from suggestions.errors import SuggestionsError
from suggestions.events import ToolCall
from suggestions.toolkits import aio, trio_


def get_weather(city: str, days: int = 1) -> dict[str, Any]:
    return {}


def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
    return call.name != "send_mail" and "to" in arguments


async def get_tide(city: str) -> str:
    return f"{city} has low tide"


class Counter:
    async def __call__(self, number: int) -> int:
        return number + 1


tool = Tool("now", "The time.", {"type": "object"}, lambda: "noon")
assert_type(tool_of(get_weather), Tool)
assert_type(tool.arguments("{}"), dict[str, Any])
assert_type(tool.name, str)
assert_type(tool_of(get_tide), Tool)
counter = Tool("count", "", {"type": "object"}, Counter())
described: DescribedTool = tool

messages: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
cancellation = Cancellation()
text = run_tools(
    messages,
    [get_weather, tool],
    max_steps=3,
    tool_timeout=None,
    approve=approve,
    cancellation=cancellation,
    dialect="openai",
)
assert_type(text, str)
assert_type(run_tools(messages, [get_weather, get_tide, counter], dispatch=aio()), str)
cancellation.cancel()
assert_type(cancellation.is_cancelled, bool)

source = SuggestionsEventSource("Hi")
results = run_calls(source.tool_calls, [get_weather])
assert_type(results, list[ToolResult])
assert_type(run_calls(source.tool_calls, [get_tide], dispatch=trio_()), list[ToolResult])
assert_type(results[0].message, dict[str, Any])
assert_type(results[0].error, BaseException | None)


def failed(error: SuggestionsError) -> None:
    assert_type(error.message, str)
    if isinstance(error, ToolsError):
        assert_type(error.code, str)


suggester = Suggester(
    tools=[get_weather, get_tide, tool],
    max_steps=3,
    tool_timeout=None,
    approve=approve,
    on_error=failed,
    dispatch=aio(),
)
suggester.request("Hi")
Suggester(tools=["get_weather"])  # type: ignore[list-item]
Suggester(approve=[get_weather])  # type: ignore[arg-type]
