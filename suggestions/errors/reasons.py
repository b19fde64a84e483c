"""From a model's reason to stop to the failure that it names."""

from __future__ import annotations

import re

from .kinds import row_of_code
from .tree import (
    ModerationError,
    ServiceError,
    ServiceUnavailableError,
    SuggestionsError,
)

# Parts of reasons, letters only. Some are followed by another: "content_filter: SAFETY".
_FILTERED = (
    *("contentfilter", "safety", "prohibitedcontent", "recitation", "blocklist", "spii"),
    *("sensitive", "guardrail", "refusal", "moderation", "toxic", "blocked", "flagged"),
)
_OVERLOADED = ("insufficientsystemresource", "overloaded", "unavailable")
_BROKEN = (
    *("error", "abort", "cancel", "timeout", "timedout", "fail", "interrupt", "disconnect"),
    *("malformed", "functioncallfilter", "unexpectedtoolcall", "toomanytoolcalls"),
    *("missingthoughtsignature", "exception"),
)
# Reasons of a limit, which the caller has set or the model has. The answer is what was asked for.
_LIMITS = ("max", "length", "modelcontextwindow")
_BROKEN_OFF = "The service{} broke off the answer."


def from_reason(reason: str) -> SuggestionsError | None:
    """The failure that a model's reason to stop names, None if it is none.

    Case, blanks and underscores do not matter: "content_filter: SAFETY", "PROHIBITED_CONTENT",
    "network_error". Every reason that is not known, such as "eos_token", is not a failure.
    """
    letters = _letters(reason)
    if any(part in letters for part in _FILTERED):
        return ModerationError("The answer was stopped by the service's content filter.")
    if any(part in letters for part in _OVERLOADED):
        return ServiceUnavailableError(_BROKEN_OFF.format(" is busy and"), said=reason)
    if not any(part in letters for part in _BROKEN):
        return None
    row = row_of_code(reason)
    return (row.kind if row and row.has_own_event else ServiceError)(
        _BROKEN_OFF.format(""), said=reason
    )


def from_interruption(reason: str) -> SuggestionsError | None:
    """The failure that the reason of an incomplete answer names, None if it is a limit.

    For the `incomplete_details.reason` of Responses: there is one only if the answer is not
    complete, so that every reason but a limit, such as "max_output_tokens", is a failure.
    """
    if _letters(reason).startswith(_LIMITS):
        return None
    return from_reason(reason) or ServiceError(_BROKEN_OFF.format(""), said=reason)


def _letters(reason: str) -> str:
    return re.sub("[^a-z]", "", reason.lower())
