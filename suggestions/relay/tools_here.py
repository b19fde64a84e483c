"""The argument `tools` of a relay: which of them run here, and which are the browser's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..conversation.running import Approve, check_approve
from ..conversation.tool import Tool
from ..conversation.tool_set import ToolSet, tool_set


class Split(NamedTuple):
    here: ToolSet | None
    others: Any
    """What goes on to the service as it is; None if nothing does."""


def split_tools(
    tools: Any, max_steps: int, tool_timeout: float | None, approve: Approve | None
) -> Split:
    """Raises `TypeError` and `ValueError` that name the argument."""
    check_approve(approve)
    if isinstance(tools, (str, bytes, Mapping)) or not isinstance(tools, Iterable):
        own: list[Callable[..., Any] | Tool] = []
        others = tools  # the dialect says what is wrong with it
    else:
        listed = list(tools)
        own = [tool for tool in listed if isinstance(tool, Tool) or callable(tool)]
        others = [tool for tool in listed if not (isinstance(tool, Tool) or callable(tool))]
        if own and (wrong := [tool for tool in others if not isinstance(tool, Mapping)]):
            kind = type(wrong[0]).__name__
            raise TypeError(f"tools must hold functions, Tools or mappings, not {kind}")
    known = tool_set(own, max_steps, tool_timeout, approve, _any_loop)
    if not own:
        return Split(None, others)
    return Split(known._replace(dispatch=None), others or None)


class _AnyLoop:
    """Stands for the loop that will send the response, so that tools may be async."""

    def __call__(self, fn: Callable[[], None]) -> None:
        raise RuntimeError("no loop runs yet")

    def spawn(self, fn: Callable[[], Any], ended: Callable[[BaseException | None], None]) -> None:
        raise RuntimeError("no loop runs yet")


_any_loop = _AnyLoop()
