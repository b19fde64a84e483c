"""The functions that `--tool` names."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from ..._delivery.async_handlers import is_async
from ...conversation.tool import Tool, tool_of
from ..plain_text import visible


def read_tools(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, Tool]:
    """Tools by their names. Raises `click.BadParameter`."""
    tools: dict[str, Tool] = {}
    for each in given:
        tool = _tool(each)
        if tool.name in tools:
            raise click.BadParameter(visible(f"two tools have the name {tool.name!r}"))
        tools[tool.name] = tool
    return tools


def _tool(given: str) -> Tool:
    module, colon, name = given.partition(":")
    if not (module and colon and name):
        raise click.BadParameter(visible(f"{given!r} is not MODULE:FUNCTION, like tools:weather"))
    if os.getcwd() not in sys.path:  # as with `python -m`; a program has its own directory there
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = import_module(module)
    except Exception as error:  # whatever a module may raise
        raise click.BadParameter(visible(_not_imported(module, error))) from None
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise click.BadParameter(visible(f"the module {module!r} has no {name!r}")) from None
    try:
        tool = tool_of(found)
    except (TypeError, ValueError) as error:
        raise click.BadParameter(visible(f"{given}: {error}")) from None
    if is_async(tool.function):
        said = "is an async function: expected one that this program can call, which has no loop"
        raise click.BadParameter(visible(f"{given} {said}"))
    return tool


def _not_imported(module: str, error: Exception) -> str:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    # The module itself may be there, and import one that is not.
    if missing and f"{module}.".startswith(f"{missing}."):
        return f"there is no module {module!r}, neither installed nor in the current directory"
    return f"the module {module!r} raised {type(error).__name__}: {error}"
