"""Reads a stream, and opens it again whenever it ends. Runs on an `EventSource`'s thread."""

from __future__ import annotations

import logging
from collections.abc import Generator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from suggestions import errors
from suggestions._sources.reconnect import (
    is_stream,
    may_pass,
    origin_of,
    reconnection_delay,
    refusal,
)
from suggestions._sources.stream_request import StreamRequest
from suggestions._sources.stream_telling import OWN_NAMES
from suggestions._wire.abort import Lifeline
from suggestions._wire.retry import retry_after
from suggestions._wire.sse import Comment, EventStream, ServerSentEvent
from suggestions._wire.timeouts import Clock, check_timeouts
from suggestions.auth.credential import Credential
from suggestions.auth.token import Token
from suggestions.events import Event, MessageEvent, ResponseInfo

if TYPE_CHECKING:
    import requests

    from suggestions._wire.transport import Transport

logger = logging.getLogger("suggestions")

_REST = 5.0
"""Seconds for the body of a refusal: its status says enough."""


class ReadyState(IntEnum):
    """WHATWG HTML, section 9.2.2."""

    CONNECTING = 0
    OPEN = 1
    CLOSED = 2


class Step(NamedTuple):
    """The state that the stream has come to, and what there is to tell."""

    state: ReadyState
    events: list[Event[Any]]


class Subscription:
    """From one start to the close or the failure. `abort()` may be called from any thread.

    `last_event_id` (str) and `reconnection_time` (seconds) are those of what was read so far.
    """

    def __init__(
        self,
        request: StreamRequest,
        *,
        token: Token | None,
        session: requests.Session | None,
        read_timeout: float | None,
        max_retry_delay: float,
        last_event_id: str,
        reconnection_time: float,
    ) -> None:
        self.last_event_id = last_event_id
        self.reconnection_time = reconnection_time
        self._request = request
        self._credential = Credential(
            token, url=request.url, headers=request.headers, body=request.body, session=session
        )
        self._session = session
        self._read_timeout = read_timeout
        self._max_retry_delay = max_retry_delay
        self._lifeline = Lifeline()
        self._transport: Transport | None = None
        self._failures = 0  # attempts in a row without a stream

    def abort(self) -> None:
        """Makes `steps` raise `Aborted` at once, and lets the server see the end."""
        self._lifeline.cut()
        if self._transport is not None:
            self._transport.abort()

    def redact(self, error: errors.SuggestionsError) -> None:
        """Takes the secrets that were sent out of an error that came back."""
        self._credential.redact(error)

    def traceback_of(self, error: BaseException) -> str:
        """For the log."""
        return self._credential.traceback_of(error)

    def disown(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._lifeline.disown()

    def wait(self, seconds: float) -> None:
        """Sleeps. Raises `Aborted` after `abort()`."""
        self._lifeline.wait(seconds)

    def steps(self) -> Generator[Step, None, None]:
        """Goes on until the server or the request makes it futile, and raises that error then.

        Raises `Aborted` after `abort()`.
        """
        # requests takes longer to import than all the rest; only whoever connects pays for it.
        from suggestions._wire.transport import Transport

        while True:
            clock = _Clock(self._read_timeout)
            transport = self._transport = Transport(clock, self._lifeline, self._session)
            error: errors.SuggestionsError
            try:
                yield from self._read(transport)
                error = errors.ConnectionLostError("The server ended the stream.")
            except errors.SuggestionsError as caught:
                error = caught
                self.redact(error)
            finally:
                transport.close()
            if self._credential.has_another(error):
                continue
            if not may_pass(error):
                raise error
            yield Step(ReadyState.CONNECTING, [Event("error", self._to_pass(error))])
            self._lifeline.wait(error.retry_after or 0.0)

    def _read(self, transport: Transport) -> Generator[Step, None, None]:
        request = self._request
        headers = request.headers_with(self.last_event_id, self._credential.current())
        transport.open(request.method, request.url, headers, request.body)
        self._check(transport)
        logger.debug("the stream is open")
        self._credential.accepted()
        self._failures = 0
        info = ResponseInfo(
            transport.status, transport.headers, transport.headers.get("X-Request-Id")
        )
        yield Step(ReadyState.OPEN, [Event("open", info)])
        origin = origin_of(transport.url)
        stream = EventStream(
            transport.chunks(), last_event_id=self.last_event_id, with_comments=True
        )
        try:
            for batch in stream.batches():
                self.last_event_id = stream.last_event_id
                self._note_reconnection_time(stream)
                yield Step(ReadyState.OPEN, [_event(message, origin) for message in batch])
        finally:
            self._note_reconnection_time(stream)

    def _check(self, transport: Transport) -> None:
        """Raises the error of a response that is no stream."""
        status, content_type = transport.status, transport.content_type
        if not is_stream(status, content_type):
            body = transport.body(errors.LONGEST_BODY, whole=False).decode("utf-8-sig", "replace")
            raise refusal(status, content_type, body, retry_after(transport.headers))

    def _note_reconnection_time(self, stream: EventStream) -> None:
        if stream.reconnection_time is not None:
            self.reconnection_time = stream.reconnection_time / 1000

    def _to_pass(self, error: errors.SuggestionsError) -> errors.SuggestionsError:
        """The error as it is told before another attempt."""
        error.retry_after = reconnection_delay(
            self.reconnection_time, self._failures, self._max_retry_delay
        )
        self._failures += 1
        # It stays in the history, without all that the frames of its traceback refer to.
        error.__cause__ = error.__context__ = error.__traceback__ = None
        logger.debug("the stream is opened again in %.3f s: %r", error.retry_after, error)
        return error


class _Clock(Clock):
    def __init__(self, read_timeout: float | None) -> None:
        super().__init__(check_timeouts({"first_byte": read_timeout, "idle": read_timeout}))

    def end_within_idle(self) -> None:
        self._expect("rest", _REST)


def _event(message: ServerSentEvent, origin: str) -> Event[Any]:
    if isinstance(message, Comment):
        return Event("comment", message.data)
    name = "message" if message.type in OWN_NAMES else message.type
    return Event(name, MessageEvent(message.data, message.type, message.last_event_id, origin))
