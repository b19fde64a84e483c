"""One exchange with a service: from a request to the messages of its answer, or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from suggestions import errors
from suggestions._wire.media_type import charset, media_type
from suggestions._wire.plain import lines, text
from suggestions._wire.retry import retry_after
from suggestions._wire.sse import EventStream, ServerSentEvent
from suggestions._wire.transport import Transport
from suggestions.dialects import Dialect, Request
from suggestions.dialects.base import Framing
from suggestions.dialects.delta import Delta, Failure
from suggestions.events import ResponseInfo


def _events(chunks: Iterable[bytes]) -> Iterator[list[ServerSentEvent]]:
    """Raises `IncompleteStreamError` where the stream stops within an event, and so loses it, and
    `MalformedStreamError` where it has text, and none of it in an event."""
    stream = EventStream(chunks)
    is_empty = True
    for batch in stream.batches():
        is_empty = is_empty and not batch
        yield batch
    if is_empty and stream.unframed:
        raise errors.MalformedStreamError(
            "The service says that it sends server-sent events, and sends something else: "
            + errors.one_line(stream.unframed),
            body=stream.unframed[: errors.LONGEST_BODY],
        )
    if stream.unfinished:
        raise errors.IncompleteStreamError("The answer stopped before it was complete.")


_FRAMED: dict[Framing, Callable[[Iterable[bytes]], Iterator[list[ServerSentEvent]]]] = {
    "events": _events,
    "lines": lines,
}
_LONGEST_WHOLE_ANSWER = 16 * 1024 * 1024
_MEDIA_TYPE = r"(?a:[\w.+-]{1,60}/[\w.+-]{1,60})"
_REQUEST_IDS = ("x-request-id", "request-id", "x-ms-request-id", "apim-request-id")


def open_exchange(transport: Transport, request: Request) -> ResponseInfo:
    """Returns when the service has accepted the request; raises the error of what it says else."""
    headers = dict(request.headers)
    body = None
    if request.json is not None:
        if "content-type" not in map(str.lower, headers):
            headers["Content-Type"] = "application/json"
        body = json.dumps(request.json).encode()
    transport.open(request.method, request.url, headers, body)
    status = transport.status
    request_id = _request_id(transport.headers)
    if status == 204 or not 200 <= status < 300:
        raise errors.from_status(
            status,
            transport.body(errors.LONGEST_BODY, whole=False).decode("utf-8-sig", "replace"),
            request_id=request_id,
            retry_after=retry_after(transport.headers),
        )
    return ResponseInfo(status, transport.headers, request_id)


def messages(transport: Transport, dialect: Dialect) -> Iterator[list[ServerSentEvent]] | None:
    """The messages of an accepted stream, those together that have arrived together.

    None where the response is no stream.
    """
    framing = dialect.framings.get(media_type(transport.content_type))
    if framing == "text":
        return text(transport.chunks(), charset(transport.content_type))
    return framing and _FRAMED[framing](transport.chunks())


def whole_answer(
    transport: Transport, choose: Callable[[ServerSentEvent], Dialect]
) -> Iterable[Delta]:
    """What a response that is no stream says; `choose` gets the dialect for the whole of it.

    Raises `NotAnAnswerError` where it is none.
    """
    kind = media_type(transport.content_type)
    is_json = kind == "application/json" or kind.endswith("+json")
    limit = _LONGEST_WHOLE_ANSWER if is_json else errors.LONGEST_BODY
    body = transport.body(limit, whole=is_json)
    is_json = is_json and len(body) < limit  # one that is cut off would be none
    said = (body if is_json else body[: errors.LONGEST_BODY]).decode("utf-8-sig", "replace")
    problem = None
    if is_json:
        try:
            value = json.loads(said)
            dialect = choose(ServerSentEvent("message", said, ""))
            return list(_told(dialect.decode_body(value), transport.status, said))
        except errors.SuggestionsError:
            raise
        except Exception as error:
            problem = error
    raise errors.NotAnAnswerError(
        f"The service sent {kind if re.fullmatch(_MEDIA_TYPE, kind) else 'something'} that is no "
        "answer. Is the URL right, and did nothing on the way reply in its place?",
        status=transport.status,
        body=said,
        request_id=_request_id(transport.headers),
    ) from problem


def _told(deltas: Iterable[Delta], status: int, body: str) -> Iterator[Delta]:
    """The deltas; an error among them knows the response that it came in."""
    for delta in deltas:
        if isinstance(delta, Failure):
            delta.error.status = status
            delta.error.body = body[: errors.LONGEST_BODY]
        yield delta


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)
