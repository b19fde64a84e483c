"""The error tree: what went wrong, for the program and for the person in front of it."""

from __future__ import annotations

from typing import ClassVar, Literal

Severity = Literal["info", "error"]
LONGEST_BODY = 64 * 1024
"""Characters of a response that an error keeps at most."""


class SuggestionsError(Exception):
    """What went wrong, once, for the program and for the person in front of it.

    `code` is the name of its event. `message` is for a person. `severity` is "info" if the person
    can put it right. `status` is the HTTP status (int), `body` the response's body (str, at most
    65,536 characters), `request_id` the service's own id, `retry_after` the seconds to wait
    (float); each is None if it does not apply. `partial_text` is all that had arrived of the
    answer.
    """

    code: ClassVar[str] = "error_network"
    severity: ClassVar[Severity] = "error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        body: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.body = None if body is None else body[:LONGEST_BODY]
        self.request_id = request_id
        self.retry_after = retry_after
        self.partial_text = ""

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


class ServiceError(NetworkError):
    """The service reported a failure in its stream or in a body with status 200."""
