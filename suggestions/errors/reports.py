"""From a status, a body or an error in the stream to an error of the tree."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

from suggestions.errors.tree import (
    LONGEST_BODY,
    AuthenticationError,
    ContextTooLargeError,
    ModerationError,
    NetworkError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
    UnclearPromptError,
)


class _Row(NamedTuple):
    """One kind of failure, and how services report it.

    `words`, with blanks between, are parts of the values of `error.code` and `error.type`, letters
    only, as OpenAI, Azure, Anthropic, OpenRouter, llama.cpp, DashScope and Gemini write them.
    `phrases` are parts of the message: vLLM, Anthropic, OpenRouter and DashScope have no code for
    a conversation that is too long.
    """

    status: int | None
    kind: type[SuggestionsError]
    sentence: str
    words: str = ""
    phrases: tuple[str, ...] = ()


# If the words of several rows fit, the first row counts. So it does for the sentence of a `code`
# that several rows have.
_TABLE = (
    _Row(
        429,
        QuotaExceededError,
        "Too many requests, or the quota is used up. Try again later.",
        "ratelimit insufficientquota quotaexceeded allocationquota resourceexhausted throttling "
        "toomanyrequests",
    ),
    _Row(
        402,
        QuotaExceededError,
        "The account has no credit left.",
        "billing insufficientbalance arrearage",
    ),
    _Row(
        422,
        ModerationError,
        "The service declined this text. Please rephrase it and try again.",
        "contentfilter contentpolicy datainspectionfailed moderation responsibleai",
    ),
    _Row(529, ServiceUnavailableError, "The service is overloaded. Please try again in a moment."),
    _Row(
        503,
        ServiceUnavailableError,
        "The service is busy. Please try again in a moment.",
        "overloaded serviceunavailable serverbusy",
    ),
    _Row(
        413,
        ContextTooLargeError,
        "The text is too long for the service.",
        "contextlength contextwindow exceedcontextsize requesttoolarge",
        ("maximum context length", "prompt is too long", "range of input length"),
    ),
    _Row(
        401,
        AuthenticationError,
        "The service wants a valid token: it is missing, wrong or expired.",
        "authentication invalidapikey",
    ),
    _Row(403, AuthenticationError, "The token is not allowed to do this.", "permission"),
    _Row(400, StatusError, "The service did not accept the request."),
    _Row(
        404,
        StatusError,
        "The service has nothing at this address. Are the URL and the model right?",
    ),
    _Row(405, StatusError, "This address takes no questions. Is the URL right?"),
    _Row(None, UnclearPromptError, "Your request was unclear. Mind trying again?"),
)
# By the status as text, because a body has it as a number or as a text.
_BY_STATUS = {str(row.status): row for row in _TABLE if row.status}
_BY_CODE = {row.kind.code: row for row in reversed(_TABLE) if row.kind.code != NetworkError.code}
_FAILED = _Row(None, ServiceError, "The service failed.")

# These statuses say little, so that a code in the body may say more.
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

_LONGEST_QUOTE = 500


def from_status(
    status: int,
    body: str = "",
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> SuggestionsError:
    """The error for a response with `status` that is not an answer.

    If the status says little, the body's own code counts: a 400 can be a content filter or a
    conversation that is too long. `retry_after` is in seconds.
    """
    report = _report_in(_parsed(body))
    row = _row_of(report) if status in _VAGUE else None
    row = row or _BY_STATUS.get(str(status)) or _Row(status, StatusError, _sentence_for(status))
    return row.kind(
        _with_quote(_ADVICE.get(report.message, row.sentence), report.message),
        status=status,
        body=body,
        request_id=request_id,
        retry_after=retry_after,
    )


def from_report(report: object, *, body: str | None = None) -> SuggestionsError:
    """The error that a service reports in a stream, or in a body with status 200.

    `report` is the value of `error` (a mapping or a text), or a whole message that has one.
    """
    found = _report_in(report if isinstance(report, Mapping) else {"error": report})
    row = _row_of(found) or _FAILED
    # There is no status here, so that the error is none of a status.
    kind = ServiceError if row.kind is StatusError else row.kind
    return kind(_with_quote(row.sentence, found.message), body=body)


def from_code(code: object, message: str, *, body: str | None = None) -> SuggestionsError:
    """The error whose `code` is this one of ours, as a relay passes it on with its `message`.

    Any other code is a `ServiceError`.
    """
    row = _BY_CODE.get(str(code), _FAILED)
    return row.kind(one_line(message) or row.sentence, body=body)


def from_reason(reason: str) -> SuggestionsError | None:
    if reason == "content_filter":
        return ModerationError("The answer was stopped by the service's content filter.")
    return None


def is_report(value: object) -> bool:
    """Whether a message's JSON reports an error, and is no piece of an answer."""
    if not isinstance(value, Mapping):
        return False
    if value.get("error") or value.get("errorMessage") or value.get("type") == "error":
        return True
    return "choices" not in value and {"code", "message"} <= value.keys()


