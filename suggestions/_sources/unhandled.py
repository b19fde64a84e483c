"""A failure for which no handler is called is logged, so that it is not lost."""

from __future__ import annotations

import atexit
import contextlib

from .._delivery.delivery import Delivery, logger
from .._util.clock import clock
from .._util.elapsed import monotonic
from ..errors import SuggestionsError
from .answer import Answer

_TIME_TO_ASK = 1.0
"""Seconds in which a caller may still ask for the result, or connect a handler."""


class Unhandled:
    """Logs the error of an answer, once, unless a handler or a caller gets it."""

    def __init__(self, answer: Answer, delivery: Delivery) -> None:
        self.is_result_wanted = False
        """A caller gets an error as an exception."""
        self._answer = answer
        self._delivery = delivery
        self._is_seen = False
        self._has_warned = False

    def seen_error(self) -> SuggestionsError | None:
        """The error, for a caller who asks for it, and so needs no warning."""
        error = self._answer.error
        self._is_seen |= error is not None
        return error

    def is_handled(self) -> bool:
        """Whether there is none, or a handler or a caller gets it."""
        error = self._answer.error
        # In a forked child the answer is "aborted", and the error is the parent's.
        if error is None or self._answer.state != "error" or self._delivery.is_host_gone:
            return True
        if self.is_result_wanted or self._is_seen:
            return True
        return self._delivery.has_handler(error.code, "error_response", "error")

    def warn_at_exit(self) -> None:
        """For a caller who has waited: `wait_and_warn` comes too late if the program ends now."""
        if not (self._has_warned or self.is_handled()):
            atexit.register(self.warn)

    def warn(self) -> None:
        atexit.unregister(self.warn)
        error = self._answer.error
        with self._delivery.lock:
            if error is None or self._has_warned or self.is_handled():
                return
            self._has_warned = True
        logger.warning(
            "%s No handler was called for it: connect a handler to 'error', call result(), "
            "or read source.error after the end.",
            error.message,
        )

    def wait_and_warn(self) -> None:
        """To be called by the thread that has read the answer, or on the loop."""
        delivery = self._delivery
        if delivery.host is None or not delivery.is_fed_by_loop:
            delivery.end_waiters.block_until(self.is_handled, _TIME_TO_ASK)
            self.warn()
        elif not self.is_handled():
            host = delivery.host
            with contextlib.suppress(RuntimeError):  # no thread can be started: it is not logged
                clock.call_at(monotonic() + _TIME_TO_ASK, lambda: host.post(self.warn))
