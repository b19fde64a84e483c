"""What goes out to a client: an error, or frames of bytes at the pace of a model."""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from flask import Response, request

# Like a real model: a pause for thought, then uneven steps whose mean is 1.
_FIRST_PAUSE = 6.0
_STEPS = (0.6, 1.3, 0.8, 1.1, 0.4, 1.8)


@dataclass(frozen=True)
class Fault:
    """An error in the words of the service. Each wire format writes it in its own way.

    `retry_after` is in seconds. In mid-stream, `status` is not used.
    """

    status: int
    message: str
    code: str | None = None
    type: str | None = "invalid_request_error"
    param: str | None = None
    retry_after: int | None = None


class Refused(Exception):
    """Ends the handling of a request. The response reports `fault`, with its status."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def openai_body(fault: Fault) -> dict[str, object]:
    """The error object of the OpenAI API, which also comes in mid-stream."""
    return {
        "error": {
            "message": fault.message,
            "type": fault.type,
            "param": fault.param,
            "code": fault.code,
        }
    }


class Frame(NamedTuple):
    """One step of a streamed response.

    A `token` is sent after a pause, `control` and `done` (the terminator of the format) at once.
    `silence` waits until the client leaves, `cut` drops the connection. With a `fault`, `data`
    reports it as the OpenAI API does; other formats replace it by their own.
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
    """A response that plays `frames`, with a mean of `pace` seconds between two tokens.

    The status and the headers go out with the first frame.
    """
    connection = request.environ.get("werkzeug.socket")
    response = Response(_play(frames, pace, connection), mimetype=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _play(
    frames: Iterable[Frame], pace: float, connection: socket.socket | None
) -> Iterator[bytes]:
    """The bytes to send. Raises `ConnectionError` when the client has left, and for a `cut`."""
    rhythm = pauses(pace)
    for frame in frames:
        if frame.kind == "token" and pace:
            _pause(connection, next(rhythm))
        elif frame.kind == "silence":
            _pause(connection, None)
        elif frame.kind == "cut":
            raise ConnectionAbortedError("cut on demand")
        yield frame.data


def pauses(pace: float) -> Iterator[float]:
    """The seconds to wait before each token, without end; `pace` is their mean in seconds."""
    yield pace * _FIRST_PAUSE
    for step in itertools.cycle(_STEPS):
        yield pace * step


def _pause(connection: socket.socket | None, seconds: float | None) -> None:
    """Waits for `seconds` (None: for ever).

    Raises `ConnectionError` as soon as the client has left or the server closes the connection.
    Without a `connection` (under another server than the playground's own) neither can be seen, and
    it waits for the whole time.
    """
    if connection is None:
        threading.Event().wait(seconds)
        return
    deadline = None if seconds is None else time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not selector.select(left):
                return
            # Bytes after the request are ignored; their end means that the client has left.
            if not connection.recv(65536):
                raise ConnectionAbortedError("the client has left")
