"""The one way from a status, a body or an error in the stream to an error of the tree."""

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

_BY_STATUS: dict[int, tuple[type[SuggestionsError], str]] = {
    400: (StatusError, "The service did not accept the request."),
    401: (AuthenticationError, "The service wants a valid token: it is missing, wrong or expired."),
    402: (QuotaExceededError, "The account has no credit left."),
    403: (AuthenticationError, "The token is not allowed to do this."),
    404: (StatusError, "The service has nothing at this address. Are the URL and the model right?"),
    405: (StatusError, "Nobody answers questions at this address. Is the URL right?"),
    413: (ContextTooLargeError, "The text is too long for the service."),
    422: (ModerationError, "The service declined this text. Please rephrase it and try again."),
    429: (QuotaExceededError, "Too many requests, or the quota is used up. Try again later."),
    503: (ServiceUnavailableError, "The service is busy. Please try again in a moment."),
    529: (ServiceUnavailableError, "The service is overloaded. Please try again in a moment."),
}
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
_TOO_LATE = (408, 504, 522, 524)
_BY_CODE = {
    kind.code: (kind, sentence)
    for kind, sentence in _BY_STATUS.values()
    if kind.code != NetworkError.code
}
_BY_CODE[UnclearPromptError.code] = (
    UnclearPromptError,
    "Your request was unclear. Mind trying again?",
)
# These say little, so that a code in the body may say more.
_VAGUE = (400, 403, 500)
_WITH_OWN_EVENT = frozenset((402, 413, 422, 429, 503, 529))

# Parts of the words in `error.code` and `error.type`, letters only, as OpenAI, Azure, Anthropic,
# OpenRouter, llama.cpp, DashScope and Gemini write them, and the status whose error they are.
_STATUS_BY_WORD = {
    "ratelimit": 429,
    "insufficientquota": 429,
    "quotaexceeded": 429,
    "allocationquota": 429,
    "resourceexhausted": 429,
    "throttling": 429,
    "toomanyrequests": 429,
    "billing": 402,
    "insufficientbalance": 402,
    "arrearage": 402,
    "contentfilter": 422,
    "contentpolicy": 422,
    "datainspectionfailed": 422,
    "moderation": 422,
    "responsibleai": 422,
    "overloaded": 503,
    "serviceunavailable": 503,
    "serverbusy": 503,
    "contextlength": 413,
    "contextwindow": 413,
    "exceedcontextsize": 413,
    "requesttoolarge": 413,
    "authentication": 401,
    "invalidapikey": 401,
    "permission": 403,
}
# Some have no code for a conversation that is too long: vLLM, Anthropic, OpenRouter, DashScope.
_TOO_LONG = ("maximum context length", "prompt is too long", "range of input length")

_LONGEST_QUOTE = 500


def from_status(
    status: int,
    body: str = "",
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> SuggestionsError:
    """The error for a response with `status` that is not an answer.

    The body's own code counts where it says more than a general status: a 400 can be a content
    filter or a conversation that is too long.
    """
    told = _told_in(_parsed(body))
    told_status = _status_of(told) if status in _VAGUE else None
    kind, sentence = _BY_STATUS.get(told_status or status, (StatusError, _sentence_for(status)))
    return kind(
        _with_quote(_ADVICE.get(told.message, sentence), told.message),
        status=status,
        body=body,
        request_id=request_id,
        retry_after=retry_after,
    )


def from_report(report: object, *, body: str | None = None) -> SuggestionsError:
    """The error for one that is reported in a stream, or in a body with status 200.

    `report` is what stands under `error` (a mapping or a text), or a whole message that is one.
    """
    told = _told_in(report if isinstance(report, Mapping) else {"error": report})
    kind, sentence = _BY_STATUS.get(_status_of(told) or 0, (ServiceError, "The service failed."))
    if kind is StatusError:
        kind = ServiceError
    return kind(_with_quote(sentence, told.message), body=body)


def from_code(code: object, message: str, *, body: str | None = None) -> SuggestionsError:
    """The error whose `code` is this one of ours, as a relay passes it on with its `message`.

    Any other code is a `ServiceError`.
    """
    kind, sentence = _BY_CODE.get(str(code), (ServiceError, "The service failed."))
    return kind(one_line(message) or sentence, body=body)


def is_report(value: object) -> bool:
    """Whether a message's JSON tells an error rather than a piece of an answer."""
    if not isinstance(value, Mapping):
        return False
    if value.get("error") or value.get("errorMessage") or value.get("type") == "error":
        return True
    return "choices" not in value and {"code", "message"} <= value.keys()


def one_line(text: str) -> str:
    """What others say, as a message quotes it: without line ends and control characters, cut at a
    blank where it is long."""
    printable = "".join(char if char.isprintable() else " " for char in text[:LONGEST_BODY])
    return textwrap.shorten(
        printable,
        _LONGEST_QUOTE,
        # Half a token would not be known as one, and stay.
        break_long_words=False,
        break_on_hyphens=False,
        placeholder=" \u2026",
    )


class _Told(NamedTuple):
    """What a service says of an error: a sentence, and clues to its kind, the best first."""

    message: str
    clues: tuple[object, ...]


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _told_in(report: object) -> _Told:
    """The clues wherever the service put them; none at all is fine."""
    if isinstance(report, list) and report:
        report = report[0]  # as Gemini says it behind its address for OpenAI's clients
    report = _object(report)
    error = report.get("error")
    if isinstance(error, str):
        # Some say it in a text, {"error": "text"}; others put a word beside the text.
        clues = (error, report.get("code"), report.get("status"))
        return _told(report.get("message") or error, *clues)
    error = error if isinstance(error, Mapping) else report
    return _told(
        error.get("message") or error.get("errorMessage") or error.get("detail"),
        _object(error.get("data")).get("status"),
        error.get("code"),
        error.get("type"),
        _object(error.get("innererror")).get("code"),
        422 if "flagged_input" in _object(error.get("metadata")) else None,
    )


def _told(message: object, *clues: object) -> _Told:
    message = message if isinstance(message, str) else ""
    if any(words in message.lower() for words in _TOO_LONG):
        clues += ("context_length",)
    return _Told(message, clues)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _status_of(told: _Told) -> int | None:
    """The first clue to an error with an event of its own, or else the first clue."""
    statuses = [status for clue in told.clues if (status := _status_in(clue))]
    first = statuses[0] if statuses else None
    return next((status for status in statuses if status in _WITH_OWN_EVENT), first)


def _status_in(clue: object) -> int | None:
    if isinstance(clue, int):
        return clue if clue in _BY_STATUS else None
    if not isinstance(clue, str):
        return None
    if clue in _STATUS_BY_DIGITS:
        return _STATUS_BY_DIGITS[clue]
    word = re.sub("[^a-z]", "", clue.lower())
    return next((status for part, status in _STATUS_BY_WORD.items() if part in word), None)


_STATUS_BY_DIGITS = {str(status): status for status in _BY_STATUS}


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
