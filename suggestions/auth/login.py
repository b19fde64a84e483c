"""One request for a token, over the transport that answers come over."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from suggestions._util.redaction import redact
from suggestions._wire.abort import Lifeline
from suggestions._wire.timeouts import Clock
from suggestions.auth.token import check_token
from suggestions.errors import (
    LONGEST_BODY,
    AuthenticationError,
    RedirectError,
    SuggestionsError,
    from_status,
)

if TYPE_CHECKING:
    import requests

TIMEOUTS: dict[str, float | None] = {
    "connect": 10.0,
    "first_byte": 30.0,
    "idle": 30.0,
    "total": 60.0,
}
"""Seconds. Whoever waits for a token waits for this."""


def fetch_token(
    url: str,
    field: str,
    *,
    headers: Mapping[str, str] = {},
    body: bytes | None = None,
    session: requests.Session | None = None,
    secrets: Collection[str] = (),
) -> str:
    """Posts, and returns the text in `field` of the JSON object that comes back.

    Raises `SuggestionsError`; neither the `secrets` nor what was sent is in it.
    """
    try:
        return _token_in(
            _post(url, {"Accept": "application/json", **headers}, body, session), field
        )
    except SuggestionsError as error:
        redact(error, secrets)
        # What lies below holds the request, with all that is in it.
        error.__cause__ = error.__context__ = None
        raise


def _post(
    url: str, headers: Mapping[str, str], body: bytes | None, session: requests.Session | None
) -> str:
    from suggestions._wire.retry import retry_after
    from suggestions._wire.transport import Transport

    # No other host, nor another address of this one, is to be told the password.
    transport = Transport(Clock(TIMEOUTS), Lifeline(), session, follow=False)
    try:
        transport.open("POST", url, headers, body)
        status = transport.status
        if status in (301, 302, 303, 307, 308):
            raise RedirectError(_redirected(url, transport.headers.get("Location", "")))
        accepted = 200 <= status < 300
        said = transport.body(LONGEST_BODY, whole=accepted).decode("utf-8-sig", "replace")
        if not accepted:
            raise from_status(status, said, retry_after=retry_after(transport.headers))
        return said
    finally:
        transport.close()


def _token_in(said: str, field: str) -> str:
    try:
        token = json.loads(said)[field]
        check_token(token)
        if isinstance(token, str):
            return token
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    # What it said instead is not quoted: it may be the token under another name.
    raise AuthenticationError(
        f"The login was answered without a token: expected JSON with {field!r}. "
        "Is the address right?"
    )


def _redirected(url: str, location: str) -> str:
    from urllib.parse import urljoin, urlsplit

    try:
        place = urlsplit(urljoin(url, location))
    except ValueError:
        place = urlsplit("")
    host = place.netloc.rpartition("@")[2]
    return (
        f"{urlsplit(url).hostname} redirects the login, which is not followed with a password. "
        f"If you trust it, use the address {place.scheme}://{host}{place.path} instead."
    )
