"""The token of one question or one stream, for as long as it is asked."""

from __future__ import annotations

from collections import deque

from suggestions.auth.token import Token, current_token, redact
from suggestions.errors import SuggestionsError

# A stream may go on for weeks, with a new token every hour.
_REMEMBERED = 8


class Credential:
    """Gets the token before each request, and another one, once, where it was refused.

    `secrets` are those that were sent last.
    """

    def __init__(self, token: Token | None) -> None:
        self.secrets: deque[str] = deque(maxlen=_REMEMBERED)
        self._token = token
        self._sent = ""
        self._renewed = False

    def current(self) -> str | None:
        """The token to send now, None for none. Raises what `current_token` raises."""
        if self._token is None:
            return None
        self._sent = ""  # where there is none to send, none is refused
        self._sent = current_token(self._token)
        if self._sent not in self.secrets:
            self.secrets.append(self._sent)
        return self._sent

    def accepted(self) -> None:
        """The service has taken it: a later refusal is another one."""
        self._renewed = False

    def has_another(self, error: SuggestionsError) -> bool:
        """Tells the provider, once, that its token was refused; True where it has another."""
        refused = getattr(self._token, "refused", None)
        if error.status != 401 or refused is None or self._renewed or not self._sent:
            return False
        self._renewed = True
        return bool(refused(self._sent))

    def redact(self, error: SuggestionsError) -> None:
        """Takes the tokens that were sent out of an error that came back."""
        redact(error, self.secrets)
