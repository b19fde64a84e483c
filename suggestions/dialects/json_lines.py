"""JSON messages with the text in one of their fields: each is a line, or the data of an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._util.redaction import without_values
from .._util.secret import hide_fields
from ..errors import from_report, is_report
from .base import EVENTS, LINES
from .delta import DONE, Delta, Failure
from .json_message import failure_in, is_terminator, parse, text_of
from .prompted import Prompted

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_MISSING = object()


class JsonLines(Prompted):
    """The text at `path` in each message, such as "message" or "choices.0.delta.content".

    The messages are lines (`application/x-ndjson`, `application/jsonl`, `text/plain`), or the data
    of server-sent events without a name. A null is not a text. The end of the stream is the end of
    the answer, and so is the message `[DONE]`. `{"error": …}` reports an error, and so does an
    event named `error`. `Prompted` says how it asks.
    """

    name = "json_lines"
    ends_at_eof = True
    framings = {**EVENTS, **LINES, "text/plain": "lines", "": "lines"}
    path = ""

    def __init__(self, path: str = "message", url: str | None = None, **parameters: Any) -> None:
        parameters = hide_fields(parameters)
        if not isinstance(path, str):
            raise TypeError(f"path must be a str, not {type(path).__name__}")
        if not all(path.split(".")):
            raise ValueError(f"path is {path!r}: expected names with dots between, such as 'a.b'")
        super().__init__(url, **parameters)
        self.path = path

    def __repr__(self) -> str:
        return f"JsonLines({self.path!r}, url={without_values(self.url)!r})"

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        data = message.data.strip()
        if message.type != "message" or not data:
            return ()
        return (DONE,) if is_terminator(data) else self._read(parse(data), data)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        return self._read(body)

    def _read(self, value: Any, data: str | None = None) -> Iterable[Delta]:
        if isinstance(value, Mapping) and value.get("error"):
            return (Failure(from_report(value, body=data)),)
        text = _at(value, self.path)
        if text is _MISSING and is_report(value):
            return (Failure(from_report(value, body=data)),)
        if text is _MISSING:
            raise ValueError(f"there is nothing at the path {self.path!r}")
        if isinstance(text, (Mapping, list)):
            raise ValueError(f"expected a text at {self.path!r}, got a {type(text).__name__}")
        return (text_of(text),)


def json(path: str = "message", url: str | None = None, **parameters: Any) -> JsonLines:
    """The dialect that reads the text at `path`: `dialect=json(path="choices.0.text")`."""
    return JsonLines(path, url, **parameters)


def _at(value: Any, path: str) -> Any:
    """The value at the path; a number is an index into a list, from 0."""
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _MISSING
    return value
