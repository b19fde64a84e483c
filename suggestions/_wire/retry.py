"""Whether, and when, a request is sent once more."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from suggestions import errors

BY_DEFAULT = 2
"""More attempts without a word from the caller, where the connection was never made."""
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 30.0
_MAY_PASS = (
    errors.QuotaExceededError,
    errors.ServiceUnavailableError,
    errors.ConnectionFailedError,
    errors.ConnectionLostError,
    errors.ConnectTimeoutError,
    errors.FirstByteTimeoutError,
    errors.IdleTimeoutError,
    errors.IncompleteStreamError,
    errors.ServiceError,
)


def retry_delay(
    error: errors.SuggestionsError,
    attempt: int,
    retries: int | None,
    *,
    never_connected: bool,
    left: float | None = None,
) -> float | None:
    """Seconds until another attempt after attempt number `attempt`, or None for no other.

    `retries` None means: only where the connection was never made. A caller's number means: for
    whatever may pass, at least as long as the service asks for; where it asks for more than
    30 s, or than is `left` of the total time, the error is told instead.
    """
    allowed = BY_DEFAULT if retries is None else retries
    if attempt > allowed or (retries is None and not never_connected) or not _may_pass(error):
        return None
    wanted = error.retry_after or 0.0
    if wanted > _LONGEST_DELAY:
        return None
    backoff = min(_FIRST_DELAY * 2.0 ** (attempt - 1), _LONGEST_DELAY)
    delay = max(wanted, backoff * random.uniform(0.5, 1.0))
    return delay if left is None or delay < left else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` (RFC 9110, section 10.2.3) asks for, None where it does not."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit():
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())


def _may_pass(error: errors.SuggestionsError) -> bool:
    if error.status is not None and error.status != 200:
        return error.status in (408, 429) or error.status >= 500
    return isinstance(error, _MAY_PASS)
