"""A dump: what a source sent and received, as JSON to attach to a bug report; without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._util import redaction
from .._util.redaction import Redact
from .._util.secret import Secret
from ..events import Event

if TYPE_CHECKING:
    from ..dialects import Request
    from ..errors import SuggestionsError

FORMAT = 1


def make_dump(
    dialect: str,
    request: Request,
    log: Iterable[Any],
    whole: str | None,
    error: SuggestionsError | None,
    secrets: Iterable[Secret[str]],
) -> str:
    """The text of a dump: the request, the response, and each message as it came."""
    entries = list(log)
    # Each text by itself, not the finished JSON: a secret may be a word that the dump itself uses.
    redact = redaction.redactor(secrets)
    dump = {
        "suggestions_dump": FORMAT,
        "dialect": dialect,
        "request": {
            "method": request.method,
            "url": redact(redaction.without_values(request.url)),
            "headers": redaction.harmless_headers(request.headers, redact),
            "json": redaction.without_secrets(request.json, redact),
        },
        "retries": [_error(entry.detail.error, redact) for entry in _events(entries, "retry")],
        "response": next(
            (
                {
                    "status": entry.detail.status,
                    "headers": redaction.harmless_headers(entry.detail.headers, redact),
                }
                for entry in _events(entries, "open")
            ),
            None,
        ),
        "messages": [[redact(text) for text in entry] for entry in entries if type(entry) is tuple],
        "body": whole and redact(whole),
        "error": error and _error(error, redact),
    }
    return json.dumps(dump, indent=1) + "\n"


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
