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
    from .tool import Tool as Tool
    from .tool import tool_of as tool_of

_HOMES = {"Tool": "tool", "tool_of": "tool"}

__all__ = ["Tool", "tool_of"]

__getattr__, __dir__ = names(__name__, _HOMES)
