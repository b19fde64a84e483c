"""Tools as a type checker sees them: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from suggestions import SuggestionsEventSource, Tool, run_tools
from suggestions.conversation import Cancellation, ToolResult, run_calls, tool_of
from suggestions.events import ToolCall


def get_weather(city: str, days: int = 1) -> dict[str, Any]:
    return {}


def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
    return call.name != "send_mail" and "to" in arguments


tool = Tool("now", "The time.", {"type": "object"}, lambda: "noon")
assert_type(tool_of(get_weather), Tool)
assert_type(tool.arguments("{}"), dict[str, Any])
assert_type(tool.name, str)

messages: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
cancellation = Cancellation()
text = run_tools(
    messages,
    [get_weather, tool],
    max_steps=3,
    timeout=None,
    approve=approve,
    cancellation=cancellation,
    dialect="openai",
)
assert_type(text, str)
cancellation.cancel()
assert_type(cancellation.is_cancelled, bool)

source = SuggestionsEventSource("Hi")
results = run_calls(source.tool_calls, [get_weather])
assert_type(results, list[ToolResult])
assert_type(results[0].message, dict[str, Any])
assert_type(results[0].error, BaseException | None)
