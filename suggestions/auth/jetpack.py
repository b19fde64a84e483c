"""Tokens for Jetpack AI, from the WordPress site that is connected to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from .._util.arguments import (
    check_headers,
    check_seconds,
    check_session,
    check_url,
    warn_of_plain_http,
)
from .._util.redaction import secrets_of
from .._util.secret import Secret, hide_headers
from .renewed import Renewed

if TYPE_CHECKING:
    import requests


class JetpackToken(Renewed):
    """`POST {site_url}/wp-json/jetpack/v4/jetpack-ai-jwt`; the answer's `token`.

    With `site_id`, `POST {site_url}/wpcom/v2/sites/{site_id}/jetpack-openai-query/jwt`, for sites
    that WordPress.com hosts. `nonce` is sent as `X-WP-Nonce`; `session` may have the cookies that
    belong to it, or a user name and an application password as its `auth`. The token is kept for
    `lifetime` seconds.

    Raises `TypeError`, `ValueError` that name the argument. Calling it raises `AuthenticationError`
    if the site refuses the login, and other `SuggestionsError`s for other failures.
    """

    __module__ = __name__.rpartition(".")[0]
    _url = ""

    def __init__(
        self,
        site_url: str,
        *,
        nonce: str | None = None,
        session: requests.Session | None = None,
        site_id: int | str | None = None,
        lifetime: float = 120,
    ) -> None:
        super().__init__()
        if nonce is None and session is None:
            raise ValueError(
                "JetpackToken needs a nonce, or a session whose auth is a user name and an "
                "application password"
            )
        if isinstance(site_id, bool) or not isinstance(site_id, (int, str, type(None))):
            raise TypeError(f"site_id must be an int or a str, not {type(site_id).__name__}")
        path = (
            "/wp-json/jetpack/v4/jetpack-ai-jwt"
            if site_id is None
            else f"/wpcom/v2/sites/{quote(str(site_id), safe='')}/jetpack-openai-query/jwt"
        )
        self._url = check_url(site_url).rstrip("/") + path
        self._headers = check_headers(hide_headers({} if nonce is None else {"X-WP-Nonce": nonce}))
        self._session = check_session(session)
        self._lifetime = check_seconds("lifetime", lifetime)
        warn_of_plain_http(self._url, "the login", stacklevel=2)

    def __repr__(self) -> str:
        return f"<JetpackToken {self._url}>"

    def fetch(self) -> tuple[Secret[str], float | None]:
        # requests takes long to import: only a program that logs in pays for it.
        from .login import fetch_token

        asked = time.time()
        token = fetch_token(
            self._url,
            "token",
            headers=self._headers,
            session=self._session,
            secrets=[*self._headers.values(), *secrets_of(self._session)],
        )
        return token, asked + self._lifetime
