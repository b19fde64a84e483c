"""The frames of our relay, and of backends like it: `{"type": "content" | "done" | "error"}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import from_code, from_report, is_report
from .delta import DONE, Delta, Failure
from .json_message import failure_in, parse, text_of
from .prompted import Prompted

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent


class Relay(Prompted):
    """`data: {"type": "content", "data": <text>}`, and at the end `{"type": "done"}`.

    `{"type": "error", "error": <text>, "code": <code>}` ends the answer too. If `code` is one of
    ours, such as `error_quota_exceeded`, the error is the same here as at the relay. Frames of
    other types are no part of the answer. `Prompted` says how it asks.
    """

    name = "relay"

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        data = message.data.strip()
        if message.type != "message" or not data:
            return ()
        return _decode_frame(parse(data), data)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        """A list of frames, or a single one."""
        frames = body if isinstance(body, list) else [body]
        return [delta for frame in frames for delta in _decode_frame(frame)]


def _decode_frame(frame: Any, data: str | None = None) -> Iterable[Delta]:
    if not isinstance(frame, Mapping):
        raise ValueError(f"expected a JSON object, got {type(frame).__name__}")
    kind = frame.get("type")
    if kind == "content":
        return (text_of(frame.get("data")),)
    if kind == "done":
        return (DONE,)
    if is_report(frame):
        return (_failure(frame, data),)
    if not isinstance(kind, str):
        raise ValueError("expected a frame with a 'type'")
    return ()


def _failure(frame: Mapping[str, Any], data: str | None) -> Failure:
    code, said = frame.get("code"), frame.get("error") or frame.get("message")
    if code and isinstance(said, (str, type(None))):
        return Failure(from_code(code, said or "", body=data))
    return Failure(from_report(frame, body=data))
