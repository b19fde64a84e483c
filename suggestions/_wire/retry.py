"""Whether, and when, a request is sent once more, or a stream is opened again."""

from __future__ import annotations

import random

from .. import errors

BY_DEFAULT = 2
"""More attempts, if the caller sets no number and the connection was never made."""
BY_DEFAULT_RESUMED = 8
"""Attempts in a row to get the rest of an answer, by default: they take about a minute."""
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 30.0
_TRANSIENT = (
    errors.QuotaExceededError,
    errors.ServiceUnavailableError,
    errors.ConnectionFailedError,
    errors.ConnectionLostError,
    errors.ConnectTimeoutError,
    errors.FirstByteTimeoutError,
    errors.IdleTimeoutError,
    errors.ContentTimeoutError,
    errors.IncompleteStreamError,
    errors.ServiceError,
)
_FINAL = (
    errors.StatusError,
    errors.NotAnAnswerError,
    errors.RedirectError,
    errors.EventTooLargeError,
)
_JITTER = 0.25
_SOONEST = 0.01
_MOST_DOUBLINGS = 60


def retry_delay(
    error: errors.SuggestionsError,
    attempt: int,
    retries: int | None,
    *,
    never_connected: bool,
    left: float | None = None,
) -> float | None:
    """Seconds until another attempt after attempt number `attempt`, or None for no other.

    With `retries` None, there is another only if the connection was never made. With a number,
    there is one after each error that may pass. It waits at least as long as the service asks
    for; if that is more than 30 s, or more than is `left` of the total time, there is none.
    """
    allowed = BY_DEFAULT if retries is None else retries
    if attempt > allowed or (retries is None and not never_connected) or not _may_pass(error):
        return None
    return _delay(error, attempt, left)


def resume_delay(
    error: errors.SuggestionsError, failures: int, retries: int | None, left: float | None
) -> float | None:
    """Seconds until the rest of an answer is asked for, or None if it is not.

    `failures` is the number of attempts in a row that have got nothing of it, and `left` what is
    left of the total time, None without a limit. It is asked for after each error that may pass.
    """
    allowed = BY_DEFAULT_RESUMED if retries is None else retries
    is_network = isinstance(error, errors.NetworkError) or error.status is not None
    if failures >= allowed or not is_network or not _may_pass(error):
        return None
    return _delay(error, failures + 1, left)


def _delay(error: errors.SuggestionsError, attempt: int, left: float | None) -> float | None:
    wanted = error.retry_after or 0.0
    if wanted > _LONGEST_DELAY:
        return None
    backoff = min(_FIRST_DELAY * 2.0 ** (attempt - 1), _LONGEST_DELAY)
    delay = max(wanted, backoff * random.uniform(0.5, 1.0))
    return delay if left is None or delay < left else None


def may_reconnect(error: errors.SuggestionsError) -> bool:
    """Whether to open a stream again: if the network failed, or the stream just ended.

    A status, an answer that is none, a redirect that leads nowhere and an event that is too large
    would be the same the next time.
    """
    return isinstance(error, errors.NetworkError) and not isinstance(error, _FINAL)


def reconnection_delay(reconnection_time: float, failures: int, longest: float) -> float:
    """Seconds until a stream is opened again, after `failures` attempts in a row without one.

    The first attempt waits the reconnection time (seconds, at least 0.01), each further one twice
    as long, up to `longest`, which never shortens what the server asked for. Up to a quarter is
    added, so that not all clients come back at once.
    """
    backoff = max(reconnection_time, _SOONEST) * 2.0 ** min(failures, _MOST_DOUBLINGS)
    return min(backoff, max(longest, reconnection_time)) * random.uniform(1.0, 1.0 + _JITTER)


def _may_pass(error: errors.SuggestionsError) -> bool:
    if error.status is not None and error.status != 200:
        return error.status in (408, 429) or error.status >= 500
    return isinstance(error, _TRANSIENT)
