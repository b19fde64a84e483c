"""Reads what `debug_dump` has written. People edit these: what is told again of one is checked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from reprlib import repr as brief
from types import NoneType
from typing import Any

from suggestions._sources.dump import FORMAT

_TYPES: dict[str, tuple[type, ...]] = {
    "a text": (str,),
    "a text or null": (str, NoneType),
    "an integer": (int,),
    "an integer or null": (int, NoneType),
    "a number or null": (int, float, NoneType),
    "a list": (list,),
    "an object": (dict,),
    "an object or null": (dict, NoneType),
}


def read_dump(path: str | os.PathLike[str], *, names_dialect: bool) -> dict[str, Any]:
    """`names_dialect`: whether it has to name its own. Raises `ValueError` where it is no dump or
    has a field that is not as expected, `OSError` where it cannot be read."""
    try:
        # Some editors write a byte order mark.
        dump = json.loads(Path(path).read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        dump = None
    if not isinstance(dump, dict) or dump.get("suggestions_dump") != FORMAT:
        raise ValueError(f"{os.fspath(path)} is no dump that debug_dump() has written")
    try:
        _check(dump, names_dialect)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)} cannot be told again: {error}") from None
    return dump


def _check(dump: dict[str, Any], names_dialect: bool) -> None:
    if names_dialect:
        _field(dump, "dialect", "a text")
    response = _field(dump, "response", "an object or null")
    if response is not None:
        _field(response, "status", "an integer", within="response.")
        headers = _field(response, "headers", "an object", within="response.")
        for name in headers:
            _field(headers, name, "a text", within="response.headers.")
    for number, message in enumerate(_field(dump, "messages", "a list")):
        if type(message) is not list or [*map(type, message)] != [str, str, str]:
            raise ValueError(f"messages[{number}] must be three texts, not {brief(message)}")
    _field(dump, "body", "a text or null")
    error = _field(dump, "error", "an object or null")
    if error is not None:
        _field(error, "status", "an integer or null", within="error.")
        _field(error, "body", "a text or null", within="error.")
        # The first dumps had none.
        _field({"retry_after": None, **error}, "retry_after", "a number or null", within="error.")


def _field(part: dict[str, Any], name: str, expected: str, *, within: str = "") -> Any:
    if name not in part:
        raise ValueError(f"{within}{name} is missing: expected {expected}")
    if type(part[name]) not in _TYPES[expected]:  # not isinstance(): True is no integer of JSON
        raise ValueError(f"{within}{name} must be {expected}, not {brief(part[name])}")
    return part[name]
