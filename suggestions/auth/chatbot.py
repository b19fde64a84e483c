"""The chatbot backend's login: a user name and a password for a JSON Web Token."""

from __future__ import annotations

from typing import Literal

from suggestions._util.arguments import check_url, warn_of_plain_http
from suggestions.auth.jwt import expiry
from suggestions.auth.login import fetch_token
from suggestions.auth.renewed import Renewed

_WAYS = ("form", "params")


class ChatbotLogin(Renewed):
    """`POST {base_url}/auth` with `username` and `password`; the answer's `accessToken`.

    They go as multipart form data ("form"), or in the address ("params"), where the service's own
    log can see them. The token is kept until its `exp`; one that is refused is replaced once.

    Raises `TypeError`, `ValueError` that name the argument. Calling it raises `AuthenticationError`
    for a user name or password that is refused, other `SuggestionsError`s for what else fails.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        send: Literal["form", "params"] = "form",
    ) -> None:
        super().__init__()
        for name, value in (("username", username), ("password", password)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, not {type(value).__name__}")
            if not value:
                raise ValueError(f"{name} is empty: expected a text")
        if send not in _WAYS:
            raise ValueError(f"send is {send!r}: expected one of {', '.join(map(repr, _WAYS))}")
        self._url = check_url(base_url).rstrip("/") + "/auth"
        self._fields = {"username": username, "password": password}
        self._send = send
        warn_of_plain_http(self._url, "the password", stacklevel=2)

    def __repr__(self) -> str:
        return f"<ChatbotLogin {self._url}>"

    def fetch(self) -> tuple[str, float | None]:
        # requests takes long to import; only whoever logs in pays for it.
        from urllib.parse import urlencode

        from urllib3.filepost import encode_multipart_formdata

        from suggestions.auth.discreet import LoginSession

        body, kind = b"", ""
        if self._send == "form":
            body, kind = encode_multipart_formdata(self._fields)
        query = "" if kind else urlencode(self._fields)
        token = fetch_token(
            self._url,
            "accessToken",
            headers={"Content-Type": kind} if kind else {},
            body=body,
            session=LoginSession(query),
            secrets=(self._fields["password"],),
        )
        return token, expiry(token)
