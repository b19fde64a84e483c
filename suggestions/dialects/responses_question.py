"""A conversation as OpenAI's Responses API takes it: a list of items.

Source: OpenAI's API reference, "Create a model response", `input`; its guides "Images and vision",
"File inputs", "Function calling" and "Reasoning models".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .parts import calls_of

Item = dict[str, Any]


def items_of(messages: list[dict[str, Any]]) -> list[Item]:
    """Items of the service's own, and parts of its own, go there as they are.

    Raises `ValueError` that names the item.
    """
    return [
        item
        for number, message in enumerate(messages)
        for item in _items(f"question[{number}]", message)
    ]


def _items(place: str, message: dict[str, Any]) -> Iterator[Item]:
    if "role" not in message:
        yield message
    elif message["role"] == "tool":
        yield _result(place, message)
    else:
        yield from _said(message)
        for _, call in calls_of(place, message):
            function = call["function"]
            yield {
                "type": "function_call",
                "call_id": call.get("id"),
                "name": function["name"],
                "arguments": function.get("arguments") or "{}",
            }


def _said(message: dict[str, Any]) -> Iterator[Item]:
    """The message, after what the model thought before it."""
    content = message.get("content")
    if isinstance(content, list):
        yield from (part for part in content if part["type"] == "reasoning")
        content = [part for part in content if part["type"] != "reasoning"]
        if message["role"] == "assistant" and all(part["type"] == "text" for part in content):
            content = "".join(part["text"] for part in content)
        else:
            content = [_part(part) for part in content]
    if content or not message.get("tool_calls"):
        rest = {name: value for name, value in message.items() if name != "tool_calls"}
        yield {**rest, "content": content or ""}


def _result(place: str, message: Mapping[str, Any]) -> Item:
    if "tool_call_id" not in message:
        raise ValueError(f"{place} has no 'tool_call_id': expected the id of the call it answers")
    content = message.get("content")
    output = [_part(part) for part in content] if isinstance(content, list) else content or ""
    return {"type": "function_call_output", "call_id": message["tool_call_id"], "output": output}


def _part(part: dict[str, Any]) -> Item:
    kind = part["type"]
    if kind == "text":
        return {"type": "input_text", "text": part["text"]}
    if kind == "image_url":
        image = part["image_url"]
        return {
            "type": "input_image",
            "image_url": image["url"],
            "detail": image.get("detail") or "auto",
        }
    if kind == "file":
        return {"type": "input_file", **part["file"]}
    return part  # `input_audio` is the same there; and parts of the service's own
