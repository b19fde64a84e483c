"""A token that has to be fetched: kept until it expires or is refused, fetched by one thread."""

from __future__ import annotations

import copy
import threading
import time
from abc import ABC, abstractmethod

from .._util import fork
from .._util.secret import Secret
from ..errors import AuthenticationError, SuggestionsError

_EARLY = 5.0
"""Seconds before its end at which a token is no longer sent: the request takes its time, too."""


class Renewed(ABC):
    """A token provider. Subclass it and say how a token is fetched; any thread may call it.

    While one thread fetches a token, others that want one wait for it. They get the same token, or
    the same failure, each in an error object of its own.
    """

    _lock: threading.Lock
    _fetching: _Fetch | None
    _token: Secret[str] | None
    _end: float | None

    def __init__(self) -> None:
        self._forget()
        fork.register(self)

    @abstractmethod
    def fetch(self) -> tuple[Secret[str], float | None]:
        """A new token, and when it ends in seconds since the epoch, None if that is not known.

        Raises `SuggestionsError`.
        """

    def __call__(self) -> str:
        """The current token. Raises `SuggestionsError` if none can be fetched."""
        with self._lock:
            if self._token and (self._end is None or time.time() < self._end - _EARLY):
                return self._token()
            theirs = self._fetching
            if theirs is None:
                self._token = None
                mine = self._fetching = _Fetch()
        if theirs is not None:
            return theirs.result()()
        return self._fetch_for_all(mine)()

    def refused(self, token: str) -> bool:
        """The service refused `token`; True if calling this may give another one."""
        with self._lock:
            if self._token is not None and token == self._token():
                self._token = None
        # If the current token is another one by now, another thread has fetched it. An empty one
        # was not of this provider.
        return bool(token)

    def _fetch_for_all(self, mine: _Fetch) -> Secret[str]:
        token, end = None, None
        try:
            mine.token, end = self.fetch()
            token = mine.token
        except SuggestionsError as error:
            # Its traceback holds what was sent.
            mine.failure = error.with_traceback(None)
        except BaseException as error:
            # Its words may quote a secret.
            mine.failure = AuthenticationError(
                f"{type(self).__name__} failed: {type(error).__name__}."
            )
            # An exit or an interrupt is for this thread alone.
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                if self._fetching is mine:
                    self._token, self._end, self._fetching = token, end, None
            mine.done.set()
        return mine.result()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._fetching = None
        self._token = None
        self._end = None

    def _in_child(self) -> None:
        # The thread that fetches is not in the child, which would wait for it for ever.
        self._forget()


class _Fetch:
    """One fetch of a token, which several threads may wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.token = Secret("")
        self.failure: SuggestionsError | None = None

    def result(self) -> Secret[str]:
        self.done.wait()
        if self.failure is None:
            return self.token
        # Each waiter raises a copy, because an error gets the partial text and the traceback of
        # one answer.
        raise copy.copy(self.failure)
