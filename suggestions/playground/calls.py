"""Which tools a question calls for, and with which arguments.

The rule: a question calls for each tool whose name it contains, with `_` and a space the same
("get weather for Paris" calls `get_weather`). Its arguments are found in the question too: a string
is the "quoted text", or the first name with a capital letter ("New York"), or else the question; a
number is the first number in it, or 1; a choice (`enum`) is the first one that it names, or the
first of all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from .chat import Call, Tool

_CAPITALISED = r"[A-Z\u00c0-\u00de]\w*"


def calls_for(question: str, tools: Iterable[Tool]) -> tuple[Call, ...]:
    """The calls of all the tools that the question names, in the order of the tools."""
    words = _plain(question)
    return tuple(
        Call(tool.name, json.dumps(_arguments(tool, question), ensure_ascii=False))
        for tool in tools
        if _plain(tool.name) in words
    )


def _plain(text: str) -> str:
    return text.replace("_", " ").lower()


def _arguments(tool: Tool, question: str) -> dict[str, object]:
    properties = tool.parameters.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    # The name of the tool is not what the question is about.
    about = re.sub(re.escape(tool.name), "", question, flags=re.IGNORECASE).strip()
    return {str(name): _argument(schema, about) for name, schema in properties.items()}


def _argument(schema: object, about: str) -> object:
    if not isinstance(schema, Mapping):
        return None
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        named = (choice for choice in choices if str(choice).lower() in about.lower())
        return next(named, choices[0])
    kind = schema.get("type")
    if kind in ("number", "integer"):
        return _number(about, whole=kind == "integer")
    blank: dict[object, object] = {"boolean": True, "array": [], "object": {}, "null": None}
    # A type may also be a list of types, which is no key of a table.
    return blank[kind] if isinstance(kind, str) and kind in blank else _words(about)


def _number(about: str, *, whole: bool) -> float:
    found = re.search(r"-?\d{1,15}" if whole else r"-?\d{1,15}(\.\d{1,15})?", about)
    if found is None:
        return 1
    return int(found[0]) if whole else float(found[0])


def _words(about: str) -> str:
    if quoted := re.search(r'["\u201c](.+?)["\u201d]', about):
        return quoted[1]
    name = re.search(rf"(?<=\s){_CAPITALISED}( {_CAPITALISED})*", about)
    return name[0] if name else about
