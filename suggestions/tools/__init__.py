"""Functions that a model may call.

    from suggestions.tools import tool_of

    def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
        \"\"\"The weather in a city now.\"\"\"

    tool = tool_of(get_weather)
    get_weather(**tool.arguments('{"city": "Paris"}'))

Importing this package imports none of its modules: each is imported when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import names

if TYPE_CHECKING:
    from .loop import run_tools as run_tools
    from .running import Cancellation as Cancellation
    from .running import ToolResult as ToolResult
    from .running import run_calls as run_calls
    from .tool import Tool as Tool
    from .tool import tool_of as tool_of

_HOMES = {
    "Cancellation": "running",
    "Tool": "tool",
    "ToolResult": "running",
    "run_calls": "running",
    "run_tools": "loop",
    "tool_of": "tool",
}

__all__ = ["Cancellation", "Tool", "ToolResult", "run_calls", "run_tools", "tool_of"]

__getattr__, __dir__ = names(__name__, _HOMES)
