"""What a response says that it is: its media type and charset (RFC 9110, section 8.3)."""

from __future__ import annotations

import re

_CHARSET = r"(?i);\s*charset=[\"']?([\w.:-]{1,40})"


def media_type(content_type: str) -> str:
    """In lower case, without parameters; "" where the header says none.

    The last one counts where the header came twice (Fetch, "extract a MIME type").
    """
    names = [part.partition(";")[0].strip().lower() for part in content_type.split(",")]
    return next((name for name in reversed(names) if "/" in name), names[0])


def charset(content_type: str) -> str:
    """That of a text; "utf-8" where the header names none."""
    found = re.search(_CHARSET, content_type)
    return found[1] if found else "utf-8"
