"""A streamed response: frames of bytes, played to the client at the pace of a model."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from flask import Response, request

from .connection import pause
from .faults import Fault
from .tokens import pauses


class Frame(NamedTuple):
    """One step of a streamed response.

    A `token` is sent after a pause, `control` and `done` (the terminator of the format) at once;
    `silence` waits until the client leaves, `cut` drops the connection there and then. With a
    `fault`, the frame reports it in the words of the OpenAI API; other formats have their own.
    """

    kind: Literal["token", "control", "done", "silence", "cut"]
    data: bytes = b""
    fault: Fault | None = None


def to_json(value: object) -> bytes:
    """The value as JSON in UTF-8; half a surrogate pair in it becomes a question mark."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def sse(data: bytes, event: str | None = None) -> bytes:
    """One server-sent event; `data` is a single line."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + data + b"\n\n"


def sse_text(text: str, event: str | None = None) -> bytes:
    """One server-sent event with any text as its data, each line of it on a line of its own."""
    lines = text.encode("utf-8", "replace").replace(b"\r", b"\n").split(b"\n")
    return sse(b"\ndata: ".join(lines), event)


def streamed(frames: Iterable[Frame], pace: float, mimetype: str = "text/event-stream") -> Response:
    """A response that plays `frames`, with `pace` seconds between two tokens on the average.

    The status and the headers go out with the first frame.
    """
    connection = request.environ.get("werkzeug.socket")
    response = Response(_play(frames, pace, connection), mimetype=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _play(
    frames: Iterable[Frame], pace: float, connection: socket.socket | None
) -> Iterator[bytes]:
    """The bytes to send. Raises `ConnectionError` when the client has left, or must be left."""
    rhythm = pauses(pace)
    for frame in frames:
        if frame.kind == "token" and pace:
            pause(connection, next(rhythm))
        elif frame.kind == "silence":
            pause(connection, None)
        elif frame.kind == "cut":
            raise ConnectionAbortedError("cut on demand")
        yield frame.data
