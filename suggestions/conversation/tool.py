"""`Tool`: a function that a model may call."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._delivery.async_handlers import is_async
from .._delivery.dispatch import Dispatcher
from .._util.arguments import check_dispatch
from ..dialects.output import Problem, from_schema
from ..dialects.output_schema import Schema
from .hints import parameters_of
from .shapes import Misfit, Record

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What every service takes (OpenAI's and Anthropic's API reference, `tools`)."""


class Tool:
    """A function that a model may call, and how it is described to the model.

    `name` has ASCII letters, digits, "_" and "-" alone, 64 at most. `parameters` is the JSON schema
    of an object; `function` gets its properties as keyword arguments. It is called on a thread of
    its own, so it may block; an async function runs as a task on the loop of a dispatcher.

    Raises `TypeError` and `ValueError` that name what is wrong, and `ImportError` without the
    package that checks arguments against a schema. `tool_of` needs no such package.
    """

    def __init__(
        self,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        function: Callable[..., Any],
        *,
        _record: Record | None = None,
    ) -> None:
        _check(name, description, function)
        self.name = name
        self.description = description
        self.function = function
        self.parameters, self._values = (
            _with_record(_record) if _record else _with_schema(parameters)
        )

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"

    def arguments(self, given: str | Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments for `function`, from the JSON text that a model wrote, or from its
        value: Enum members, objects of dataclasses and so on, as the type hints say.

        Raises `ValueError` if they do not fit: a sentence for the model, which names each field and
        what was expected.
        """
        try:
            return self._values(given if isinstance(given, str) else json.dumps(given))
        except RecursionError:
            raise Misfit("the arguments are nested too deeply") from None


def tool_of(function: Callable[..., Any] | Tool) -> Tool:
    """The tool of a plain function: its name, its docstring, its parameters by their type hints.

    The hints may be str, int, float, bool, list[...], dict[str, ...], a Literal, an Enum, a
    dataclass, a TypedDict, a pydantic model, a union of them, and None in a union. A parameter with
    a default is not required. `Annotated[str, "..."]` describes one parameter or field.

    Raises `TypeError` that names the function and the parameter for any other hint, for one that is
    missing, and for `*args`, `**kwargs` and positional-only parameters; `ValueError` for a name
    that services refuse. A `Tool` is returned as it is.
    """
    if isinstance(function, Tool):
        return function
    if not callable(function):
        raise TypeError(f"a tool must be a function or a Tool, not {type(function).__name__}")
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or isinstance(function, type):
        raise TypeError(f"a tool must be a function or a Tool, not {_kind_of(function)}")
    description = inspect.getdoc(function) or ""
    _check(name, description, function)
    return Tool(name, description, {}, function, _record=parameters_of(function, name))


def tools_by_name(
    tools: Iterable[Callable[..., Any] | Tool], dispatch: Dispatcher | None = None
) -> dict[str, Tool]:
    """The tools of functions. Raises what `tool_of` raises, `ValueError` for two of a name, and
    `TypeError` for an async one if the dispatcher has no tasks."""
    check_dispatch(dispatch)
    if isinstance(tools, (str, Mapping)) or not isinstance(tools, Iterable):
        raise TypeError(f"tools must be a list of functions, not {type(tools).__name__}")
    named: dict[str, Tool] = {}
    for tool in map(tool_of, tools):
        if tool.name in named:
            raise ValueError(f"tools has two of the name {tool.name!r}")
        if is_async(tool.function) and not hasattr(dispatch, "spawn"):
            raise TypeError(
                f"the tool {tool.name} is an async function, which nothing here would await: use "
                "dispatch=suggestions.toolkits.aio() or trio_()"
            )
        named[tool.name] = tool
    return named


def check_not_on_loop(tools: Iterable[Tool], dispatch: Dispatcher | None) -> None:
    """Raises `RuntimeError` on the thread whose loop is to run async tools, as to wait for them
    there would block it."""
    runs_here = getattr(dispatch, "runs_here", None)
    names = [tool.name for tool in tools if is_async(tool.function)]
    if names and runs_here is not None and runs_here():
        raise RuntimeError(
            f"the async tool {names[0]} needs the loop that this call would block: use "
            "await asyncio.to_thread(run_tools, ...), or trio.to_thread.run_sync"
        )


def _kind_of(function: object) -> str:
    if isinstance(function, type):
        return f"the class {function.__name__}"
    return f"an object of {type(function).__name__}"


def _check(name: object, description: object, function: object) -> None:
    for what, given in (("name", name), ("description", description)):
        if not isinstance(given, str):
            raise TypeError(f"{what} must be a str, not {type(given).__name__}")
    if not _NAME.fullmatch(str(name)):
        raise ValueError(
            f"a tool cannot have the name {str(name)[:80]!r}: expected ASCII letters, digits, '_' "
            "and '-', 64 at most; Tool(name, ...) gives a function another name"
        )
    if not callable(function):
        raise TypeError(f"function must be a callable, not {type(function).__name__}")
    if inspect.isasyncgenfunction(function):
        raise TypeError(f"the tool {name} is an async generator: expected a function that returns")


def _with_record(record: Record) -> tuple[Schema, Callable[[str], dict[str, Any]]]:
    shared: Schema = {}
    schema = record.schema(shared)
    return ({**schema, "$defs": shared} if shared else schema), (
        lambda text: record.value(_parsed(text), "")
    )


def _with_schema(parameters: object) -> tuple[Schema, Callable[[str], dict[str, Any]]]:
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must be a JSON schema, not {type(parameters).__name__}")
    if parameters.get("type", "object") != "object":
        raise ValueError("parameters must be the JSON schema of an object: expected type 'object'")
    # Anthropic demands the type, and OpenAI the properties.
    object_of_nothing = {"type": "object", "properties": {}}
    schema, check = from_schema({**object_of_nothing, **parameters}, "parameters")

    def values(text: str) -> dict[str, Any]:
        value = _parsed(text)
        found = check(text if text.strip() else "{}")
        if isinstance(found, Problem):
            raise Misfit(str(found))
        return value

    return schema, values


def _parsed(text: str) -> dict[str, Any]:
    """The object; {} of no text, as services send if there are no arguments."""
    try:
        value = json.loads(text, parse_constant=_no_constant) if text.strip() else {}
    except ValueError as error:
        raise Misfit(f"the arguments are no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Misfit("the arguments must be a JSON object with a field for each parameter")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")
