"""The parts of a message's content, and of a call of a tool, as a dialect reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes


class Data(NamedTuple):
    """What a data URL holds; `base64` is its bytes in base64."""

    media_type: str
    base64: str


def data_of(url: str) -> Data | None:
    """What a data URL holds (RFC 2397); None if `url` is another address."""
    if url[:5].lower() != "data:":
        return None
    head, _, data = url[5:].partition(",")
    media_type, *parameters = head.split(";")
    if "base64" not in map(str.lower, parameters):
        import base64

        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return Data(media_type.lower() or "text/plain", data)


def refusal(place: str, part: Mapping[str, Any], dialect: str, taken: str) -> ValueError:
    """The error of a part that a service does not take; `taken` is what it takes instead."""
    return ValueError(
        f"{place} is of the type {part.get('type')!r}, which the dialect {dialect!r} does not "
        f"take: expected {taken}"
    )


def text_alone(place: str, content: Any, dialect: str) -> str:
    """The content as one text. Raises `ValueError` for a part that is not a text."""
    if not isinstance(content, list):
        return content or ""
    for number, part in enumerate(content):
        if part["type"] != "text":
            raise refusal(f"{place}['content'][{number}]", part, dialect, "text")
    return "\n".join(part["text"] for part in content)


def arguments_of(place: str, call: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call as an object. Raises `ValueError` if they are not a JSON object."""
    text = call["function"].get("arguments") or "{}"
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise ValueError(f"{place}['function']['arguments'] is not the JSON text of an object")
    return arguments


def calls_of(place: str, message: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The place and the call of each tool that an assistant's message calls.

    Raises `ValueError` for a call of another kind than of a function.
    """
    for number, call in enumerate(message.get("tool_calls") or ()):
        where = f"{place}['tool_calls'][{number}]"
        if "function" not in call:
            raise ValueError(f"{where} is no call of a function: it has no 'function'")
        yield where, call
