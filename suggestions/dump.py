"""What a source's exchange was, as JSON to attach to a report of a bug; no secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from suggestions.auth import redact_text
from suggestions.events import Event

if TYPE_CHECKING:
    from suggestions.dialects import Request
    from suggestions.errors import SuggestionsError

FORMAT = 1
REMOVED = "[removed]"
# Any other may be a secret, or carry one.
_HARMLESS = frozenset(
    (
        "accept",
        "anthropic-version",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "request-id",
        "retry-after",
        "server",
        "transfer-encoding",
        "user-agent",
        "via",
        "x-request-id",
    )
)
_SECRET = r"(?i)key|token|secret|passw|auth|credential|nonce|session|cookie"


def make_dump(
    dialect: str,
    request: Request,
    log: Iterable[Any],
    whole: str | None,
    error: SuggestionsError | None,
    secrets: Iterable[str],
) -> str:
    """The text of a dump: the request, the response, and each message as it came."""
    entries = list(log)
    told = {
        "suggestions_dump": FORMAT,
        "dialect": dialect,
        "request": {
            "method": request.method,
            "url": _without_values(request.url),
            "headers": _harmless(request.headers),
            "json": _without_secrets(request.json),
        },
        "retries": [_error(entry.detail.error) for entry in _events(entries, "retry")],
        "response": next(
            (
                {"status": entry.detail.status, "headers": _harmless(entry.detail.headers)}
                for entry in _events(entries, "open")
            ),
            None,
        ),
        "messages": [list(entry) for entry in entries if type(entry) is tuple],
        "body": whole,
        "error": error and _error(error),
    }
    return redact_text(json.dumps(told, indent=1), secrets) + "\n"


def _events(entries: Iterable[Any], name: str) -> Iterable[Event[Any]]:
    return (entry for entry in entries if type(entry) is Event and entry.type == name)


def _error(error: SuggestionsError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "status": error.status,
        "body": error.body,
    }


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value if name.lower() in _HARMLESS else REMOVED for name, value in headers.items()
    }


def _without_values(url: str) -> str:
    """The address; what its query says may be a key."""
    parts = urlsplit(url)
    names = [(name, REMOVED) for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(names, safe="[]")))


def _without_secrets(value: Any) -> Any:
    """A body; some services want their key in it."""
    if isinstance(value, Mapping):
        return {
            name: REMOVED
            if isinstance(kept, str) and re.search(_SECRET, name)
            else _without_secrets(kept)
            for name, kept in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    return value
