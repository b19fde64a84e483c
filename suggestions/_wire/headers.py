"""What the headers of a response say: its type, its charset, its id, when to ask again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

_CHARSET = r"(?i);\s*charset=[\"']?([\w.:-]{1,40})"
_PARTS = r'(?:"[^"]*"|[^,])+'
_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
_REQUEST_IDS = ("x-request-id", "request-id", "x-ms-request-id", "apim-request-id")


def media_type(content_type: str) -> str:
    """The type of RFC 9110, section 8.3, in lower case, without parameters; "" for none.

    If the header came twice, the last one counts (Fetch, "extract a MIME type").
    """
    return type_as_sent(content_type).lower()


def type_as_sent(content_type: str) -> str:
    """As `media_type`, for a message: a secret in it is found only as it was sent."""
    return _last(content_type).partition(";")[0].strip()


def charset(content_type: str) -> str:
    """The charset of a text; "utf-8" if the header names none."""
    found = re.search(_CHARSET, _last(content_type))
    return found[1] if found else "utf-8"


def request_id(headers: Mapping[str, str]) -> str | None:
    """The service's id of the request. `headers` must ignore case."""
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the service asks to wait for, None if for none.

    `headers` must ignore case. It is in `Retry-After` (RFC 9110, section 10.2.3), and at OpenAI and
    Azure more exactly in one of the headers in milliseconds.
    """
    for name in _MILLISECONDS:
        if (milliseconds := _number(headers.get(name, ""))) is not None:
            return milliseconds / 1000
    value = headers.get("Retry-After", "").strip()
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())


def _number(value: str) -> float | None:
    """The value of digits with at most one point; None for all else, and for an infinite one."""
    value = value.strip()
    if not (value.isascii() and value.replace(".", "", 1).isdigit()):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _last(content_type: str) -> str:
    parts = re.findall(_PARTS, content_type)
    return next(
        (part for part in reversed(parts) if "/" in part and "*/*" not in part), content_type
    )
