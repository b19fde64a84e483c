"""Asks a service and reads its answer: attempts, timeouts, giving up. Runs on a source's thread."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from suggestions._wire.abort import Aborted, Lifeline
from suggestions._wire.media_type import media_type
from suggestions._wire.timeouts import Clock
from suggestions.auth.credential import Credential
from suggestions.auth.token import Token
from suggestions.dialects import Dialect, Request
from suggestions.dialects.delta import DONE, Delta, Source
from suggestions.errors import (
    IncompleteStreamError,
    MalformedStreamError,
    SuggestionsError,
    one_line,
)
from suggestions.events import Event, Retry

if TYPE_CHECKING:
    import requests

    from suggestions._wire.sse import ServerSentEvent
    from suggestions._wire.transport import Transport

    Decode = Callable[[ServerSentEvent], Iterable[Delta]]
    Record = Callable[[Event[Any]], object]
    Take = Callable[[Iterable[ServerSentEvent], Decode], bool]
    Say = Callable[[Iterable[Delta]], bool]

logger = logging.getLogger("suggestions")


class Reader:
    """One question on its way. `abort()` may be called from any thread, at any time."""

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
        self._lifeline = Lifeline()
        self._transport: Transport | None = None
        self._whole: str | None = None  # the body of an answer in one piece
        self._begun = False  # something of the answer has arrived

    def abort(self) -> None:
        """Makes `read` raise `Aborted` at once, and lets the service see the end."""
        self._lifeline.cut()
        if self._transport is not None:
            self._transport.abort()

    def redact(self, error: SuggestionsError) -> None:
        """Takes the secrets that were sent out of an error that came back."""
        self._credential.redact(error)

    def traceback_of(self, error: BaseException) -> str:
        """For the log."""
        return self._credential.traceback_of(error)

    def dump(self, log: Iterable[Any], error: SuggestionsError | None) -> str:
        """What was sent, and what came back as `log` and `error` tell it."""
        from suggestions._sources.dump import make_dump

        return make_dump(
            self._dialect.name, self._request, log, self._whole, error, self._credential.secrets
        )

    def disown(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._lifeline.disown()

    def read(self, record: Record, take: Take, say: Say) -> None:
        """Asks, again where that is allowed, and reads to the end of the answer.

        `record` gets `open` and `retry` events; `take` messages that have arrived together, and
        what decodes them; `say` what is known otherwise. The latter two return True where the
        answer is over. Raises `SuggestionsError` for what went wrong, `Aborted` after `abort()`.
        """
        # requests takes longer to import than all the rest; only whoever asks pays for it.
        from suggestions._wire.retry import retry_delay
        from suggestions._wire.transport import Transport

        clock = Clock(self._timeouts)
        for attempt in itertools.count(1):
            transport = self._transport = Transport(clock, self._lifeline, self._session)
            try:
                self._read_once(transport, record, take, say)
                return
            except SuggestionsError as error:
                self.redact(error)
                if self._begun:
                    raise
                delay = retry_delay(
                    error,
                    attempt,
                    self._retries,
                    never_connected=transport.never_connected,
                    left=clock.left(),
                )
                if self._credential.has_another(error):
                    delay = 0.0
                if delay is None:
                    raise
                retry = Retry(attempt + 1, delay, error)
            finally:
                transport.close()
            logger.debug("attempt %d follows in %.3f s: %r", *retry)
            record(Event("retry", retry))
            self._lifeline.wait(retry.delay)

    def _read_once(self, transport: Transport, record: Record, take: Take, say: Say) -> None:
        from suggestions._sources.exchange import open_exchange

        info = open_exchange(transport, self._authorized())
        logger.debug("accepted with status %d", info.status)
        say((Source(request_id=info.request_id),))
        choice = _Choice(
            self._dialect,
            media_type(transport.content_type),
            lambda dialect: record(Event("open", info._replace(dialect=dialect.name))),
        )
        choice.see()
        try:
            if self._read_answer(transport, choice, take, say):
                return
        except (SuggestionsError, Aborted):
            raise
        except Exception as error:
            raise MalformedStreamError(
                f"A message of the stream is not what {choice.dialect.name} sends: "
                + one_line(str(error))
            ) from error
        if not choice.dialect.ends_at_eof:
            raise IncompleteStreamError("The answer stopped before it was complete.")
        say((DONE,))

    def _read_answer(self, transport: Transport, choice: _Choice, take: Take, say: Say) -> bool:
        """True where the answer is over, False where the stream has ended."""
        from suggestions._sources.exchange import messages, whole_answer

        stream = messages(transport, self._dialect)
        if stream is None:

            def choose(whole: ServerSentEvent) -> Dialect:
                self._whole = whole.data
                return choice.see(whole)

            say((*whole_answer(transport, choose), DONE))
            return True
        for batch in stream:
            if batch:
                self._begun = True
                if take(batch, choice.see(batch[0]).decode):
                    return True
        return False

    def _authorized(self) -> Request:
        token = self._credential.current()
        return self._request if token is None else self._dialect.authorize(self._request, token)


class _Choice:
    """The dialect that one answer is read in; `tell` gets it once, as soon as it is known."""

    def __init__(
        self, dialect: Dialect, content_type: str, tell: Callable[[Dialect], object]
    ) -> None:
        self.dialect = dialect
        self._content_type = content_type
        self._tell = tell
        self._made = False

    def see(self, first: ServerSentEvent | None = None) -> Dialect:
        if not self._made:
            chosen = self.dialect.choose(self._content_type, first)
            if chosen is not None:
                self.dialect, self._made = chosen, True
                self._tell(chosen)
        return self.dialect
