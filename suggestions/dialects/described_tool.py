"""Tools as services want them described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class DescribedTool(Protocol):
    """The description of a tool that a service gets. A `suggestions.Tool` is one."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any]:
        """The JSON schema of the arguments."""
        ...


def described(tool: DescribedTool, parameters: str = "parameters") -> dict[str, Any]:
    """Its name, its description if it has one, and its schema in the field `parameters`."""
    said = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **said, parameters: dict(tool.parameters)}


def function_tool(tool: DescribedTool) -> dict[str, Any]:
    """As OpenAI's chat completions have it, and most other services."""
    return {"type": "function", "function": described(tool)}


def with_more(
    options: Mapping[str, Any], name: str, given: object, more: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """The options with `more` after the items of the option `name` that are `given`, such as the
    tools that the service runs itself. Raises `TypeError` if those are no list."""
    if not isinstance(given, (list, tuple, type(None))):
        raise TypeError(f"options[{name!r}] must be a list, not {type(given).__name__}")
    added = list(more)
    # Services refuse an empty list.
    return {**options, name: [*(given or ()), *added]} if added else dict(options)
