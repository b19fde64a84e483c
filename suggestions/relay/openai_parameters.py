"""The parameters of a chat completion, and its messages, as each dialect takes them.

Sources: the API references of OpenAI ("Create chat completion", "Create a model response") and
Anthropic ("Messages"), and Ollama's API documentation ("Generate a chat message").

A dialect that speaks OpenAI's wire gets all of them as they are. For the others the table says what
each is called there. What has no counterpart, such as `logit_bias`, is left out: most clients send
some parameter that only tunes an answer. Tools and `response_format` are no such thing, and a
dialect without them refuses the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..dialects.base import Dialect
from ..dialects.by_name import NAMES

Parameters = Mapping[str, Any]
_MESSAGE_FIELDS = ("role", "content", "tool_calls", "tool_call_id")


class _Described(NamedTuple):
    name: str
    description: str
    parameters: Mapping[str, Any]


def takes_openai(dialect: Dialect) -> bool:
    """Whether parameters and messages go there as they came. So they do to a dialect of the
    program's own, which may choose."""
    return dialect.name in ("openai", "auto") or dialect.name not in NAMES


def messages_for(dialect: Dialect, messages: list[Any]) -> list[Any]:
    """Without what other services refuse, such as `refusal: null` in an answer that is sent back
    as it came."""
    if takes_openai(dialect):
        return messages
    return [_plain(message) if isinstance(message, dict) else message for message in messages]


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in _MESSAGE_FIELDS if message.get(name) is not None} | (
        {} if message.get("content") is not None or message.get("tool_calls") else {"content": None}
    )


def options_for(
    dialect: Dialect, parameters: Parameters, model: str | None, wants_usage: bool
) -> dict[str, Any]:
    """The options of the question. Raises `TypeError`, `ValueError` that name the parameter."""
    named = {"model": model} if model else {}
    if takes_openai(dialect):
        usage = {"stream_options": {"include_usage": True}} if wants_usage else {}
        return {**parameters, **named, **usage}
    options = _translated(dialect, parameters)
    if dialect.name in _WITH_MODELS:
        options |= named
    if tools := [_tool(n, each) for n, each in enumerate(_list(parameters.get("tools")))]:
        return dict(dialect.with_tools(options, tools))
    return options


def _translated(dialect: Dialect, parameters: Parameters) -> dict[str, Any]:
    translate = _TRANSLATIONS.get(dialect.name)
    if translate is not None:
        return translate(parameters)
    if _format(parameters) is not None:
        raise ValueError(f"response_format is not for the dialect {dialect.name!r}")
    return {}


def _renamed(parameters: Parameters, names: Mapping[str, str]) -> dict[str, Any]:
    """Of several names for the same thing, the last one that is given counts."""
    return {new: parameters[old] for old, new in names.items() if old in parameters}


def _for_anthropic(parameters: Parameters) -> dict[str, Any]:
    options = _renamed(
        parameters,
        {
            "temperature": "temperature",
            "top_p": "top_p",
            "max_tokens": "max_tokens",
            "max_completion_tokens": "max_tokens",
            "stop": "stop_sequences",
            "tool_choice": "tool_choice",
        },
    )
    if isinstance(options.get("temperature"), (int, float)):
        options["temperature"] = min(options["temperature"], 1)  # OpenAI's goes up to 2
    if isinstance(options.get("stop_sequences"), str):
        options["stop_sequences"] = [options["stop_sequences"]]
    choice = _choice(
        options.pop("tool_choice", None),
        {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}},
        lambda name: {"type": "tool", "name": name},
    )
    if parameters.get("parallel_tool_calls") is False and parameters.get("tools"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice and parameters.get("tools"):
        options["tool_choice"] = choice
    if isinstance(parameters.get("user"), str):
        options["metadata"] = {"user_id": parameters["user"]}
    if (wanted := _format(parameters)) is not None:
        if "schema" not in wanted:
            raise ValueError("response_format must have a schema: expected type 'json_schema'")
        said = {"type": "json_schema", "schema": wanted["schema"]}
        options["output_config"] = {"format": said}
    return options


def _for_ollama(parameters: Parameters) -> dict[str, Any]:
    same = ("temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty")
    names = {name: name for name in same}
    names |= {"max_tokens": "num_predict", "max_completion_tokens": "num_predict"}
    inner = _renamed(parameters, names)
    options: dict[str, Any] = {"options": inner} if inner else {}
    if (wanted := _format(parameters)) is not None:
        options["format"] = wanted.get("schema", "json")
    return options


def _for_responses(parameters: Parameters) -> dict[str, Any]:
    same = ("temperature", "top_p", "metadata", "user", "parallel_tool_calls", "service_tier")
    names = {name: name for name in same}
    names |= {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
    options = _renamed(parameters, names)
    given = parameters.get("tool_choice")
    choice = _choice(
        given,
        {name: name for name in ("auto", "none", "required")},
        lambda name: {"type": "function", "name": name},
    )
    if choice is not None:
        options["tool_choice"] = choice
    if "reasoning_effort" in parameters:
        options["reasoning"] = {"effort": parameters["reasoning_effort"]}
    if (wanted := _format(parameters)) is not None:
        kind = "json_schema" if "schema" in wanted else "json_object"
        options["text"] = {"format": {"type": kind, **wanted}}
    return options


_TRANSLATIONS = {
    "anthropic": _for_anthropic,
    "ollama": _for_ollama,
    "responses": _for_responses,
}
_WITH_MODELS = (*_TRANSLATIONS, "jetpack")


def _choice(given: object, words: Mapping[str, Any], named: Callable[[str], Any]) -> Any:
    """`tool_choice`, which is a word or names a function. Raises `ValueError`."""
    if given is None:
        return None
    if isinstance(given, str) and given in words:
        return words[given]
    function = given.get("function") if isinstance(given, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str):
        known = ", ".join(words)
        raise ValueError(f"tool_choice must be one of {known}, or name a function")
    return named(name)


def _format(parameters: Parameters) -> dict[str, Any] | None:
    """What `response_format` says of the schema, without its type; None if any text will do."""
    given = parameters.get("response_format")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise TypeError("response_format must be an object")
    if given.get("type") == "text":
        return None
    if given.get("type") == "json_object":
        return {}
    schema = given.get("json_schema")
    if given.get("type") != "json_schema" or not isinstance(schema, Mapping):
        raise ValueError(
            "response_format must have the type 'text', 'json_object', or 'json_schema' with a "
            "'json_schema'"
        )
    if not isinstance(schema.get("schema"), Mapping):
        raise ValueError("response_format.json_schema.schema must be an object")
    return dict(schema)


def _list(value: object) -> list[Any]:
    if not isinstance(value, (list, type(None))):
        raise TypeError("tools must be a list")
    return value or []


def _tool(number: int, tool: object) -> _Described:
    function = tool.get("function") if isinstance(tool, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str):
        raise ValueError(f"tools[{number}] must be a function with a name")
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, Mapping):
        raise TypeError(f"tools[{number}].function.parameters must be an object")
    return _Described(name, str(function.get("description") or ""), parameters)
