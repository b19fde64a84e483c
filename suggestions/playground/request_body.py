"""Reads the JSON body of a chat request, in the shape that OpenAI defined and others have adopted.

Every function raises `Refused` for a wrong field, with status 400 and the field's name.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TypeVar

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from .answers import shorten
from .model import Message, Tool
from .objects import SchemaError, value_for
from .streaming import Fault, Refused

MAX_BODY = 32 * 1024 * 1024
"""Bytes, about as many as services take: a conversation may have pictures in it."""

MOST_TOOLS = 128
"""OpenAI takes as many."""

Body = dict[str, object]
_T = TypeVar("_T")
_IMAGES = ("image_url", "input_image", "image")
_PLAIN_ROLES = ("system", "user", "assistant")

_JSON_TYPES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def read_body() -> Body:
    """The JSON object that the current request carries."""
    return checked(read_json(), dict, "body")


def read_json() -> object:
    """The JSON value that the current request carries."""
    try:
        data = request.get_data()
        if len(data) > MAX_BODY:  # in chunks: Werkzeug has cut it off
            raise RequestEntityTooLarge
        value: object = json.loads(data)
    except RequestEntityTooLarge:
        message = f"The request is too large: expected at most {MAX_BODY} bytes."
        raise Refused(Fault(413, message, "request_too_large")) from None
    except OSError:
        message = "The body of your request did not arrive."
        raise Refused(Fault(408, message, "incomplete_body")) from None
    except (ValueError, RecursionError):
        raise Refused(
            Fault(400, "We could not parse the JSON body of your request.", "invalid_json")
        ) from None
    return value


def checked(value: object, wanted: type[_T], path: str) -> _T:
    """The value, if it is of the wanted type. A boolean is no integer."""
    if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
        return value
    if value is None:
        message = f"Missing required parameter: '{path}'."
        raise Refused(Fault(400, message, "missing_required_parameter", param=path))
    expected, got = _JSON_TYPES[wanted], _JSON_TYPES[type(value)]
    message = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    raise Refused(Fault(400, message, "invalid_type", param=path))


def optional(body: Body, name: str, default: _T) -> _T:
    """A field of its default's type. If it is missing or null, the default."""
    value = body.get(name)
    return default if value is None else checked(value, type(default), name)


def read_messages(body: Body, roles: Collection[str]) -> tuple[Message, ...]:
    items = checked(body.get("messages"), list, "messages")
    if not items:
        message = "Invalid 'messages': expected an array with at least one message."
        raise Refused(Fault(400, message, "empty_array", param="messages"))
    return tuple(_message(item, roles, f"messages[{n}]") for n, item in enumerate(items))


def _message(value: object, roles: Collection[str], path: str) -> Message:
    item = checked(value, dict, path)
    role = checked(item.get("role"), str, f"{path}.role")
    if role not in roles:
        known = ", ".join(f"'{name}'" for name in roles)
        message = f"Invalid value: '{role}'. Supported values are: {known}."
        raise Refused(Fault(400, message, "invalid_value", param=f"{path}.role"))
    content = item.get("content")
    if role == "assistant" and content is None:  # it called a tool
        return Message(role, "")
    if role == "jetpack-ai" and content is None:
        return Message(role, _context_text(checked(item.get("context"), dict, f"{path}.context")))
    return said(role, content, f"{path}.content")


def said(role: str, content: object, path: str) -> Message:
    """A message with a text, or a list of parts, as its content: texts, and images in the words of
    any of the formats. Other parts are taken and not looked at."""
    if not isinstance(content, list):
        return Message(role, checked(content, str, path))
    parts = [checked(part, dict, f"{path}[{n}]") for n, part in enumerate(content)]
    texts = [checked(part["text"], str, path) for part in parts if "text" in part]
    return Message(role, "\n".join(texts), sum(part.get("type") in _IMAGES for part in parts))


def _context_text(context: Body) -> str:
    """The text of a `jetpack-ai` item: its request, and the content to work on."""
    asked = (context.get(name) for name in ("request", "content"))
    return "\n\n".join(text for text in asked if isinstance(text, str)) or "Improve this."


def read_tools(body: Body) -> tuple[Tool, ...]:
    """The tools, or the functions, as OpenAI called them before."""
    name = "functions" if body.get("tools") is None else "tools"
    items = optional(body, name, list[object]())
    if len(items) > MOST_TOOLS:
        message = (
            f"Invalid '{name}': array too long. Expected an array with maximum length {MOST_TOOLS},"
            f" but got an array with length {len(items)} instead."
        )
        raise Refused(Fault(400, message, "array_above_max_length", param=name))
    if name == "functions":
        return tuple(_tool(item, f"functions[{n}]") for n, item in enumerate(items))
    return tuple(
        _tool(checked(item, dict, f"tools[{n}]").get("function"), f"tools[{n}].function")
        for n, item in enumerate(items)
    )


def _tool(value: object, path: str) -> Tool:
    item = checked(value, dict, path)
    name = checked(item.get("name"), str, f"{path}.name")
    # PHP has one empty array for both; a function without parameters may come with either.
    parameters: Body = checked(item.get("parameters") or {}, dict, f"{path}.parameters")
    try:
        value_for({"type": "object", **parameters}, "")
    except SchemaError as error:
        message = f"Invalid schema for function '{shorten(name, 64)}': {error}"
        fault = Fault(400, message, "invalid_function_parameters", param=f"{path}.parameters")
        raise Refused(fault) from None
    return Tool(name, parameters)


def read_question(body: Body) -> tuple[Message, ...]:
    """`{"prompt": text}`, or `{"messages": [...]}`. Raises `Refused`."""
    if body.get("messages") is not None:
        return read_messages(body, _PLAIN_ROLES)
    return (Message("user", checked(body.get("prompt") or None, str, "prompt")),)