def one_line(text: str) -> str:
    """A service's words as a message quotes them: at most 500 characters, cut at a blank, without
    line ends and control characters."""
    printable = "".join(char if char.isprintable() else " " for char in text[:LONGEST_BODY])
    return textwrap.shorten(
        printable,
        _LONGEST_QUOTE,
        # Half a token would not be found as a secret, and would stay.
        break_long_words=False,
        break_on_hyphens=False,
        placeholder=" \u2026",
    )


class _Report(NamedTuple):
    """What a service says about an error: a sentence, and clues to its kind, the best first."""

    message: str
    clues: tuple[object, ...]


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _report_in(value: object) -> _Report:
    """Finds the sentence and the clues wherever the service puts them; there may be none."""
    if isinstance(value, list) and value:
        value = value[0]  # as Gemini does at its address for OpenAI's clients
    report = _object(value)
    error = report.get("error")
    if isinstance(error, str):
        # Some send a text alone, {"error": "text"}; others put a code beside it.
        clues = (error, report.get("code"), report.get("status"))
        return _report(report.get("message") or error, *clues)
    error = error if isinstance(error, Mapping) else report
    return _report(
        error.get("message") or error.get("errorMessage") or error.get("detail"),
        _object(error.get("data")).get("status"),
        error.get("code"),
        error.get("type"),
        _object(error.get("innererror")).get("code"),
        422 if "flagged_input" in _object(error.get("metadata")) else None,
    )


def _report(message: object, *clues: object) -> _Report:
    message = message if isinstance(message, str) else ""
    lower = message.lower()
    said = (row.status for row in _TABLE if any(phrase in lower for phrase in row.phrases))
    return _Report(message, (*clues, *said))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _row_of(report: _Report) -> _Row | None:
    """The row of the first clue to an error with an event of its own, or else of the first clue."""
    rows = [row for clue in report.clues if (row := _row_in(clue))]
    own = (row for row in rows if row.kind.code != NetworkError.code)
    return next(own, rows[0] if rows else None)


def _row_in(clue: object) -> _Row | None:
    row = _BY_STATUS.get(str(clue))
    if row or not isinstance(clue, str):
        return row
    letters = re.sub("[^a-z]", "", clue.lower())
    return next((row for row in _TABLE if any(word in letters for word in row.words.split())), None)


def _sentence_for(status: int) -> str:
    if status in _TOO_LATE:
        return f"The service did not answer in time (status {status}). Please try again."
    if status >= 500:
        return f"The service failed (status {status}). Please try again in a moment."
    if status >= 400:
        return f"The service did not accept the request (status {status})."
    return f"The service sent no answer (status {status})."


def _with_quote(sentence: str, message: str) -> str:
    quote = one_line(message)
    return f"{sentence} (It says: {quote})" if quote else sentence
