"""Asks a service and reads its answer, in steps: attempts, deadlines, cancelling."""

from __future__ import annotations

import contextlib
import itertools
import logging
import textwrap
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._delivery.delivery import Delivery
from .._util import threads
from .._wire.abort import Aborted, Cancellation
from .._wire.timeouts import Deadlines, check_timeouts
from ..auth.credential import Credential
from ..auth.token import Token
from ..dialects import Dialect, Progress, Request
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

_SECONDS_TO_CANCEL = 10.0


class Lost(NamedTuple):
    """An answer whose connection was lost, and the request for the rest of it. `error` is the first
    one since something of the answer came, and `failures` the number of attempts since then."""

    dialect: Dialect
    progress: Progress
    request: Request
    error: SuggestionsError
    failures: int


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
        self._lost: Lost | None = None
        self._whole: str | None = None  # the body of an answer in one piece

    def cancel(self, delivery: Delivery) -> None:
        """Ends the connection, and asks a service that would go on without it to stop."""
        exchange, lost = self._exchange, self._lost
        self.cancellation.cancel()
        dialect, progress = self._dialect, None
        if exchange is not None:
            dialect, progress = exchange.dialect, exchange.progress
        elif lost is not None:  # it waits for another attempt
            dialect, progress = lost.dialect, lost.progress
        request = progress and dialect.cancel(self._request.revealed(), progress)
        if request:
            hidden = request.hidden()
            with contextlib.suppress(RuntimeError):  # the interpreter ends
                threads.start(lambda: self._send(hidden), "cancel", delivery, delays_exit=True)

    def _send(self, request: Request) -> None:
        """Sends the request, of whose response only the status counts."""
        from .._wire.transport import Transport
        from .exchange import send

        deadlines = Deadlines(check_timeouts({"total": _SECONDS_TO_CANCEL}))
        transport = Transport(deadlines, Cancellation(), self._session)
        try:
            send(self._authorized(request), transport)
            logger.debug("the service was asked to stop: status %d", transport.status)
        except SuggestionsError as error:
            self.credential.redact(error)
            logger.warning("the service was not asked to stop: %r", error)
        finally:
            transport.close()

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
            lost = self._lost
            dialect, progress = (lost.dialect, lost.progress) if lost else (self._dialect, None)
            exchange = self._exchange = Exchange(transport, dialect, intake, progress)
            try:
                exchange.open(self._authorized(lost.request if lost else self._request))
                self.credential.accepted()
                if has_loop() and transport.can_be_watched():
                    yield Wait.SOCKET
                yield from exchange.read()
                return
            except SuggestionsError as error:
                self.credential.redact(error)
                self._lost = self._after_loss(error, exchange, lost)
                if self._lost is not None:
                    retry = self._resume_after(error, attempt, self._lost, deadlines)
                else:
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

    def _authorized(self, request: Request) -> Request:
        token = self.credential.current()
        if token is None:
            return request
        # The dialect gets and returns texts; it may be the user's own.
        return self._dialect.authorize(request.revealed(), token()).hidden()

    def _after_loss(
        self, error: SuggestionsError, exchange: Exchange, before: Lost | None
    ) -> Lost | None:
        """None if the rest of the answer cannot be asked for."""
        dialect, progress = exchange.dialect, exchange.progress
        if progress is None:
            return None
        request = dialect.resume(self._request.revealed(), progress)
        if request is None:
            return None
        if before is None or exchange.has_begun:
            return Lost(dialect, progress, request.hidden(), error, 0)
        return Lost(dialect, progress, request.hidden(), before.error, before.failures + 1)

    def _resume_after(
        self, error: SuggestionsError, attempt: int, lost: Lost, deadlines: Deadlines
    ) -> Retry:
        """Raises the error that lost the connection if there is no other attempt."""
        from .._wire.retry import resume_delay

        delay = resume_delay(error, lost.failures, self._retries, deadlines.left())
        if self.credential.has_another(error):
            delay = 0.0
        if delay is None:
            if error is not lost.error:
                logger.debug("the rest of the answer cannot be read: %r", error)
            raise lost.error
        return Retry(attempt + 1, delay, error)

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

    An error that is not a fault of the peer, such as one in a user's own dialect, is also logged.
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
