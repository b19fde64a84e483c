"""A token that has to be fetched: kept until it expires or is refused, fetched by one thread."""

from __future__ import annotations

import copy
import threading
import time
from abc import ABC, abstractmethod

from suggestions._util import fork
from suggestions.errors import AuthenticationError, SuggestionsError

_EARLY = 5.0
"""Seconds before its end at which a token is no longer sent: the request takes its time, too."""


class Renewed(ABC):
    """A token provider. Subclass it and say how a token is fetched; any thread may call it.

    Threads that want a token while one of them fetches it wait for that one, and get its token,
    or hear of its failure, each in an error object of its own.
    """

    _lock: threading.Lock
    _flight: _Flight | None
    _token: str
    _end: float | None

    def __init__(self) -> None:
        self._forget()
        fork.mind(self)

    @abstractmethod
    def fetch(self) -> tuple[str, float | None]:
        """A new token, and when it ends in seconds since the epoch, None where that is not known.

        Raises `SuggestionsError`.
        """

    def __call__(self) -> str:
        """The current token. Raises `SuggestionsError` where there is none to be had."""
        with self._lock:
            if self._token and (self._end is None or time.time() < self._end - _EARLY):
                return self._token
            flight = self._flight
            if flight is None:
                self._token = ""
                mine = self._flight = _Flight()
        if flight is not None:
            return flight.outcome()
        return self._lead(mine)

    def refused(self, token: str) -> bool:
        """The service refused `token`; True where another one can be had by calling this."""
        with self._lock:
            if token and token == self._token:
                self._token = ""
        # Where it is another by now, somebody else has brought it. None at all was none of ours.
        return bool(token)

    def _lead(self, flight: _Flight) -> str:
        token, end = "", None
        try:
            token, end = self.fetch()
            flight.token = token
        except SuggestionsError as error:
            # Its traceback holds what was sent.
            flight.failure = error.with_traceback(None)
        except BaseException as error:
            # Its words may quote a secret.
            flight.failure = AuthenticationError(
                f"{type(self).__name__} failed: {type(error).__name__}."
            )
            # An exit or an interrupt is for this thread alone.
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                if self._flight is flight:
                    self._token, self._end, self._flight = token, end, None
            flight.landed.set()
        return flight.outcome()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._flight = None
        self._token = ""
        self._end = None

    def _in_child(self) -> None:
        # The thread that fetches is the parent's, and would be waited for in vain.
        self._forget()


class _Flight:
    """One fetching of a token, and those who wait for it."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.token = ""
        self.failure: SuggestionsError | None = None

    def outcome(self) -> str:
        self.landed.wait()
        if self.failure is None:
            return self.token
        # An error collects what belongs to one answer: its partial text, its traceback.
        raise copy.copy(self.failure)
