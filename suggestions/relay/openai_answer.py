"""What `openai_endpoint` sends: a whole `chat.completion`, a stream, or a refusal with a status."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.elapsed import monotonic
from ..errors import ModerationError, SuggestionsError
from ..events import Event
from .answer_stream import AnswerStream
from .frames import ENDINGS, Wording
from .frames.openai import OpenAIFrames, counts_of, error_said, message_of
from .frames.openai_errors import told
from .frames.protocol import encoded, error_of, json_of
from .response import HEADERS
from .send_timeout import let_go_after
from .servers import Head

JSON_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class WholeFrames:
    """The answer as one object, made at its end: frames that are no stream."""

    message_id: str | None = None

    def __init__(
        self, source: SuggestionsEventSource, wording: Wording, events: Collection[str]
    ) -> None:
        self.event_names: tuple[str, ...] = ("chunk", *ENDINGS)  # "chunk" for the callbacks
        self.has_begun = False
        self.failure: SuggestionsError | None = None
        self._source = source
        self._events = frozenset(events)

    def encode(self, event: Event[Any]) -> bytes:
        if event.type not in ENDINGS:
            return b""
        if event.type != "done":
            error = error_of(event)
            if not (isinstance(error, ModerationError) and self._source.full_message):
                self.failure = error
                return b""
        self.has_begun = True
        return to_json(self._completion("" if event.type == "done" else "content_filter"))

    def _completion(self, reason: str) -> dict[str, Any]:
        source, events = self._source, self._events
        calls = source.tool_calls if "tool_call" in events else ()
        function = source.full_function_call if "function_done" in events else None
        message = message_of(
            source.full_message,
            source.reasoning if "reasoning" in events else "",
            calls,
            function,
            source.citations if "citation" in events else (),
            source.files if "file" in events else (),
        )
        called = "tool_calls" if calls else "function_call" if function else ""
        reason = reason or called or source.finish_reason or "stop"
        choice = {"index": 0, "message": message, "logprobs": None}
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": source.model or "",
            "choices": [{**choice, "finish_reason": reason}],
        }
        if source.usage is not None:
            completion["usage"] = counts_of(source.usage)
        return completion


class OpenAIAnswer:
    """One answer, for `send_by_wsgi` and the endpoint's own ASGI.

    A failure before the first piece has a status of its own, so the head waits for that piece. It
    waits for `patience` seconds at most: then a stream begins, and heartbeats keep its connection.
    A whole answer waits for its end, within the timeouts of the source.
    """

    def __init__(
        self,
        stream: AnswerStream,
        frames: OpenAIFrames | WholeFrames,
        wording: Wording,
        patience: float,
        headers: dict[str, str],
        send_timeout: float | None,
    ) -> None:
        self._stream = stream
        self._send_timeout = send_timeout
        self._frames = frames
        self._wording = wording
        self._patience = patience if isinstance(frames, OpenAIFrames) else math.inf
        self._headers = headers
        self._first = b""
        self._rest: Iterator[bytes] | None = None
        self._later: AsyncGenerator[bytes, None] | None = None

    def begin(self, method: str, last_event_id: str | None) -> None:
        """Asks, and waits for the first piece."""
        chunks = self._rest = self._stream.chunks()
        deadline = monotonic() + self._patience
        for data in chunks:
            if self._knows(data, deadline):
                return

    async def begin_task(self, method: str, last_event_id: str | None) -> None:
        chunks = self._later = self._stream.achunks()
        deadline = monotonic() + self._patience
        async for data in chunks:
            if self._knows(data, deadline):
                return

    def _knows(self, data: bytes, deadline: float) -> bool:
        """Whether the head can be sent. Comments that come before that are dropped."""
        frames = self._frames
        if frames.has_begun or frames.failure is not None:
            self._first = data
            if not frames.has_begun and frames.failure is not None:
                self._first = to_json(error_said(frames.failure, self._wording))
            return True
        return monotonic() >= deadline

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        frames = self._frames
        if frames.failure is not None and not frames.has_begun:
            status = told(frames.failure).status
            headers = {**JSON_HEADERS, "Content-Length": str(len(self._first))}
            if (seconds := frames.failure.retry_after) is not None:
                headers["Retry-After"] = str(math.ceil(seconds))
            return Head(status, reason_of(status), {**headers, **self._headers}, True)
        if isinstance(frames, WholeFrames):
            headers = {**JSON_HEADERS, "Content-Length": str(len(self._first))}
            return Head(200, "OK", {**headers, **self._headers}, True)
        return Head(200, "OK", {**HEADERS, **self._headers}, True)

    def __iter__(self) -> Iterator[bytes]:
        assert self._rest is not None
        return _Body(self._first, self._rest, self.close)

    def __aiter__(self) -> AsyncGenerator[bytes, None]:
        chunks = self._chunks()
        if self._send_timeout is None:
            return chunks
        return let_go_after(self._send_timeout, chunks, self.close)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        assert self._later is not None
        async with aclosing(self._later) as rest:
            if self._first:
                yield self._first
            async for data in rest:
                yield data

    def disconnect(self) -> None:
        self._stream.disconnect()

    def close(self) -> None:
        self._stream.close()


class _Body:
    """What a WSGI server iterates. It may close it before the first step, and the service has been
    asked by then: a generator would not notice."""

    def __init__(self, first: bytes, rest: Iterator[bytes], close: Any) -> None:
        self._first = first
        self._rest = rest
        self._close = close

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return next(self._rest)

    def close(self) -> None:
        self._close()
        close_generator = getattr(self._rest, "close", None)
        if close_generator is not None:
            close_generator()


class Plain:
    """A whole response in JSON; without a `value`, it has no body."""

    def __init__(self, status: int, value: Any, headers: dict[str, str]) -> None:
        self._body = b"" if value is None else to_json(value)
        sized = {**JSON_HEADERS, "Content-Length": str(len(self._body))}
        self._status = status
        self._headers = {**({} if value is None else sized), **headers}

    def begin(self, method: str, last_event_id: str | None) -> None:
        """There is nothing to wait for."""

    async def begin_task(self, method: str, last_event_id: str | None) -> None:
        """There is nothing to wait for."""

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        has_body = bool(self._body) and method != "HEAD"
        return Head(self._status, reason_of(self._status), self._headers, has_body)

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        yield self._body

    def disconnect(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        """There is nothing to close."""


def to_json(value: Any) -> bytes:
    return encoded(json_of(value))


def reason_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"  # as 529
