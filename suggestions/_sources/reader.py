"""Asks a service and reads its answer: attempts, deadlines, cancelling. On a source's thread."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from suggestions._wire.abort import Cancellation
from suggestions._wire.timeouts import Deadlines
from suggestions.auth.credential import Credential
from suggestions.auth.token import Token
from suggestions.dialects import Dialect, Request
from suggestions.errors import SuggestionsError
from suggestions.events import Event, Retry

if TYPE_CHECKING:
    import requests

    from suggestions._sources.exchange import Exchange, Record, Say, Take

logger = logging.getLogger("suggestions")


class Reader:
    """One question and its answer. `abort()` may be called from any thread, at any time."""

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
        self._credential = Credential(
            token, url=request.url, headers=request.headers, body=request.json, session=session
        )
        self._session = session
        self._timeouts = timeouts
        self._retries = retries
        self._cancellation = Cancellation()
        self._exchange: Exchange | None = None
        self._whole: str | None = None  # the body of an answer in one piece

    def abort(self) -> None:
        """Makes `read` raise `Aborted` at once, and lets the service see the end."""
        self._cancellation.cancel()

    def redact(self, error: SuggestionsError) -> None:
        """Takes the secrets that were sent out of an error that came back."""
        self._credential.redact(error)

    def traceback_of(self, error: BaseException) -> str:
        """For the log."""
        return self._credential.traceback_of(error)

    def dump(self, log: Iterable[Any], error: SuggestionsError | None) -> str:
        """What was sent, and what came back by `log` and `error`, as JSON."""
        from suggestions._sources.dump import make_dump

        exchange = self._exchange  # the thread that reads may drop it meanwhile
        whole = exchange.whole if exchange else self._whole
        return make_dump(
            self._dialect.name, self._request, log, whole, error, self._credential.secrets
        )

    def disown(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._cancellation.disown()

    def read(self, record: Record, take: Take, say: Say) -> None:
        """Asks, again if that is allowed, and reads to the end of the answer.

        `record` gets `open` and `retry` events; `take` gets messages that have arrived together,
        and what decodes them; `say` gets what is known otherwise. The latter two return True if
        the answer is over. Raises `SuggestionsError` for what went wrong, `Aborted` after
        `abort()`.
        """
        # requests takes longer to import than all the rest; only a program that asks pays for it.
        from suggestions._sources.exchange import Exchange
        from suggestions._wire.retry import retry_delay
        from suggestions._wire.transport import Transport

        deadlines = Deadlines(self._timeouts)
        for attempt in itertools.count(1):
            transport = Transport(deadlines, self._cancellation, self._session)
            exchange = self._exchange = Exchange(transport, self._dialect, record, take, say)
            try:
                exchange.open(self._authorized())
                exchange.read()
                return
            except SuggestionsError as error:
                self.redact(error)
                if exchange.has_begun:
                    raise
                delay = retry_delay(
                    error,
                    attempt,
                    self._retries,
                    never_connected=transport.never_connected,
                    left=deadlines.left(),
                )
                if self._credential.has_another(error):
                    delay = 0.0
                if delay is None:
                    raise
                retry = Retry(attempt + 1, delay, error)
            finally:
                transport.close()
                # It refers to the source, through what it calls.
                self._whole, self._exchange = exchange.whole, None
            logger.debug("attempt %d follows in %.3f s: %r", *retry)
            record(Event("retry", retry))
            self._cancellation.sleep(retry.delay)

    def _authorized(self) -> Request:
        token = self._credential.current()
        return self._request if token is None else self._dialect.authorize(self._request, token)
