"""A conversation as OpenAI's Responses API takes it: a list of items.

Source: OpenAI's API reference, "Create a model response", `input`; its guides "Images and vision",
"File inputs", "Function calling" and "Reasoning models".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .parts import calls_of
from .responses_items import CALLS

Item = dict[str, Any]


def items_of(messages: list[dict[str, Any]]) -> list[Item]:
    """Items of the service's own, and parts of its own, go there as they are.

    Raises `ValueError` that names the item.
    """
    custom: set[object] = {
        str(part.get("call_id"))
        for message in messages
        if message.get("role") == "assistant" and isinstance(message.get("content"), list)
        for part in message["content"]
        if part["type"] == "item" and part.get("item") == "custom_tool_call"
    }
    return [
        item
        for number, message in enumerate(messages)
        for item in _items(f"question[{number}]", message, custom)
    ]


def without_kept(items: list[Item]) -> list[Item]:
    """The items as the service takes them if it keeps nothing: without reasoning of which it has
    the text alone, and then without the ids by which it would look for that."""
    left = [
        item for item in items if item.get("type") != "reasoning" or item.get("encrypted_content")
    ]
    if len(left) == len(items):
        return items
    return [{name: value for name, value in item.items() if name != "id"} for item in left]


def _items(place: str, message: dict[str, Any], custom: set[object]) -> Iterator[Item]:
    if "role" not in message:
        yield message
    elif message["role"] == "tool":
        yield _result(place, message, custom)
    else:
        yield from _without_lone_thoughts(_said(place, message))


def _without_lone_thoughts(items: Iterator[Item]) -> Iterator[Item]:
    """The service refuses a reasoning that no other item follows. An answer that was stopped there
    ends so."""
    thoughts: list[Item] = []
    for item in items:
        if item.get("type") == "reasoning":
            thoughts.append(item)
        else:
            yield from thoughts
            thoughts.clear()
            yield item


def _said(place: str, message: dict[str, Any]) -> Iterator[Item]:
    """The items of a message, in the order of its parts; calls that no part names come last."""
    calls: dict[str, list[Mapping[str, Any]]] = {}
    for _, call in calls_of(place, message):
        calls.setdefault(str(call.get("id")), []).append(call)
    rest = {name: value for name, value in message.items() if name != "tool_calls"}
    content = message.get("content")
    if isinstance(content, list):
        for head, said in _groups(content):
            is_message = head.get("item") == "message"
            if not is_message:
                yield from _item_of(head, calls)
            if said or is_message:
                yield _message(rest, head if is_message else {}, said)
    elif content or not calls:
        yield {**rest, "content": content or ""}
    for same in calls.values():
        yield from (_call(call, {}) for call in same)


def _groups(content: list[Item]) -> Iterator[tuple[Item, list[Item]]]:
    """Each part that is an item or names one, and what is said after it; the first is none."""
    head: Item = {}
    said: list[Item] = []
    for part in content:
        if part["type"] in ("reasoning", "item"):
            yield head, said
            head, said = part, []
        else:
            said.append(part)
    yield head, said


def _item_of(head: Item, calls: dict[str, list[Mapping[str, Any]]]) -> Iterator[Item]:
    if head.get("type") == "reasoning":
        yield head
    elif isinstance(head.get("item"), Mapping):
        yield dict(head["item"])
    elif head:
        for call in calls.pop(str(head.get("call_id")), ()):
            yield _call(call, head)


def _message(rest: Item, named: Item, said: list[Item]) -> Item:
    if named:
        content: Any = [_part(part, text="output_text") for part in said]
        return {
            "type": "message",
            "status": "completed",
            **_fields(named),
            "role": "assistant",
            "content": content,
        }
    if rest["role"] == "assistant" and all(part["type"] == "text" for part in said):
        content = "".join(part["text"] for part in said)
    else:
        content = [_part(part) for part in said]
    return {**rest, "content": content}


def _call(call: Mapping[str, Any], named: Item) -> Item:
    function = call["function"]
    kind = named.get("item", "function_call")
    given = function.get("arguments") or ("" if kind == "custom_tool_call" else "{}")
    return {
        "type": kind,
        **_fields(named),
        "call_id": call.get("id"),
        "name": function["name"],
        CALLS.get(kind, "arguments"): given,
    }


def _fields(named: Item) -> Item:
    return {name: value for name, value in named.items() if name not in ("type", "item")}


def _result(place: str, message: Mapping[str, Any], custom: set[object]) -> Item:
    if "tool_call_id" not in message:
        raise ValueError(f"{place} has no 'tool_call_id': expected the id of the call it answers")
    call_id, content = message["tool_call_id"], message.get("content")
    output = [_part(part) for part in content] if isinstance(content, list) else content or ""
    kind = "custom_tool_call_output" if call_id in custom else "function_call_output"
    return {"type": kind, "call_id": call_id, "output": output}


def _part(part: dict[str, Any], text: str = "input_text") -> Item:
    kind = part["type"]
    if kind == "text":
        said = {"type": text, "text": part["text"]}
        return {**said, "annotations": []} if text == "output_text" else said
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
