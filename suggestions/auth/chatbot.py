"""The chatbot backend's login: a user name and a password for a JSON Web Token."""

from __future__ import annotations

import base64
import json
import math
from typing import Any, Literal

from .._util.arguments import check_url, warn_of_plain_http
from .._util.secret import Secret, hide, reveal, revealed, type_name
from .renewed import Renewed

_WAYS = ("form", "params")


class ChatbotLogin(Renewed):
    """`POST {base_url}/auth` with `username` and `password`; the answer's `accessToken`.

    They are sent as multipart form data ("form"), or in the address ("params"): then the service's
    own log may show them. The token is kept until its `exp`; one that is refused is replaced once.

    Raises `TypeError`, `ValueError` that name the argument. Calling it raises `AuthenticationError`
    if the service refuses the user name or the password, and other `SuggestionsError`s for other
    failures.
    """

    __module__ = __name__.rpartition(".")[0]
    _url = ""

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        send: Literal["form", "params"] = "form",
    ) -> None:
        super().__init__()
        password = hide(password)
        for name, value in (("username", username), ("password", password)):
            if not isinstance(reveal(value), str):
                raise TypeError(f"{name} must be a str, not {type_name(value)}")
            if not reveal(value):
                raise ValueError(f"{name} is empty: expected a text")
        if send not in _WAYS:
            raise ValueError(f"send is {send!r}: expected one of {', '.join(map(repr, _WAYS))}")
        self._url = check_url(base_url).rstrip("/") + "/auth"
        self._fields: dict[str, Any] = {"username": username, "password": password}
        self._send = send
        warn_of_plain_http(self._url, "the password", stacklevel=2)

    def __repr__(self) -> str:
        return f"<ChatbotLogin {self._url}>"

    def fetch(self) -> tuple[Secret[str], float | None]:
        # requests takes long to import: only a program that logs in pays for it.
        from urllib3.filepost import choose_boundary, encode_multipart_formdata

        from .login import fetch_token

        as_form = self._send == "form"
        boundary = choose_boundary()
        kind = f"multipart/form-data; boundary={boundary}"
        token = fetch_token(
            self._url,
            "accessToken",
            query={} if as_form else self._fields,
            headers={"Content-Type": kind} if as_form else {},
            body=Secret(encode_multipart_formdata(revealed(self._fields), boundary)[0])
            if as_form
            else None,
            secrets=(self._fields["password"],),
        )
        return token, expiry(token())


def expiry(token: str) -> float | None:
    """When a JSON Web Token ends, in seconds since the epoch; None if it does not say so.

    That is its claim `exp` (RFC 7519, section 4.1.4). The token is not verified, which is the
    service's part.
    """
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
