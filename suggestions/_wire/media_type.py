"""What a response says that it is: its media type and charset (RFC 9110, section 8.3)."""

from __future__ import annotations

import re

_CHARSET = r"(?i);\s*charset=[\"']?([\w.:-]{1,40})"
_PARTS = r'(?:"[^"]*"|[^,])+'


def media_type(content_type: str) -> str:
    """In lower case, without parameters; "" where there is none.

    The last one counts where the header came twice (Fetch, "extract a MIME type").
    """
    return _last(content_type).partition(";")[0].strip().lower()


def charset(content_type: str) -> str:
    """That of a text; "utf-8" where the header names none."""
    found = re.search(_CHARSET, _last(content_type))
    return found[1] if found else "utf-8"


def _last(content_type: str) -> str:
    parts = re.findall(_PARTS, content_type)
    return next(
        (part for part in reversed(parts) if "/" in part and "*/*" not in part), content_type
    )
