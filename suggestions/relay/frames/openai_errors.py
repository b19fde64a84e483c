"""A failure as OpenAI's API says it: a status, and an object with `type` and `code`.

Source: OpenAI's API reference, "Error codes"; the classes of errors of its Python package.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import (
    AuthenticationError,
    ConnectTimeoutError,
    ContextTooLargeError,
    FirstByteTimeoutError,
    ModerationError,
    QuotaExceededError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
    UnclearPromptError,
)

_INVALID = "invalid_request_error"
_NO_CREDIT = (
    "insufficient_quota",
    "billing",
    "insufficient_balance",
    "exceeded your current quota",
)


class Told(NamedTuple):
    """How OpenAI's API says a failure. `sentence` is what it says in place of the service's own
    words; "" if the relay has a sentence for people."""

    status: int
    type: str
    code: str | None
    param: str | None = None
    sentence: str = ""


_RATE = Told(429, "requests", "rate_limit_exceeded")
_QUOTA = Told(429, "insufficient_quota", "insufficient_quota")
_TOLD: tuple[tuple[type[SuggestionsError], Told], ...] = (
    (ModerationError, Told(400, _INVALID, "content_filter")),
    (ContextTooLargeError, Told(400, _INVALID, "context_length_exceeded", "messages")),
    (ServiceUnavailableError, Told(503, "server_error", "service_unavailable")),
    (UnclearPromptError, Told(400, _INVALID, "unclear_prompt", "messages")),
    (ConnectTimeoutError, Told(504, "server_error", "timeout")),
    (FirstByteTimeoutError, Told(504, "server_error", "timeout")),
)
"""The first row of which the error is an instance counts."""

_KEY = Told(401, _INVALID, "invalid_api_key", sentence="The service did not accept the key.")
_DENIED = Told(
    403, _INVALID, "permission_denied", sentence="The key is not allowed to ask the service this."
)
_MODEL = Told(
    404, _INVALID, "model_not_found", "model", "The model does not exist, or may not be used."
)
_REFUSED = "The service did not accept the request."
_FAILED = Told(502, "server_error", "server_error")


def told(error: SuggestionsError) -> Told:
    """How the failure is said."""
    if isinstance(error, QuotaExceededError):
        return _QUOTA if _has_no_credit(error) else _RATE
    for kind, row in _TOLD:
        if isinstance(error, kind):
            return row
    if isinstance(error, AuthenticationError):
        return _DENIED if error.status == 403 else _KEY
    if isinstance(error, StatusError) and error.status is not None:
        return _of_status(error.status)
    return _FAILED


def _of_status(status: int) -> Told:
    if status == 404:
        return _MODEL
    if status in (400, 409, 422):
        return Told(status, _INVALID, None, sentence=_REFUSED)
    return _FAILED._replace(status=status) if status >= 500 else _FAILED


def _has_no_credit(error: SuggestionsError) -> bool:
    """Whether waiting does not help; a client of OpenAI tells the two apart by the code."""
    said = f"{error.message} {error.body or ''}".lower()
    return error.status == 402 or any(words in said for words in _NO_CREDIT)


def error_object(
    message: str, type: str, code: str | None, param: str | None = None, **more: Any
) -> dict[str, Any]:
    """The body of a refusal, and the last event of a stream that fails."""
    return {"error": {"message": message, "type": type, "param": param, "code": code, **more}}
