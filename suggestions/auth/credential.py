"""What one question or one stream is asked with that nobody else is to know: its token, and what
else of its request is a secret."""

from __future__ import annotations

import contextlib
import json
import re
import traceback
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from suggestions.auth.token import SHORT, Token, current_token, has_another, redact, redact_text
from suggestions.errors import SuggestionsError

if TYPE_CHECKING:
    import requests

# A stream may go on for weeks, with a new token every hour.
_REMEMBERED = 8
_LONG = 8 * 1024
"""Characters. A header of more is refused by most services; cookies and keys have fewer."""
HARMLESS = frozenset(
    (
        "accept",
        "accept-encoding",
        "accept-language",
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
"""Names of headers, in lower case. The value of any other may be a secret, or carry one."""
_SECRET = r"(?i)key|token|secret|passw|auth|credential|nonce|session|cookie"


class Credential:
    """Gets the token before each request, and another one, once, where it was refused.

    `url`, `headers` and `body` (what is sent as JSON, or bytes) are those of each request, without
    the token; `session` is what has more to send.
    """

    def __init__(
        self,
        token: Token | None,
        *,
        url: str = "",
        headers: Mapping[str, str] = {},
        body: object = None,
        session: requests.Session | None = None,
    ) -> None:
        self._token = token
        self._session = session
        self._request = (url, headers, body)
        self._sent_last: deque[str] = deque(maxlen=_REMEMBERED)
        self._sent = ""
        self._renewed = False

    @property
    def secrets(self) -> list[str]:
        """The tokens that were sent last, and what else of the request may be one."""
        # Whoever gives a token says that it is one. What is not known for one and is short is
        # rather a word, such as "true" or "demo": to take that out of what a service says would
        # hide much and keep little. What is very long is a document.
        others = [*_secrets_in(*self._request), *_secrets_of(self._session)]
        return [*self._sent_last, *(text for text in others if SHORT <= len(text) <= _LONG)]

    def current(self) -> str | None:
        """The token to send now, None for none. Raises what `current_token` raises."""
        if self._token is None:
            return None
        self._sent = ""  # where there is none to send, none is refused
        self._sent = current_token(self._token)
        if self._sent not in self._sent_last:
            self._sent_last.append(self._sent)
        return self._sent

    def accepted(self) -> None:
        """The service has taken it: a later refusal is another one."""
        self._renewed = False

    def has_another(self, error: SuggestionsError) -> bool:
        """Tells the provider, once, that its token was refused; True where it has another."""
        if error.status != 401 or self._token is None or self._renewed or not self._sent:
            return False
        self._renewed = True
        return has_another(self._token, self._sent)

    def redact(self, error: SuggestionsError) -> None:
        """Takes the secrets out of an error that came back."""
        redact(error, self.secrets)

    def traceback_of(self, error: BaseException) -> str:
        """For the log, without the secrets, which a dialect of one's own may have quoted."""
        return redact_text("".join(traceback.format_exception(error)), self.secrets)


def is_secret(name: object) -> bool:
    """Whether what stands under a name in a body, a query or a header is a secret."""
    return re.search(_SECRET, str(name)) is not None


def _secrets_in(url: str, headers: Mapping[str, str | bytes], body: object) -> Iterator[str]:
    for name, given in headers.items():
        value = _text(given)
        # A dialect of one's own may have put anything there.
        if isinstance(value, str) and str(name).lower() not in HARMLESS:
            yield value
            if is_secret(name):
                yield value.partition(" ")[2]  # behind "Bearer", "Basic" and their like
            if str(name).lower() == "cookie":
                yield from (part.partition("=")[2].strip(' "') for part in value.split(";"))
    fields = [{name: value} for name, value in parse_qsl(urlsplit(url).query)]
    yield from _texts_of_secret_names([fields, _as_json(body)])


def _secrets_of(session: requests.Session | None) -> list[str]:
    secrets: list[str] = []
    for read in (_secrets_in_headers_of, _secrets_in_query_of, _cookies_of, _secrets_in_auth_of):
        # Whatever was put there: an error that cannot be told would be worse than one with it.
        with contextlib.suppress(Exception):
            secrets += read(session)
    return secrets


def _secrets_in_headers_of(session: Any) -> Iterator[str]:
    return _secrets_in("", session.headers, None)


def _secrets_in_query_of(session: Any) -> Iterator[str]:
    import requests

    request = requests.Request("GET", "http://localhost", params=session.params)
    return _secrets_in(request.prepare().url or "", {}, None)


def _cookies_of(session: Any) -> list[str]:
    return [value.strip('"') for value in session.cookies.values() if value]


def _secrets_in_auth_of(session: Any) -> Iterator[str]:
    auth = session.auth
    given = (
        zip(("username", "password"), auth, strict=True) if isinstance(auth, tuple) else vars(auth)
    )
    known = {name: _text(value) for name, value in dict(given).items()}
    yield from _texts_of_secret_names(known)
    if {"username", "password"} <= known.keys():
        sent = "{username}:{password}".format_map(known)
        yield b64encode(sent.encode("latin-1", "replace")).decode()  # as "Basic" has it


def _text(value: object) -> object:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_json(body: object) -> object:
    if not isinstance(body, bytes):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _texts_of_secret_names(body: object) -> Iterator[str]:
    """The texts that stand under a secret name, at any depth; in no order."""
    left = [(body, False)]
    while left:
        value, secret = left.pop()
        if isinstance(value, Mapping):
            left += [(kept, secret or is_secret(name)) for name, kept in value.items()]
        elif isinstance(value, (list, tuple)):
            left += [(item, secret) for item in value]
        elif secret and isinstance(value, str):
            yield value
