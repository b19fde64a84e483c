"""Asks a service and reads its answer: attempts, deadlines, cancelling. On a source's thread."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from suggestions._wire.abort import Aborted, Cancellation
from suggestions._wire.timeouts import Deadlines
from suggestions.auth.credential import Credential
from suggestions.auth.token import Token
from suggestions.dialects import Dialect, Request
from suggestions.errors import NetworkError, SuggestionsError
from suggestions.events import Event, Retry

if TYPE_CHECKING:
    import requests

    from suggestions._sources.exchange import Exchange
    from suggestions._sources.intake import Intake

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
        self._exchange: Exchange | None = None
        self._whole: str | None = None  # the body of an answer in one piece

    def dump(self, log: Iterable[Any], error: SuggestionsError | None) -> str:
        """The request, and the response as `log` and `error` have it, as JSON."""
        from suggestions._sources.dump import make_dump

        exchange = self._exchange  # the thread that reads may drop it meanwhile
        whole = exchange.whole if exchange else self._whole
        return make_dump(
            self._dialect.name, self._request, log, whole, error, self.credential.secrets
        )

    def read(self, intake: Intake) -> None:
        """Asks, several times if need be, and reads to the end of the answer.

        Raises `SuggestionsError` if the last attempt fails, `Aborted` after a cancellation.
        """
        # requests takes longer to import than all the rest: only a program that asks imports it.
        from suggestions._sources.exchange import Exchange
        from suggestions._wire.retry import retry_delay
        from suggestions._wire.transport import Transport

        deadlines = Deadlines(self._timeouts)
        for attempt in itertools.count(1):
            transport = Transport(deadlines, self.cancellation, self._session)
            exchange = self._exchange = Exchange(transport, self._dialect, intake)
            try:
                token = self.credential.current()
                request = self._request
                exchange.open(request if token is None else self._dialect.authorize(request, token))
                exchange.read()
                return
            except SuggestionsError as error:
                self.credential.redact(error)
                if exchange.has_begun:
                    raise
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
                    raise
                retry = Retry(attempt + 1, delay, error)
            finally:
                transport.close()
                # It refers to the source, which must not live on because of its reader.
                self._whole, self._exchange = exchange.whole, None
            logger.debug("attempt %d follows in %.3f s: %r", *retry)
            intake.add_event(Event("retry", retry))
            self.cancellation.sleep(retry.delay)


def failure_of(
    read: Callable[[], object], credential: Credential, whole: str, peer: str
) -> SuggestionsError | None:
    """Calls `read`; returns the error that it raises, None if it returned or was cancelled.

    An error that is no fault of the peer, such as one in a user's own dialect, is also logged.
    """
    try:
        read()
    except Aborted:
        return None
    except SuggestionsError as error:
        return error
    except BaseException as error:
        trace = credential.traceback_of(error)
        logger.error("the %s failed through no fault of the %s:\n%s", whole, peer, trace)
        failure = NetworkError(f"The {whole} could not be read: {type(error).__name__}.")
        failure.__cause__ = error
        credential.redact(failure)
        return failure
    return None
