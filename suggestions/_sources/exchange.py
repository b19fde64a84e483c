"""One exchange with a service: sends a request, and reads its answer or raises an error."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from .. import errors
from .._util.elapsed import monotonic
from .._util.secret import Secret, reveal
from .._wire import Decoder
from .._wire.abort import Aborted
from .._wire.headers import media_type, request_id, type_as_sent
from .._wire.sniff import Sniffer
from .._wire.transport import Transport
from ..dialects import Dialect, Progress, Request
from ..dialects.delta import DONE, Delta, Failure
from ..events import Event, ResponseInfo, ServerSentEvent
from .intake import Intake
from .wait import Wait

_LONGEST_WHOLE_ANSWER = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What a body is, whatever its header says.
_MEDIA_TYPES = {
    "events": "text/event-stream",
    "lines": "application/x-ndjson",
    "text": "text/plain",
}
_MEDIA_TYPE = r"(?a:[\w.+-]{1,60}/[\w.+-]{1,60})"

logger = logging.getLogger("suggestions")


def send(request: Request, transport: Transport) -> None:
    """Returns when the headers of the response are here. Raises what `Transport.open` raises."""
    headers = dict(request.headers)
    body = None
    if request.json is not None:
        if "content-type" not in map(str.lower, headers):
            headers["Content-Type"] = "application/json"
        body = Secret(json.dumps(request.json, default=reveal).encode())
    transport.open(request.method, request.url, headers, body)


class Exchange:
    """Sends a request over `transport`, and adds what comes back to `intake`.

    With `progress`, the request is for the rest of the answer that has come so far.
    """

    def __init__(
        self,
        transport: Transport,
        dialect: Dialect,
        intake: Intake,
        progress: Progress | None = None,
    ) -> None:
        self.has_begun = False  # something of a streamed answer has arrived
        self.whole: str | None = None  # the body of an answer in one piece
        self.dialect = dialect
        self.progress = progress
        """How far the answer has come; None before the service has accepted the request."""
        self._transport = transport
        self._is_chosen = progress is not None
        self._intake = intake

    def open(self, request: Request) -> None:
        """Returns when the service has accepted the request.

        Raises the error of a refusal, and what `Transport.open` raises.
        """
        transport, self._request = self._transport, request
        send(request, transport)
        status, identity = transport.status, request_id(transport.headers)
        if status == 204 or not 200 <= status < 300:
            raise transport.refusal()
        logger.debug("accepted with status %d", status)
        self._info = ResponseInfo(status, transport.headers, identity)
        self.progress = self.progress or Progress(self._info)
        self._media_type = media_type(transport.content_type)
        self._body = Sniffer(transport.content_type, self.dialect.framings)
        self._intake.name_request(identity)
        self._choose(self._media_type)

    def read(self) -> Generator[Wait, None, None]:
        """Reads to the end of the answer. Raises `SuggestionsError`, `Aborted`."""
        yield from self._read_answer()
        if self._intake.has_unchecked_object():
            yield Wait.THREAD  # to check it may take its time
            self._intake.check_object()

    def _read_answer(self) -> Generator[Wait, None, None]:
        try:
            if (yield from self._read_stream()):
                return
            if self._body.framing == "whole":
                yield Wait.THREAD
                self._intake.add_deltas(*self._read_whole(), DONE)
                return
        except (errors.SuggestionsError, Aborted):
            raise
        except Exception as error:
            raise errors.MalformedStreamError(
                f"The answer is not what {self.dialect.name} sends: {errors.SAID}", said=str(error)
            ) from error
        if not (self.dialect.ends_at_eof or self._intake.has_reason_to_stop()):
            raise errors.stopped_early(self._body.unframed)
        self._intake.add_deltas(DONE)

    def _read_stream(self) -> Generator[Wait, None, bool]:
        """True if the answer is over, False if only the stream has ended, or if it is none."""
        transport, intake, reader = self._transport, self._intake, self._transport.reader
        body: Decoder[list[ServerSentEvent]] = self._body
        unread: list[ServerSentEvent] | None = []  # until it is known who reads them
        while True:
            try:
                data = b"" if body.ended else transport.read()
            except errors.SuggestionsError:
                rest = self._unfinished(self._body.rest)
                if intake.add_messages(rest, self.dialect):
                    return True
                self._note(rest)
                raise
            if data is None:
                yield Wait.SOCKET
                continue
            batch = body.feed(data) if data else self._unfinished(body.finish)
            if unread is not None:
                if self._body.framing == "whole":
                    return False
                unread += batch
                if not self._choose_by(unread, at_end=not data) and data:
                    continue
                batch, unread = unread, None
                body = self._body.decoder or body
                transport.deadlines.messages()
            if batch:
                if intake.add_messages(batch, self.dialect):
                    return True
                self._note(batch)
                if intake.has_gone_on:
                    if intake.first_at is None:
                        intake.first_at = monotonic()
                    self.has_begun = True
                    transport.deadlines.was_understood = True
                if intake.wait_for_room is not None and (reader is None or not reader.is_drained):
                    intake.wait_for_room()  # which a loop never does
            if not data:
                return False
            if reader is not None and reader.is_drained:
                reader.is_drained = False
                yield Wait.SOCKET

    def _unfinished(self, take: Callable[[], list[ServerSentEvent]]) -> list[ServerSentEvent]:
        """The message that the end of the connection has cut off, if nothing of it is missing.
        Nothing if the rest of the answer can be asked for: then it comes again, and whole."""
        if self.progress is not None:
            request = self._request.revealed()
            if self.dialect.resume(request, self.progress) is not None:
                return []
        return take()

    def _note(self, messages: Sequence[ServerSentEvent]) -> None:
        """Called after these were added to the answer."""
        if messages and self.progress is not None:
            first = self.progress.first or messages[0]
            self.progress = self.progress._replace(first=first, last=messages[-1])

    def _read_whole(self) -> Iterable[Delta]:
        """What a response that is not a stream says. Raises `NotAnAnswerError` if it is not an
        answer."""
        kind, held = self._media_type, self._body.held
        is_json = kind == "application/json" or kind.endswith("+json")
        is_json = is_json or held.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith((b"{", b"["))
        limit = _LONGEST_WHOLE_ANSWER if is_json else errors.LONGEST_RAW
        body = held + self._transport.read_all(limit - len(held), whole=is_json)
        is_json = is_json and len(body) < limit  # cut off at the limit, it is no JSON
        text = (body if is_json else body[: errors.LONGEST_RAW]).decode("utf-8-sig", "replace")
        problem = None
        if is_json:
            try:
                value = json.loads(text)
                self.whole = text
                self._choose(kind, ServerSentEvent("message", text, ""))
                return list(self._with_response(self.dialect.decode_body(value), text))
            except errors.SuggestionsError:
                raise
            except Exception as error:
                problem = error
        kind = type_as_sent(self._transport.content_type)
        kind = kind if re.fullmatch(_MEDIA_TYPE, kind) else "something"
        raise errors.NotAnAnswerError(
            f"The service sent {kind} that is no answer. Is the URL right, or did a proxy or a "
            "login page reply instead?",
            said=text,
            status=self._info.status,
            body=text,
            request_id=self._info.request_id,
        ) from problem

    def _with_response(self, deltas: Iterable[Delta], body: str) -> Iterator[Delta]:
        """The deltas; an error among them knows the response that it came in."""
        for delta in deltas:
            if isinstance(delta, Failure):
                delta.error.status = self._info.status
                delta.error.body = body
            yield delta

    def _choose_by(self, messages: list[ServerSentEvent], *, at_end: bool) -> bool:
        """Chooses by the first message that says enough; at the end, there is no other choice."""
        if self._body.framing is None:
            return False
        for message in messages:
            self._choose(_MEDIA_TYPES[self._body.framing], message)
        if at_end and not self._is_chosen:
            self._open(self.dialect)
        return self._is_chosen

    def _choose(self, kind: str, first: ServerSentEvent | None = None) -> None:
        chosen = None if self._is_chosen else self.dialect.choose(kind, first)
        if chosen is not None:
            self._open(chosen)

    def _open(self, dialect: Dialect) -> None:
        """Records `open`, once it is known in which dialect the answer is written."""
        self.dialect, self._is_chosen = dialect, True
        self._intake.add_event(Event("open", self._info._replace(dialect=dialect.name)))
