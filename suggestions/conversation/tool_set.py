"""The tools of a conversation, and under which conditions they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .._delivery.dispatch import Dispatcher
from .._util.arguments import check_count, check_options, check_seconds
from ..dialects import find
from .running import Approve
from .tool import Tool, tools_by_name

Tools = Iterable[Callable[..., Any] | Tool]
AskFirst = Approve | Iterable[Callable[..., Any] | Tool | str]
"""What decides about a call, or the tools whose calls wait for the user."""


class ToolSet(NamedTuple):
    tools: tuple[Tool, ...]
    max_steps: int
    timeout: float | None
    approve: Approve | None
    waiting: frozenset[str]
    """The names of the tools whose calls wait for `Conversation.approve()`."""
    dispatch: Dispatcher | None

    def describe(self, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a source, with these tools among its options. Raises `ValueError` if the
        dialect has no tools."""
        if not self.tools:
            return given
        dialect = find(given.get("dialect", "jetpack"))
        options = dialect.with_tools(check_options(given.get("options")), self.tools)
        return {**given, "dialect": dialect, "options": options}


def tool_set(
    tools: Tools,
    max_steps: int,
    timeout: float | None,
    approve: AskFirst | None,
    dispatch: Dispatcher | None,
) -> ToolSet:
    """Raises `TypeError` and `ValueError` that name the argument."""
    named = tools_by_name(tools, dispatch)
    if check_count("max_steps", max_steps) < 1:
        raise ValueError("max_steps must be 1 or more")
    if timeout is not None:
        check_seconds("tool_timeout", timeout, or_none=True)
    known = tuple(named.values())
    if any(approve is tool.function for tool in known):
        raise TypeError("approve is one of tools: expected a list of tools, or what decides")
    if approve is None or callable(approve):
        return ToolSet(known, max_steps, timeout, approve, frozenset(), dispatch)
    return ToolSet(known, max_steps, timeout, None, _names(approve, named), dispatch)


def _names(approve: object, known: Iterable[str]) -> frozenset[str]:
    if isinstance(approve, str) or not isinstance(approve, Iterable):
        kind = type(approve).__name__
        raise TypeError(f"approve must be a callable, or a list of tools, not {kind}")
    names = frozenset(
        str(each if isinstance(each, str) else getattr(each, "name", getattr(each, "__name__", "")))
        for each in approve
    )
    for name in sorted(names.difference(known)):
        raise ValueError(f"approve has {name!r}, which is none of tools: {', '.join(known)}")
    return names
