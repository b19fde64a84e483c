"""Reads a stream, and opens it again each time it ends (WHATWG HTML, section 9.2.3).

Runs on an `EventSource`'s thread.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Generator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from suggestions import errors
from suggestions._sources.stream_request import StreamRequest
from suggestions._sources.stream_telling import OWN_NAMES
from suggestions._wire.abort import Cancellation
from suggestions._wire.headers import media_type, retry_after
from suggestions._wire.sse import Comment, EventDecoder, ServerSentEvent
from suggestions._wire.timeouts import Deadlines, check_timeouts
from suggestions.auth.credential import Credential
from suggestions.auth.token import Token
from suggestions.events import Event, MessageEvent, ResponseInfo

if TYPE_CHECKING:
    import requests

    from suggestions._wire.transport import Transport

logger = logging.getLogger("suggestions")

_REST = 5.0
"""Seconds for the body of a refusal: its status says enough."""
_FINAL = (
    errors.StatusError,
    errors.NotAnAnswerError,
    errors.RedirectError,
    errors.EventTooLargeError,
)
_JITTER = 0.25
_SOONEST = 0.01
_MOST_DOUBLINGS = 60
_DEFAULT_PORTS = {"http": 80, "https": 443}


class ReadyState(IntEnum):
    """WHATWG HTML, section 9.2.2."""

    CONNECTING = 0
    OPEN = 1
    CLOSED = 2


class Step(NamedTuple):
    """The state that the stream has come to, and the events to deliver."""

    state: ReadyState
    events: list[Event[Any]]


class Subscription:
    """A stream from its start to its close or failure. `abort()` may be called from any thread.

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
        self._timeouts = check_timeouts({"first_byte": read_timeout, "idle": read_timeout})
        self._max_retry_delay = max_retry_delay
        self._cancellation = Cancellation()
        self._failures = 0  # attempts in a row without a stream

    def abort(self) -> None:
        """Makes `steps` raise `Aborted` at once, and lets the server see the end."""
        self._cancellation.cancel()

    def redact(self, error: errors.SuggestionsError) -> None:
        """Takes the secrets that were sent out of an error that came back."""
        self._credential.redact(error)

    def traceback_of(self, error: BaseException) -> str:
        """For the log."""
        return self._credential.traceback_of(error)

    def disown(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._cancellation.disown()

    def wait(self, seconds: float) -> None:
        """Sleeps. Raises `Aborted` after `abort()`."""
        self._cancellation.sleep(seconds)

    def steps(self) -> Generator[Step, None, None]:
        """Goes on until an error that no other attempt could mend, and raises that.

        Raises `Aborted` after `abort()`.
        """
        # requests takes longer to import than all the rest; only a program that connects pays
        # for it.
        from suggestions._wire.transport import Transport

        while True:
            deadlines = Deadlines(self._timeouts, rest=_REST)
            transport = Transport(deadlines, self._cancellation, self._session)
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
            if not _may_pass(error):
                raise error
            yield Step(ReadyState.CONNECTING, [Event("error", self._with_delay(error))])
            self._cancellation.sleep(error.retry_after or 0.0)

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
        origin = _origin_of(transport.url)
        stream = EventDecoder(last_event_id=self.last_event_id, with_comments=True)
        try:
            while not stream.ended and (data := transport.read()):
                batch = stream.feed(data)
                if self._note(stream) or batch:
                    yield Step(ReadyState.OPEN, [_event(message, origin) for message in batch])
            stream.finish()
        finally:
            # The server may set it, and the connection break off within the same event.
            stream.break_off()
            self._note(stream)

    def _check(self, transport: Transport) -> None:
        """Raises the error of a response that is no stream."""
        status, kind = transport.status, media_type(transport.content_type)
        if status == 200 and kind == "text/event-stream":
            return
        body = transport.read_all(errors.LONGEST_BODY, whole=False).decode("utf-8-sig", "replace")
        if status == 204:
            raise errors.StatusError("The server has no more to say (status 204).", status=204)
        if status == 200:
            kind = errors.one_line(kind) or "something without a type"
            raise errors.NotAnAnswerError(
                f"The server sent {kind}, not text/event-stream. Is the URL right?",
                status=200,
                body=body,
            )
        raise errors.from_status(status, body, retry_after=retry_after(transport.headers))

    def _note(self, stream: EventDecoder) -> bool:
        """Keeps the stream's id and reconnection time; returns whether one of them is new."""
        before = self.last_event_id, self.reconnection_time
        self.last_event_id = stream.last_event_id
        if stream.reconnection_time is not None:
            self.reconnection_time = stream.reconnection_time / 1000
        return (self.last_event_id, self.reconnection_time) != before

    def _with_delay(self, error: errors.SuggestionsError) -> errors.SuggestionsError:
        """The error as it is delivered before another attempt."""
        error.retry_after = reconnection_delay(
            self.reconnection_time, self._failures, self._max_retry_delay
        )
        self._failures += 1
        # It stays in the history, without all that the frames of its traceback refer to.
        error.__cause__ = error.__context__ = error.__traceback__ = None
        logger.debug("the stream is opened again in %.3f s: %r", error.retry_after, error)
        return error


def _event(message: ServerSentEvent, origin: str) -> Event[Any]:
    if isinstance(message, Comment):
        return Event("comment", message.data)
    name = "message" if message.type in OWN_NAMES else message.type
    return Event(name, MessageEvent(message.data, message.type, message.last_event_id, origin))


def _may_pass(error: errors.SuggestionsError) -> bool:
    """Whether to open the stream again: if the network failed, or the stream just ended.

    What the server has said, a redirect that leads nowhere, or an event that is too large would
    be the same the next time.
    """
    return isinstance(error, errors.NetworkError) and not isinstance(error, _FINAL)


def reconnection_delay(reconnection_time: float, failures: int, longest: float) -> float:
    """Seconds until the next attempt, after `failures` attempts in a row without a stream.

    The first one waits the reconnection time (seconds), each further one twice as long, up to
    `longest`, which never shortens what the server asked for. Up to a quarter is added, so that
    not all clients come back at once.
    """
    backoff = max(reconnection_time, _SOONEST) * 2.0 ** min(failures, _MOST_DOUBLINGS)
    return min(backoff, max(longest, reconnection_time)) * random.uniform(1.0, 1.0 + _JITTER)


def _origin_of(url: str) -> str:
    """Scheme, host and port of an address, the usual port left out (RFC 6454, section 6.2)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
