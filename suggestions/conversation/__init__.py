"""The state of a chat or of an answer, and functions that a model may call.

    from suggestions import Conversation

    def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
        \"\"\"The weather in a city now.\"\"\"

    chat = Conversation(dialect="openai", tools=[get_weather])
    chat.send("How warm is it in Paris?")

The names that most programs use are in `suggestions`; these are for a loop of one's own.

Importing this package imports none of its modules: each is imported when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import names

if TYPE_CHECKING:
    from .running import Cancellation as Cancellation
    from .running import ToolResult as ToolResult
    from .running import run_calls as run_calls
    from .tool import tool_of as tool_of
    from .tool_loop import ToolsError as ToolsError

_HOMES = {
    "Cancellation": "running",
    "ToolResult": "running",
    "ToolsError": "tool_loop",
    "run_calls": "running",
    "tool_of": "tool",
}

__all__ = ["Cancellation", "ToolResult", "ToolsError", "run_calls", "tool_of"]

__getattr__, __dir__ = names(__name__, _HOMES)
