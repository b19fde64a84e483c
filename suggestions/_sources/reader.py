"""Asks a service and reads its answer, in steps: attempts, deadlines, cancelling."""

from __future__ import annotations

import itertools
import logging
import textwrap
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._wire.abort import Aborted, Cancellation
from .._wire.timeouts import Deadlines
from ..auth.credential import Credential
from ..auth.token import Token
from ..dialects import Dialect, Request
from ..errors import NetworkError, SuggestionsError
from ..events import Event, Retry
from .preload import load_requests
from .wait import Wait

if TYPE_CHECKING:
    import requests

    from .._wire.transport import Transport
    from .exchange import Exchange
    from .intake import Intake

logger = logging.getLogger("suggestions")


class Reader:
    """One question and its answer."""

    def __init__(
        self,
        dialect: Dialect,
        request: Request,
        token: Token | None,
        *,
        session: requests.Session | None,
        timeouts: Mapping[str, float | None],
        retries: int | None,
    ) -> None:
        self._dialect = dialect
        self._request = request
        self.credential = Credential(
            token, url=request.url, headers=request.headers, body=request.json, session=session
        )
        self._session = session
        self._timeouts = timeouts
        self._retries = retries
        self.cancellation = Cancellation()
        """Makes `read` raise `Aborted`, and ends the connection for the service."""
        self.transport: Transport | None = None
        """Of the attempt that is under way."""
        self._exchange: Exchange | None = None
        self._whole: str | None = None  # the body of an answer in one piece

    def dump(self, log: Iterable[Any], error: SuggestionsError | None) -> str:
        """The request, and the response as `log` and `error` have it, as JSON."""
        from .dump import make_dump

        exchange = self._exchange  # the thread that reads may drop it meanwhile
        whole = exchange.whole if exchange else self._whole
        return make_dump(
            self._dialect.name, self._request, log, whole, error, self.credential.secrets
        )

    def steps(self, intake: Intake, has_loop: Callable[[], bool]) -> Generator[Wait, None, None]:
        """Asks, several times if need be, and reads to the end of the answer.

        To be called on the thread that starts the source: it imports there what the steps need.
        Yields what it needs for the next step. If `has_loop()` is true when the headers are here,
        it waits for a loop that may watch `transport`.
        Raises `SuggestionsError` if the last attempt fails, `Aborted` after a cancellation.
        """
        load_requests()
        return self._steps(intake, has_loop)

    def _steps(self, intake: Intake, has_loop: Callable[[], bool]) -> Generator[Wait, None, None]:
        from .._wire.transport import Transport
        from .exchange import Exchange

        deadlines = Deadlines(self._timeouts)
        for attempt in itertools.count(1):
            transport = self.transport = Transport(deadlines, self.cancellation, self._session)
            exchange = self._exchange = Exchange(transport, self._dialect, intake)
            try:
                exchange.open(self._authorized())
                if has_loop() and transport.can_be_watched():
                    yield Wait.SOCKET
                yield from exchange.read()
                return
            except SuggestionsError as error:
                retry = self._retry_after(error, attempt, exchange, transport, deadlines)
            finally:
                transport.close()
                # They refer to the source, which must not live on because of its reader.
                self._whole = exchange.whole
                self._exchange = self.transport = None
            yield Wait.THREAD
            logger.debug("attempt %d follows in %.3f s: %r", *retry)
            intake.add_event(Event("retry", retry))
            self.cancellation.sleep(retry.delay)

    def _authorized(self) -> Request:
        token = self.credential.current()
        if token is None:
            return self._request
        # The dialect gets and returns texts; it may be the user's own.
        return self._dialect.authorize(self._request.revealed(), token()).hidden()

    def _retry_after(
        self,
        error: SuggestionsError,
        attempt: int,
        exchange: Exchange,
        transport: Transport,
        deadlines: Deadlines,
    ) -> Retry:
        """Raises the error if there is no other attempt."""
        from .._wire.retry import retry_delay

        self.credential.redact(error)
        if exchange.has_begun:
            raise error
        delay = retry_delay(
            error,
            attempt,
            self._retries,
            never_connected=transport.never_connected,
            left=deadlines.left(),
        )
        if self.credential.has_another(error):
            delay = 0.0
        if delay is None:
            raise error
        return Retry(attempt + 1, delay, error)


def failure_from(
    error: BaseException, credential: Credential, whole: str, peer: str
) -> SuggestionsError | None:
    """The failure that a reader's exception is; None after a cancellation.

    An error that is no fault of the peer, such as one in a user's own dialect, is also logged.
    """
    if isinstance(error, Aborted):
        return None
    if isinstance(error, SuggestionsError):
        return error
    # Indented, because a message within it may look like a line of the log.
    trace = textwrap.indent(credential.traceback_of(error), "  ")
    logger.error("the %s failed through no fault of the %s:\n%s", whole, peer, trace)
    failure = NetworkError(f"The {whole} could not be read: {type(error).__name__}.")
    failure.__cause__ = error
    credential.redact(failure)
    return failure
