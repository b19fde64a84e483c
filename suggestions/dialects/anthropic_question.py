"""A conversation as Anthropic's Messages API takes it.

Source: Anthropic's API reference, "Messages", `messages` and `system`; "Vision"; "PDF support";
"Tool use".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from .parts import arguments_of, calls_of, data_of, refusal

_INSTRUCTIONS = ("system", "developer")
_THINKING = ("thinking", "redacted_thinking")
_Block = dict[str, Any]


def split_conversation(
    messages: list[dict[str, Any]],
) -> tuple[str | list[_Block], list[dict[str, Any]]]:
    """The instructions, which are not messages there, and the messages.

    Results of tools are blocks of a user's message; those of one round must be in one message.
    Blocks of the service's own go there as they are. Raises `ValueError` that names the item.
    """
    instructions: list[str | list[_Block]] = []
    turns: list[dict[str, Any]] = []
    results: list[_Block] = []  # of the turn that is last, if it has results of tools
    for number, message in enumerate(messages):
        place = f"question[{number}]"
        content = _content(place, message.get("content"))
        if message["role"] in _INSTRUCTIONS:
            instructions.append(content)
        elif message["role"] == "tool":
            if not results:
                turns.append({"role": "user", "content": results})
            results.append(_result(place, message, content))
        elif turn := _turn(place, message, content):
            results = []
            turns.append(turn)
    return _joined(instructions), turns


def _turn(place: str, message: Mapping[str, Any], content: Any) -> dict[str, Any] | None:
    """None for an answer that says nothing, which the service refuses."""
    calls = [_call(where, call) for where, call in calls_of(place, message)]
    turn = {name: value for name, value in message.items() if name != "tool_calls"}
    if message["role"] != "assistant" or not (calls or isinstance(content, list)):
        turn["content"] = content
        is_blank = isinstance(content, str) and not content.strip()
        return None if is_blank and message["role"] == "assistant" else turn
    turn["content"] = _in_order(_blocks(content), calls)
    return turn if turn["content"] else None


def _in_order(said: list[_Block], calls: list[_Block]) -> list[_Block]:
    """The blocks of an answer, with each call at its place, or else at the end.

    The service refuses a text of blanks alone, and thinking that nothing follows, as that of an
    answer that was cut off.
    """
    blocks: list[_Block] = []
    for block in said:
        if block["type"] == "call":
            named = [call for call in calls if call["id"] == block.get("id")]
            blocks += named
            calls = [call for call in calls if call not in named]
        elif block["type"] != "text" or block["text"].strip():
            blocks.append(block)
    blocks += calls
    while blocks and blocks[-1]["type"] in _THINKING:
        blocks.pop()
    return blocks


def _call(place: str, call: Mapping[str, Any]) -> _Block:
    name = call["function"]["name"]
    return {
        "type": "tool_use",
        "id": call.get("id"),
        "name": name,
        "input": arguments_of(place, call),
    }


def _result(place: str, message: Mapping[str, Any], content: Any) -> _Block:
    if "tool_call_id" not in message:
        raise ValueError(f"{place} has no 'tool_call_id': expected the id of the call it answers")
    return {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": content}


def _content(place: str, content: Any) -> Any:
    if not isinstance(content, list):
        return content or ""
    return [_block(f"{place}['content'][{n}]", part) for n, part in enumerate(content)]


def _blocks(content: Any) -> list[_Block]:
    """A text as a list of blocks; the service refuses a block of no text."""
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _block(place: str, part: dict[str, Any]) -> _Block:
    kind = part["type"]
    if kind == "image_url":
        return {**_rest(part), "type": "image", "source": _image(part["image_url"]["url"])}
    if kind == "file":
        return {**_rest(part), **_file(place, part)}
    if kind == "input_audio":
        raise refusal(place, part, "anthropic", "text, image_url or file")
    return part


def _rest(part: Mapping[str, Any]) -> _Block:
    """What a part has besides, such as `cache_control`."""
    return {name: value for name, value in part.items() if name not in ("type", part["type"])}


def _image(url: str) -> _Block:
    data = data_of(url)
    if data is None:
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": data.media_type, "data": data.base64}


def _file(place: str, part: Mapping[str, Any]) -> _Block:
    file = part["file"]
    title = {"title": file["filename"]} if file.get("filename") else {}
    if file.get("file_id"):
        return {"type": "document", **title, "source": {"type": "file", "file_id": file["file_id"]}}
    url = file.get("file_data") or ""
    data = data_of(url)
    if data is None:
        raise ValueError(f"{place}['file']['file_data'] must be a data URL: 'data:TYPE;base64,...'")
    if data.media_type.startswith("image/"):
        return {"type": "image", "source": _image(url)}
    if data.media_type.startswith("text/"):
        text = base64.b64decode(data.base64).decode("utf-8", "replace")
        source = {"type": "text", "media_type": "text/plain", "data": text}
    else:
        source = {"type": "base64", "media_type": data.media_type, "data": data.base64}
    return {"type": "document", **title, "source": source}


def _joined(instructions: list[str | list[_Block]]) -> str | list[_Block]:
    """One text if all are texts; else blocks, which may have a `cache_control`."""
    texts = [text for text in instructions if isinstance(text, str)]
    if len(texts) == len(instructions):
        return "\n\n".join(texts)
    return [block for each in instructions for block in _blocks(each)]
