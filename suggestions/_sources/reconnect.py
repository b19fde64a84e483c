"""When a stream is opened again, and when never (WHATWG HTML, section 9.2.3). No I/O, no clock."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

from suggestions import errors
from suggestions._wire.media_type import media_type

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


def is_stream(status: int, content_type: str) -> bool:
    """Whether a response is the stream that was asked for: 200 and `text/event-stream`."""
    return status == 200 and media_type(content_type) == "text/event-stream"


def refusal(
    status: int, content_type: str, body: str, retry_after: float | None
) -> errors.SuggestionsError:
    """The error of a response that is no stream; after none of them is another request made."""
    if status == 204:
        return errors.StatusError("The server has no more to say (status 204).", status=204)
    if status == 200:
        kind = errors.one_line(media_type(content_type)) or "something without a type"
        return errors.NotAnAnswerError(
            f"The server sent {kind}, not text/event-stream. Is the URL right?",
            status=200,
            body=body,
        )
    return errors.from_status(status, body, retry_after=retry_after)


def may_pass(error: errors.SuggestionsError) -> bool:
    """Whether the stream is to be opened again: the network failed, or the stream just ended.

    What the server has said, a redirect that goes nowhere, or an event that is too large would
    be the same the next time.
    """
    return isinstance(error, errors.NetworkError) and not isinstance(error, _FINAL)


def reconnection_delay(reconnection_time: float, failures: int, longest: float) -> float:
    """Seconds until the next attempt, after `failures` attempts in a row without a stream.

    The first one waits the reconnection time (seconds), each further one twice as long, up to
    `longest`, which never shortens what the server asked for. Up to a quarter is added, so that
    not everybody comes back at once.
    """
    backoff = max(reconnection_time, _SOONEST) * 2.0 ** min(failures, _MOST_DOUBLINGS)
    return min(backoff, max(longest, reconnection_time)) * random.uniform(1.0, 1.0 + _JITTER)


def event_id_header(last_event_id: str) -> dict[str, str]:
    """`Last-Event-ID`, where there is one, in UTF-8 (section 9.2.4)."""
    if not last_event_id:
        return {}
    # http.client writes Latin-1, so that these are the bytes of the UTF-8. Blanks at the start
    # are none of a header's value.
    return {"Last-Event-ID": last_event_id.encode().decode("latin-1").lstrip()}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, the usual port left out (RFC 6454, section 6.2)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
