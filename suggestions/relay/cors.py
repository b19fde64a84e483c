"""Cross-origin requests: who may read a response from another site (WHATWG Fetch, section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ORIGIN = r"https?://[^/\s,]+|null"
_LONGEST_MEMORY = "600"  # seconds for which a browser need not ask again


class Cors:
    """`allowed`: "*", an origin like "https://app.example", or a list of them; None for nobody.

    Raises `TypeError`, `ValueError`.
    """

    def __init__(self, allowed: str | Sequence[str] | None) -> None:
        origins = [allowed] if isinstance(allowed, str) else allowed or []
        if not isinstance(origins, Sequence) or isinstance(origins, bytes):
            raise TypeError(f"cors must be '*' or a list of origins, not {type(allowed).__name__}")
        for origin in origins:
            if not isinstance(origin, str):
                raise TypeError(f"cors must hold texts, not {type(origin).__name__}")
            if origin != "*" and not re.fullmatch(_ORIGIN, origin):
                raise ValueError(f"cors: {origin!r} is no origin: expected '*' or https://host")
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> dict[str, str]:
        """For a response to a request whose header `Origin` is this one."""
        if "*" in self._origins:
            return {"Access-Control-Allow-Origin": "*"}
        vary = {"Vary": "Origin"} if self._origins else {}
        if origin in self._origins:
            return {"Access-Control-Allow-Origin": str(origin), **vary}
        return vary

    def preflight(self, origin: str | None, asked: str | None) -> dict[str, str]:
        """For the answer to a preflight; `asked` is its `Access-Control-Request-Headers`."""
        return {
            **self.headers(origin),
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": asked or "Content-Type",
            "Access-Control-Max-Age": _LONGEST_MEMORY,
        }
