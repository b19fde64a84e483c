"""What a source's exchange was, as JSON to attach to a report of a bug; no secret in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from suggestions._util.redaction import is_harmless, is_secret, redactor
from suggestions.events import Event

if TYPE_CHECKING:
    from suggestions.dialects import Request
    from suggestions.errors import SuggestionsError

    Redact = Callable[[str], str]

FORMAT = 1
REMOVED = "[removed]"


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
    # The texts, and not what is made of them: a secret may be a word of JSON, or of a dump's own.
    redact = redactor(secrets)
    told = {
        "suggestions_dump": FORMAT,
        "dialect": dialect,
        "request": {
            "method": request.method,
            "url": redact(_without_values(request.url)),
            "headers": _harmless(request.headers, redact),
            "json": _without_secrets(request.json, redact),
        },
        "retries": [_error(entry.detail.error, redact) for entry in _events(entries, "retry")],
        "response": next(
            (
                {
                    "status": entry.detail.status,
                    "headers": _harmless(entry.detail.headers, redact),
                }
                for entry in _events(entries, "open")
            ),
            None,
        ),
        "messages": [[redact(text) for text in entry] for entry in entries if type(entry) is tuple],
        "body": whole and redact(whole),
        "error": error and _error(error, redact),
    }
    return json.dumps(told, indent=1) + "\n"


def _events(entries: Iterable[Any], name: str) -> Iterable[Event[Any]]:
    return (entry for entry in entries if type(entry) is Event and entry.type == name)


def _error(error: SuggestionsError, redact: Redact) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "code": error.code,
        "message": redact(error.message),
        "status": error.status,
        "retry_after": error.retry_after,
        "body": error.body and redact(error.body),
    }


def _harmless(headers: Mapping[str, str], redact: Redact) -> dict[str, str]:
    return {
        name: redact(value) if is_harmless(name) else REMOVED for name, value in headers.items()
    }


def _without_values(url: str) -> str:
    """The address; what its query says may be a key."""
    parts = urlsplit(url)
    names = [(name, REMOVED) for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(names, safe="[]")))


def _without_secrets(value: Any, redact: Redact, *, secret: bool = False) -> Any:
    """A body; some services want their key in it, and some have it deep under a secret name."""
    if isinstance(value, str):
        return REMOVED if secret else redact(value)
    if isinstance(value, Mapping):
        return {
            redact(str(name)): _without_secrets(kept, redact, secret=secret or is_secret(name))
            for name, kept in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item, redact, secret=secret) for item in value]
    return value
