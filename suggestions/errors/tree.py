"""The error tree: what went wrong, for the program and for the person in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from .._util.one_line import one_line, printable

Severity = Literal["info", "error"]
LONGEST_BODY = 64 * 1024
"""Characters of a response that an error keeps at most."""
LONGEST_RAW = 2 * LONGEST_BODY
"""Characters, or bytes, that are read of it: a secret that lies over the cut must be whole to be
found."""
SAID = "{said}"
"""In a message: the place of what the peer said."""


class SuggestionsError(Exception):
    """What went wrong, once, for the program and for the person in front of it.

    `code` is the name of its event. `message` is for a person, in one line and without control
    characters; it ends in a quote of `said`, what the peer said, unless it has `SAID` at another
    place. `severity` is "info" if the person can put it right. `status` is the HTTP status (int),
    `body` the response's body (str, at most 65,536 characters), `request_id` the service's own id,
    `retry_after` the seconds to wait (float); each is None if it does not apply. `partial_text` is
    all that had arrived of the answer.
    """

    code: ClassVar[str] = "error_network"
    severity: ClassVar[Severity] = "error"

    def __init__(
        self,
        message: str,
        *,
        said: str = "",
        status: int | None = None,
        body: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self._sentence = message
        self._said = said[:LONGEST_RAW]
        self.status = status
        self.body = body
        self.request_id = request_id
        self.retry_after = retry_after
        self.partial_text = ""
        self.message = self._worded()
        super().__init__(self.message)

    @property
    def body(self) -> str | None:
        return None if self._body is None else self._body[:LONGEST_BODY]

    @body.setter
    def body(self, body: str | None) -> None:
        self._body = None if body is None else body[:LONGEST_RAW]

    def change_texts(self, change: Callable[[str], str]) -> None:
        """Applies `change` to all texts that a peer may have sent, as long as they are whole.

        The quote and the body are cut only after that: half a secret would not be found.
        """
        self._sentence = change(self._sentence)
        self._said = one_line(change(self._said))
        self.message = self._worded()
        self.args = (self.message,)
        self.body = None if self._body is None else change(self._body)[:LONGEST_BODY]
        self.request_id = self.request_id and change(self.request_id)

    def reword(self, change: Callable[[str], str]) -> None:
        """Applies `change` to our own sentence, and not to what the peer said."""
        self._sentence = change(self._sentence)
        self.message = self._worded()
        self.args = (self.message,)

    def _worded(self) -> str:
        """The message: the one place where words of others become words of ours."""
        quote = one_line(self._said)
        sentence = self._sentence
        if quote and SAID not in sentence:
            sentence += f" (It says: {SAID})"
        return printable(sentence.replace(SAID, quote))

    def __repr__(self) -> str:
        status = "" if self.status is None else f", status={self.status}"
        return f"{type(self).__name__}({self.message!r}{status})"


class QuotaExceededError(SuggestionsError):
    """429, 402, or the same in the stream: too many requests, or no quota or credit left."""

    code = "error_quota_exceeded"
    severity = "info"


class ModerationError(SuggestionsError):
    """The service declines the text: a bare 422, or a content filter, however it is reported."""

    code = "error_moderation"
    severity = "info"


class ServiceUnavailableError(SuggestionsError):
    """503, 529, or the service says that it is overloaded."""

    code = "error_service_unavailable"
    severity = "info"


class ContextTooLargeError(SuggestionsError):
    """413, or a conversation longer than the model takes, however the service says it."""

    code = "error_context_too_large"
    severity = "info"


class UnclearPromptError(SuggestionsError):
    """The model answered with the marker `JETPACK_AI_ERROR`: it did not understand."""

    code = "error_unclear_prompt"
    severity = "info"


class AbortedError(SuggestionsError):
    """Raised by `result()` and `await` after `close()`. Its event is `abort`, without an error."""

    code = "aborted"
    severity = "info"


class NetworkError(SuggestionsError):
    """`error_network`: no answer came, or not a whole one. The subclasses say why."""

    sent = True
    """False if the request cannot have reached the service: the connection was never made."""


class StatusError(NetworkError):
    """A status without an event of its own; a 422 that complains of a field is one too."""


class AuthenticationError(StatusError):
    """401 or 403: the token is missing, wrong, expired, or not allowed to do this."""


class ConnectionFailedError(NetworkError):
    """No connection: refused, unreachable, or the proxy did not make it."""


class NameResolutionError(ConnectionFailedError):
    """DNS does not know the host's name."""


class TLSError(NetworkError):
    """The TLS handshake failed: a bad certificate, or not a TLS server."""


class ConnectionLostError(NetworkError):
    """The connection was reset before or within the answer."""


class ConnectTimeoutError(NetworkError):
    """No connection within `timeouts["connect"]` seconds."""


class FirstByteTimeoutError(NetworkError):
    """Nothing of the answer within `timeouts["first_byte"]` seconds of the request."""


class IdleTimeoutError(NetworkError):
    """Nothing more of the answer for `timeouts["idle"]` seconds."""


class ContentTimeoutError(NetworkError):
    """At most pings, and no message of the answer, for `timeouts["content"]` seconds."""


class TotalTimeoutError(NetworkError):
    """The answer was not complete within `timeouts["total"]` seconds."""


class RedirectError(NetworkError):
    """Too many redirects, or one that would drop the question or carry a password elsewhere."""


class NotAnAnswerError(NetworkError):
    """Status 200, but neither a stream nor a whole answer: HTML, or some other JSON."""


class MalformedStreamError(NetworkError):
    """Bytes that break HTTP's framing, or messages that the dialect does not know."""


class EventTooLargeError(MalformedStreamError):
    """One event, or one line, is longer than 16 MiB, the bound that keeps memory bounded."""


class AnswerTooLargeError(NetworkError):
    """All that was kept of the answer is more than 128 MiB, the bound that keeps memory bounded."""


class IncompleteStreamError(NetworkError):
    """The stream stopped before the answer was complete."""


class OutputError(NetworkError):
    """The answer is complete, but is not the object that `output=` asks for: it is not JSON, does
    not fit, or was cut off. `partial_text` has the text."""


class ServiceError(NetworkError):
    """The service reported a failure in its stream or in a body with status 200."""
