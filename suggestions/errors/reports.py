"""From a status, a body or an error in the stream to an error of the tree."""

from __future__ import annotations

from collections.abc import Mapping

from .._util.one_line import one_line
from .kinds import BY_CODE, BY_STATUS, Row, row_of
from .said import Said, said_in, said_in_body
from .tree import (
    SAID,
    IncompleteStreamError,
    MalformedStreamError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)

_FAILED = Row(None, ServiceError, "The service failed.")

_INVALID = BY_STATUS["400"]

# What these statuses mean is the same everywhere. A 503 may quote anything.
_SAY_ENOUGH = (401, 402, 413, 503, 529)
# These say little, so that any code in the body says more; the others say as much as a code that
# has no event of its own.
_VAGUE = (400, 403, 500)
_TOO_LATE = (408, 504, 522, 524)
# What to do about the messages that the chatbot backend documents, all of them with a 401.
_ADVICE = {
    "Authentication failed: cannot find username/password in request body.": (
        "The login did not find the user name and the password. Send them the other way: "
        'ChatbotLogin(..., send="form") or send="params".'
    ),
    "Authentication failed: cannot authenticate with provided username and password.": (
        "The user name or the password is wrong. Check both and log in again."
    ),
    "Invalid token: empty or not starts with 'Bearer '": (
        "The service wants a token. Pass one, such as token=ChatbotLogin(...)."
    ),
    "Invalid token: expired or fake token.": (
        "The token has expired or is not of this service. Log in again for a new one; "
        "token=ChatbotLogin(...) does so by itself."
    ),
}


def from_status(
    status: int,
    body: str = "",
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> SuggestionsError:
    """The error for a response with `status` that is not an answer.

    What the body says counts if the status says little: a 400 can be a content filter or a
    conversation that is too long, and a 403 the service's opinion of the text. `retry_after` is
    in seconds.
    """
    said = said_in_body(body)
    row = _row_for(status, said)
    return row.kind(
        _ADVICE.get(said.words, row.sentence),
        said=said.words,
        status=status,
        body=body,
        request_id=request_id,
        retry_after=retry_after,
    )


def _row_for(status: int, said: Said) -> Row:
    row = None if status in _SAY_ENOUGH else row_of(said)
    # Someone whose requests are too many must ask less, or pay. If all requests of all users are
    # too many, as Moonshot's "engine_overloaded" says, they can only wait: that is not a quota.
    if status == 429 and row and row.kind is not ServiceUnavailableError:
        row = None
    if row and (row.has_own_event or status in _VAGUE):
        return row
    # A 422 without a word is Jetpack's, which declines a text with it. Elsewhere it says that the
    # request has a field too many, or a wrong one.
    if status == 422 and said.names_field:
        return _INVALID
    return BY_STATUS.get(str(status)) or Row(status, StatusError, _sentence_for(status))


def from_report(report: object, *, body: str | None = None) -> SuggestionsError:
    """The error that a service reports in a stream, or in a body with status 200.

    `report` is the value of `error` (a mapping, a list or a text), or a message that has one.
    """
    said = said_in(report if isinstance(report, (Mapping, list)) else {"error": report})
    row = row_of(said) or _FAILED
    # There is no status here, so the error must not be a `StatusError`.
    kind = ServiceError if row.kind is StatusError else row.kind
    return kind(row.sentence, said=said.words, body=body)


def from_code(code: object, message: str, *, body: str | None = None) -> SuggestionsError:
    """The error whose `code` is this one of ours, as a relay passes it on with its `message`.

    Any other code is a `ServiceError`.
    """
    row = BY_CODE.get(str(code), _FAILED)
    return row.kind(SAID if one_line(message) else row.sentence, said=message, body=body)


def stopped_early(said: str = "") -> IncompleteStreamError:
    """The error of a stream that stopped before its end; `said` is what came in place of that."""
    return IncompleteStreamError("The answer stopped before it was complete.", said=said)


def nothing_understood(kind: str, data: str) -> MalformedStreamError:
    """The error of a stream of messages that say nothing to the dialect; the first had the event
    name `kind`."""
    name = "" if kind == "message" else f"event: {kind}, data: "
    return MalformedStreamError(
        "The service sent messages, but none that the dialect understands. Is it the right "
        f"dialect? The first was '{SAID}'.",
        said=name + data,
        body=data,
    )


def _sentence_for(status: int) -> str:
    if status in _TOO_LATE:
        return f"The service did not answer in time (status {status}). Please try again."
    if status >= 500:
        return f"The service failed (status {status}). Please try again in a moment."
    if status >= 400:
        return f"The service did not accept the request (status {status})."
    return f"The service sent no answer (status {status})."
