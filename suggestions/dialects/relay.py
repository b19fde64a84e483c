"""The frames of our relay, and of backends like it: `{"type": "content" | "done" | "error"}`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .._util.arguments import check_flag
from .._util.secret import hide_fields
from ..errors import from_code, from_report, is_report
from ..events import AnswerFile, Citation, Usage
from .base import Progress, Request
from .delta import (
    DONE,
    Attached,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
    Reasoning,
    ToolCallPiece,
)
from .json_message import failure_in, id_of, index_of, name_of, parse, text_of, usage_of
from .prompted import Prompted

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_LONGEST_WAIT = 1e9  # seconds; what is longer is no time to wait


class Relay(Prompted):
    """`data: {"type": "content", "data": <text>}`, and at the end `{"type": "done"}`, which may
    have the model's `finish_reason` and the `usage`.

    `{"type": "error", "error": <text>, "code": <code>}` ends the answer too. If `code` is one of
    ours, such as `error_quota_exceeded`, the error is the same here as at the relay; `retry_after`
    are the seconds to wait. The frames
    that a relay sends with `events=` are those events again. Frames of other types, and of other
    shapes, are not part of the answer. `Prompted` says how it asks.

    If the relay has a store, and its headers `X-Answer-Id` and `Content-Location` say where the
    answer is, a lost connection does not end the answer: the rest of it is read from there. Such an
    answer goes on at the relay after `close()`, too; with `stop_on_close`, `close()` then sends
    `DELETE` to that address.
    """

    name = "relay"

    def __init__(
        self, url: str | None = None, *, stop_on_close: bool = False, **parameters: Any
    ) -> None:
        parameters = hide_fields(parameters)
        self.stop_on_close = check_flag("stop_on_close", stop_on_close)
        super().__init__(url, **parameters)

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        data = message.data.strip()
        if message.type != "message" or not data:
            return ()
        return _decode_frame(parse(data), data)

    def resume(self, request: Request, progress: Progress) -> Request | None:
        url = _address_of(request, progress)
        if url is None:
            return None
        last = progress.last.last_event_id if progress.last else ""
        headers = {**request.headers, "Last-Event-ID": last} if last else request.headers
        return Request(url, None, headers, "GET")

    def cancel(self, request: Request, progress: Progress) -> Request | None:
        url = _address_of(request, progress) if self.stop_on_close else None
        return None if url is None else Request(url, None, request.headers, "DELETE")

    def decode_body(self, body: Any) -> Iterable[Delta]:
        """A list of frames, or a single one."""
        frames = body if isinstance(body, list) else [body]
        return [delta for frame in frames for delta in _decode_frame(frame)]


def _address_of(request: Request, progress: Progress) -> str | None:
    """Where a store keeps the answer; None if none does, or if another site would get the token."""
    headers = progress.info.headers
    if "X-Answer-Id" not in headers or "Content-Location" not in headers:
        return None
    url = urljoin(request.url, headers["Content-Location"])
    asked, kept = urlsplit(request.url), urlsplit(url)
    return url if (kept.scheme, kept.netloc) == (asked.scheme, asked.netloc) else None


def _decode_frame(frame: Any, data: str | None = None) -> Iterable[Delta]:
    if not isinstance(frame, Mapping):
        raise ValueError(f"expected a JSON object, got {type(frame).__name__}")
    kind = frame.get("type")
    if kind == "content":
        return (text_of(frame.get("data")),)
    if kind == "done":
        return (*_last(frame), DONE)
    if is_report(frame):
        return (_failure(frame, data),)
    if not isinstance(kind, str):
        raise ValueError("expected a frame with a 'type'")
    said = frame.get("data")
    if kind == "reasoning":
        return (Reasoning(said),) if isinstance(said, str) else ()
    read = _OTHERS.get(kind)
    # Backends of others may have frames of the same type with something else in them.
    return (read(said),) if read is not None and isinstance(said, Mapping) else ()


def _last(frame: Mapping[str, Any]) -> Iterator[Delta]:
    """What the last frame says besides that it is the last one."""
    if isinstance(usage := frame.get("usage"), Mapping):
        yield _usage(usage)
    if reason := name_of(frame.get("finish_reason")):
        yield Finish(reason)


def _tool_call(said: Mapping[str, Any], *, whole: bool) -> Delta:
    return ToolCallPiece(
        index_of(said.get("index")),
        id_of(said.get("id")),
        text_of(said.get("name")),
        text_of(said.get("arguments")),
        whole=whole,
    )


def _function(said: Mapping[str, Any]) -> Delta:
    return FunctionCallPiece(text_of(said.get("name")), text_of(said.get("arguments")), whole=True)


def citation_in(said: Mapping[str, Any]) -> Delta:
    url, title, quote = (text_of(said.get(name)) for name in ("url", "title", "quote"))
    start, end = (index_of(said.get(name)) for name in ("start", "end"))
    return Attached(Citation(url, title, start, end, quote))


def file_in(said: Mapping[str, Any]) -> Delta:
    media_type, url, id = (text_of(said.get(name)) for name in ("media_type", "url", "id"))
    return Attached(AnswerFile(media_type, url, said.get("partial") is True, id))


def _usage(said: Mapping[str, Any]) -> Usage:
    usage, details = usage_of(said), said.get("details")
    return usage._replace(details=details) if isinstance(details, Mapping) else usage


_OTHERS: dict[str, Callable[[Mapping[str, Any]], Delta]] = {
    "tool_call_chunk": partial(_tool_call, whole=False),
    "tool_call": partial(_tool_call, whole=True),
    "function_done": _function,
    "citation": citation_in,
    "file": file_in,
    "usage": _usage,
}
"""How `data` is read, by the type of the frame. An "object" says what the text says."""


def _failure(frame: Mapping[str, Any], data: str | None) -> Failure:
    code, said = frame.get("code"), frame.get("error") or frame.get("message")
    if code and isinstance(said, (str, type(None))):
        error = from_code(code, said or "", body=data)
    else:
        error = from_report(frame, body=data)
    error.retry_after = seconds_in(frame.get("retry_after"))
    return Failure(error)


def seconds_in(value: object) -> float | None:
    """The time to wait that a value names, in seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < _LONGEST_WAIT else None
