"""Feeds a dump back, as if the service said it all again."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions._wire.headers import media_type
from suggestions.dialects import DialectName, find
from suggestions.dialects.base import Framing
from suggestions.errors import IncompleteStreamError
from suggestions.testing.dump_file import read_dump
from suggestions.testing.frames import seconds

_ADDRESS = "http://replay.localhost/"


def replay(
    path: str | os.PathLike[str], *, dialect: DialectName | None = None, **options: Any
) -> SuggestionsEventSource:
    """A source that is told what `SuggestionsEventSource.debug_dump(path)` wrote.

    It behaves as the one that wrote it, but that what had failed on the network ends here where
    the dump ends. `dialect` is needed where it was a `Dialect` of your own; `options` are those
    of `SuggestionsEventSource` (`on`, `dispatch`, `start` …). Raises `ValueError` where the file
    is no dump, or has been edited so that a field of it is missing or of another type, which it
    names; `OSError` where it cannot be read.
    """
    dump = read_dump(path, names_dialect=dialect is None)
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


class _Recorded(BaseAdapter):
    """Answers with what a dump tells."""

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
            return accepted["status"], kind, []  # no stream, and no answer in one piece either
        framed = _FRAMED[framing]
        return accepted["status"], kind, [framed(*told) for told in dump["messages"]]


class _Parts(io.BufferedIOBase):
    """A body that arrives as it did, one message at a time."""

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
