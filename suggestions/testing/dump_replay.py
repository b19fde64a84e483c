"""`replay`: plays a dump back, as if the service sent it all again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from reprlib import repr as brief
from types import NoneType
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from .._sources.dump import FORMAT
from .._sources.suggestions_event_source import SuggestionsEventSource
from .._wire.headers import media_type
from ..dialects import DialectName, find
from ..dialects.base import Framing
from ..errors import IncompleteStreamError
from .answer_bytes import seconds

_ADDRESS = "http://replay.localhost/"

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


def replay(
    path: str | os.PathLike[str], *, dialect: DialectName | None = None, **options: Any
) -> SuggestionsEventSource:
    """A source that receives again what `SuggestionsEventSource.debug_dump(path)` wrote.

    It behaves as the source that wrote it, but a failure of the network is not repeated: it ends
    with the last message of the dump. `dialect` is needed if it was a `Dialect` of your own;
    `options` are those of `SuggestionsEventSource` (`on`, `dispatch`, `start` …). Raises
    `ValueError` if the file is no dump, or if an edit has removed a field or changed its type (it
    names the field), and `OSError` if the file cannot be read.
    """
    dump = _read_dump(path, names_dialect=dialect is None)
    session = requests.Session()
    session.mount(_ADDRESS, _Recorded(dump, find(dialect or dump["dialect"]).framings))
    return SuggestionsEventSource(
        "What was asked is not asked again.",
        url=_ADDRESS,
        dialect=dialect or dump["dialect"],
        session=session,
        retries=0,
        **options,
    )


def _read_dump(path: str | os.PathLike[str], *, names_dialect: bool) -> dict[str, Any]:
    """What `debug_dump` wrote. People edit these files, so each field that is used is checked.

    `names_dialect`: whether the dump must name its dialect. Raises `ValueError` if it is no dump or
    a field is not as expected, `OSError` if it cannot be read.
    """
    try:
        # Some editors write a byte order mark.
        dump = json.loads(Path(path).read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        dump = None
    if not isinstance(dump, dict) or dump.get("suggestions_dump") != FORMAT:
        raise ValueError(f"{os.fspath(path)} is no dump: expected a file of debug_dump()")
    try:
        _check(dump, names_dialect)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)} cannot be replayed: {error}") from None
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
    if type(part[name]) not in _TYPES[expected]:  # not isinstance(): True is no JSON integer
        raise ValueError(f"{within}{name} must be {expected}, not {brief(part[name])}")
    return part[name]


class _Recorded(BaseAdapter):
    """Answers with what is in a dump."""

    def __init__(self, dump: dict[str, Any], framings: Mapping[str, Framing]) -> None:
        super().__init__()
        self._dump = dump
        self._framings = framings

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        status, headers, parts = self._answer()
        response = requests.Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict(headers)
        response.url = request.url or ""
        response.request = request
        response.raw = _Parts(iter(parts))
        return response

    def close(self) -> None:
        """Nothing to free."""

    def _answer(self) -> tuple[int, dict[str, str], list[bytes]]:
        dump = self._dump
        accepted, error = dump["response"], dump["error"]
        if accepted is None:
            if error is None or error["status"] is None:
                raise IncompleteStreamError("The dump has no response in it.")
            headers = {"Content-Type": "application/json"}
            if error.get("retry_after") is not None:
                headers["Retry-After"] = seconds(error["retry_after"])
            return error["status"], headers, [_utf8(error["body"])]
        kind = {
            name: value
            for name, value in accepted["headers"].items()
            if name.lower() == "content-type"
        }
        if dump["body"] is not None:
            return accepted["status"], kind, [_utf8(dump["body"])]
        if error and not dump["messages"] and error["body"]:
            return accepted["status"], kind, [_utf8(error["body"])]  # no answer, but a page
        framing = self._framings.get(media_type(next(iter(kind.values()), "")))
        if framing is None:
            return accepted["status"], kind, []  # neither a stream nor a whole answer
        framed = _FRAMED[framing]
        return accepted["status"], kind, [framed(*message) for message in dump["messages"]]


class _Parts(io.BufferedIOBase):
    """A body that arrives one message at a time, as it did before."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read1(self, _size: int = -1) -> bytes:
        return next(self._parts, b"")


def _utf8(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "surrogatepass")


def _event(kind: str, data: str, last_event_id: str) -> bytes:
    lines = [f"event: {kind}", f"id: {last_event_id}"]
    lines += [f"data: {line}" for line in data.split("\n")]
    return _utf8("\n".join(lines) + "\n\n")


_FRAMED: dict[Framing, Callable[[str, str, str], bytes]] = {
    "events": _event,
    "lines": lambda kind, data, last_event_id: _utf8(data + "\n"),
    "text": lambda kind, data, last_event_id: _utf8(data),
}
