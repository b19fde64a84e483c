"""Reads a stream, and opens it again each time it ends (WHATWG HTML, section 9.2.3).

Runs on an `EventSource`'s thread.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import errors
from .._wire.abort import Cancellation
from .._wire.headers import media_type, type_as_sent
from .._wire.request import StreamRequest
from .._wire.retry import may_reconnect, reconnection_delay
from .._wire.sse import Comment, EventDecoder, ServerSentEvent
from .._wire.timeouts import Deadlines, check_timeouts
from ..auth.credential import Credential
from ..auth.token import Token
from ..events import Event, MessageEvent, ResponseInfo
from .stream_entries import OWN_NAMES

if TYPE_CHECKING:
    import requests

    from .._wire.transport import Transport

logger = logging.getLogger("suggestions")

_ERROR_BODY = 5.0
"""Seconds for the body of a refusal: its status says enough."""
_SOONEST_BY_SERVER = 0.1
"""Seconds. A server that sets `retry: 0` and ends each stream would be asked without a rest."""
# What the errors of a transport say of an answer.
_ANSWER_AND_STREAM = (
    ("No answer came", "No stream came"),
    ("of the answer", "of the stream"),
    ("within the answer", "within the stream"),
    ("The answer's", "The stream's"),
    ("The answer is", "The stream is"),
    ("drops the question", "drops the body"),
    ("The service sent no answer", "The server sent no stream"),
)


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
    """A stream from its start to its close or failure.

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
        self.credential = Credential(
            token, url=request.url, headers=request.headers, body=request.body, session=session
        )
        self._session = session
        self._timeouts = check_timeouts({"first_byte": read_timeout, "idle": read_timeout})
        self._max_retry_delay = max_retry_delay
        self.cancellation = Cancellation()
        """Makes `steps` raise `Aborted`, and ends the connection for the server."""
        self._failures = 0  # attempts in a row without a stream

    def steps(self) -> Generator[Step, None, None]:
        """Goes on until an error that another attempt would not mend, and raises it.

        Raises `Aborted` after a cancellation.
        """
        from .._wire.transport import Transport

        while True:
            deadlines = Deadlines(self._timeouts, error_body=_ERROR_BODY)
            transport = Transport(deadlines, self.cancellation, self._session)
            error: errors.SuggestionsError
            try:
                yield from self._read(transport)
                error = errors.ConnectionLostError("The server ended the stream.")
            except errors.SuggestionsError as caught:
                error = caught
                error.reword(_speak_of_a_stream)
                self.credential.redact(error)
            finally:
                transport.close()
            if self.credential.has_another(error):
                continue
            if not may_reconnect(error):
                raise error
            yield Step(ReadyState.CONNECTING, [Event("error", self._with_delay(error))])
            self.cancellation.sleep(error.retry_after or 0.0)

    def _read(self, transport: Transport) -> Generator[Step, None, None]:
        request = self._request
        headers = request.headers_with(self.last_event_id, self.credential.current())
        transport.open(request.method, request.url, headers, request.body)
        self._check(transport)
        logger.debug("the stream is open")
        self.credential.accepted()
        self._failures = 0
        info = ResponseInfo(
            transport.status, transport.headers, transport.headers.get("X-Request-Id")
        )
        yield Step(ReadyState.OPEN, [Event("open", info)])
        origin = transport.origin
        stream = EventDecoder(last_event_id=self.last_event_id, with_comments=True)
        try:
            while not stream.ended and (data := transport.read()):
                batch = stream.feed(data)
                if self._note(stream) or batch:
                    yield Step(ReadyState.OPEN, [_event(message, origin) for message in batch])
            stream.finish()
        finally:
            # The server may set `retry` in an event in which the connection then breaks off.
            stream.break_off()
            self._note(stream)

    def _check(self, transport: Transport) -> None:
        """Raises the error of a response that is not a stream."""
        status, kind = transport.status, media_type(transport.content_type)
        if status == 200 and kind == "text/event-stream":
            return
        refusal = transport.refusal()
        if status == 204:
            raise errors.StatusError("The server has no more to say (status 204).", status=204)
        if status == 200:
            raise errors.NotAnAnswerError(
                f"The server sent {errors.SAID}, not text/event-stream. Is the URL right?",
                said=type_as_sent(transport.content_type) or "something without a type",
                status=200,
                body=refusal.body,
            )
        raise refusal

    def _note(self, stream: EventDecoder) -> bool:
        """Keeps the stream's id and reconnection time; returns whether one of them is new."""
        before = self.last_event_id, self.reconnection_time
        self.last_event_id = stream.last_event_id
        if stream.reconnection_time is not None:
            self.reconnection_time = max(stream.reconnection_time / 1000, _SOONEST_BY_SERVER)
        return (self.last_event_id, self.reconnection_time) != before

    def _with_delay(self, error: errors.SuggestionsError) -> errors.SuggestionsError:
        """The error as it is delivered before another attempt."""
        error.retry_after = reconnection_delay(
            self.reconnection_time, self._failures, self._max_retry_delay
        )
        self._failures += 1
        # The history keeps the error; its traceback would keep all that its frames refer to.
        error.__cause__ = error.__context__ = error.__traceback__ = None
        logger.debug("the stream is opened again in %.3f s: %r", error.retry_after, error)
        return error


def _speak_of_a_stream(sentence: str) -> str:
    for of_answer, of_stream in _ANSWER_AND_STREAM:
        sentence = sentence.replace(of_answer, of_stream)
    return sentence


def _event(message: ServerSentEvent, origin: str) -> Event[Any]:
    if isinstance(message, Comment):
        return Event("comment", message.data)
    name = "message" if message.type in OWN_NAMES else message.type
    return Event(name, MessageEvent(message.data, message.type, message.last_event_id, origin))
