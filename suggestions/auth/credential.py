"""The secrets that one question or one stream sends: its token, and what else its request has."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._util.one_line import printable
from .._util.redaction import SHORT, redact, redact_text, secrets_in, secrets_of
from .._util.secret import Secret, hide
from ..errors import SuggestionsError
from .token import Token, current_secret, has_another

if TYPE_CHECKING:
    import requests

# A stream may go on for weeks, with a new token every hour.
_REMEMBERED = 8
_LONGEST = 8 * 1024
"""Characters. Most services refuse a longer header; cookies and keys are shorter."""


class Credential:
    """Gets the token before each request, and another one, once, if the service refuses it.

    `url`, `headers` and `body` (what is sent as JSON, or bytes) are those of each request, hidden
    and without the token; `session` adds to each request what is its own.
    """

    def __init__(
        self,
        token: Token | None,
        *,
        url: str = "",
        headers: Mapping[str, Any] = {},
        body: object = None,
        session: requests.Session | None = None,
    ) -> None:
        self._token = hide(token)
        self._session = session
        self._request = (url, headers, body)
        self._sent_last: deque[Secret[str]] = deque(maxlen=_REMEMBERED)
        self._sent: Secret[str] | None = None
        self._renewed = False

    @property
    def secrets(self) -> list[Secret[str]]:
        """The tokens that were sent last, and what else of the request may be a secret.

        A token may have any length: the caller says that it is one. Of the rest, a text with fewer
        than 8 characters is rather a word, such as "true" or "demo". Taking that out of what a
        service says would hide much and protect little. A very long text is a document.
        """
        others = map(Secret, [*secrets_in(*self._request), *secrets_of(self._session)])
        return [*self._sent_last, *(one for one in others if SHORT <= len(one()) <= _LONGEST)]

    def current(self) -> Secret[str] | None:
        """The token to send now, None for none. Raises what `current_token` raises."""
        if self._token is None:
            return None
        self._sent = None  # if there is none to send, the service cannot refuse it
        self._sent = current_secret(self._token)
        if self._sent not in self._sent_last:
            self._sent_last.append(self._sent)
        return self._sent

    def accepted(self) -> None:
        """The service took the token: if it refuses it later, another one is asked for again."""
        self._renewed = False

    def has_another(self, error: SuggestionsError) -> bool:
        """After a 401, asks the provider for another token, once; True if it has one."""
        if error.status != 401 or self._token is None or self._renewed or self._sent is None:
            return False
        self._renewed = True
        return has_another(self._token, self._sent)

    def redact(self, error: SuggestionsError) -> None:
        """Takes the secrets out of an error."""
        redact(error, self.secrets)

    def traceback_of(self, error: BaseException) -> str:
        """For the log, without the secrets: the user's own dialect may have quoted one."""
        trace = redact_text("".join(traceback.format_exception(error)), self.secrets)
        return "\n".join(map(printable, trace.splitlines()))
