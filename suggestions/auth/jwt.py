"""When a JSON Web Token ends (RFC 7519). It is read, not verified: that is the service's part."""

from __future__ import annotations

import base64
import json
import math


def expiry(token: str) -> float | None:
    """The claim `exp` (section 4.1.4), in seconds since the epoch; None where it has no such."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        end = claims["exp"]
        number = isinstance(end, (int, float)) and not isinstance(end, bool)
        return float(end) if number and math.isfinite(end) else None
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None
