"""The timeouts of a request, as deadlines."""

from __future__ import annotations

from collections.abc import Mapping

from .._util.arguments import check_optional_seconds
from .._util.elapsed import monotonic
from ..errors import (
    ConnectTimeoutError,
    ContentTimeoutError,
    FirstByteTimeoutError,
    IdleTimeoutError,
    NetworkError,
    TotalTimeoutError,
)

DEFAULTS: dict[str, float | None] = {
    "connect": 10.0,
    "first_byte": 120.0,
    "idle": 60.0,
    "content": 120.0,
    "total": None,
}
_LONGEST = 2_000_000.0


def check_timeouts(timeouts: Mapping[str, float | None] | None) -> dict[str, float | None]:
    """All five, in seconds, None for none. Raises `TypeError`, `ValueError`.

    A caller that sets `idle` alone allows so long a silence: then `content` is no shorter.
    """
    if not isinstance(timeouts, (Mapping, type(None))):
        raise TypeError(f"timeouts must be a mapping, not {type(timeouts).__name__}")
    checked = dict(DEFAULTS)
    for name, seconds in (timeouts or {}).items():
        if name not in DEFAULTS:
            expected = ", ".join(DEFAULTS)
            raise ValueError(f"timeouts[{name!r}] is not known: expected any of {expected}")
        seconds = check_optional_seconds(f"timeouts[{name!r}]", seconds)
        # The system's calls cannot take more seconds: as good as none.
        checked[name] = seconds if seconds is not None and seconds < _LONGEST else None
    idle, content = checked["idle"], checked["content"]
    if "content" not in (timeouts or {}) and content is not None:
        checked["content"] = None if idle is None else max(idle, content)
    return checked


class Deadlines:
    """The deadlines of one request, and the error of each that is missed.

    `total` runs from the creation of this object, `connect` from the start of each connection,
    `first_byte` from each request sent, `idle` from each read to the next, `content` from the first
    read after a message that was understood to the next such message, because a gateway may go on
    sending pings if its model is dead. `content` counts only after `messages()`. `error_body`:
    seconds for the whole body of an error, by default those of `idle`.
    """

    def __init__(
        self, timeouts: Mapping[str, float | None], *, error_body: float | None = None
    ) -> None:
        self._timeouts = timeouts
        self._idle = timeouts["idle"]
        self._error_body = error_body or self._idle
        total = timeouts["total"]
        self._total = None if total is None else monotonic() + total
        self._phase = ""
        self._deadline: float | None = None
        self._content: float | None = None
        self.content_from = 0.0
        """When `content` began to count, by `monotonic()`."""
        self.was_understood = False
        """A message was understood since the last read: `content` counts anew.

        It does so from the next read on, so that the time of slow handlers is not counted.
        """
        self.is_steady = False
        """After a message that was understood, the next read may take as long as the last one: it
        need not ask for its timeout, and only sets `content_from`."""
        self._is_content_next = False  # it passes before `idle`
        self.connecting()

    def connecting(self) -> None:
        """A connection is about to be made; the time to look up its address counts."""
        self._content, self._is_content_next = None, False
        self._expect("connect", self._timeouts["connect"])

    def sent(self) -> None:
        """The request is on its way: the wait for the first byte begins."""
        self._expect("first_byte", self._timeouts["first_byte"])

    def first_byte(self) -> None:
        """The first byte of the answer is here."""
        if self._phase != "error_body":
            self._phase = "idle"

    def messages(self) -> None:
        """The body is a stream of messages: `content` counts from its first byte, or from now."""
        self._content = self._timeouts["content"]
        self.was_understood = True

    def start_error_body(self) -> None:
        """The body of an error follows; all of it has one deadline."""
        self._expect("error_body", self._error_body)

    def timeout(self, since: float | None = None) -> float | None:
        """Seconds for the next step, None for no limit. Raises the error of a missed deadline.

        `since`: when the step has begun, by `monotonic()`; None for now.
        """
        now = monotonic() if since is None else since
        if self._phase == "idle":
            seconds = self._idle
            if self._content is not None:
                left = self._content
                if self.was_understood:
                    self.was_understood, self.content_from = False, now
                else:
                    left += self.content_from - now
                seconds = self._soonest(left)
                self.is_steady = self._total is None and not self._is_content_next
            return seconds if self._total is None else self._within_total(seconds, now)
        if self._deadline is None:
            return self._within_total(None, now)
        left = self._deadline - now
        if left <= 0:
            raise self.passed()
        return self._within_total(left, now)

    def waited(self, seconds: float) -> None:
        """We have read nothing for so long, because the follower took nothing: no step counts that
        time."""
        self.content_from += seconds
        if self._total is not None:
            self._total += seconds

    def left(self) -> float | None:
        """Seconds until `total` is over, None for no limit."""
        return None if self._total is None else self._total - monotonic()

    def for_requests(self) -> tuple[float | None, float | None]:
        """Seconds to connect and to read, for an adapter that does not know of this."""
        return self.timeout(), self._within_total(self._timeouts["first_byte"], monotonic())

    def passed(self) -> NetworkError:
        """The error of the current step, which has missed its deadline."""
        phase = self._phase
        if phase == "idle" and self._is_content_next:
            phase = "content"
        if self._total is not None and monotonic() >= self._total:
            phase = "total"
        name, kind, words = _MISSED[phase]
        seconds = self._timeouts[name]
        # If we set no timeout, it was the system's own.
        return kind(
            f"{words} in time." if seconds is None else f"{words} within {seconds:g} seconds."
        )

    def _expect(self, phase: str, seconds: float | None) -> None:
        self._phase, self.is_steady = phase, False
        self._deadline = None if seconds is None else monotonic() + seconds

    def _soonest(self, content: float) -> float | None:
        """Seconds for the next byte: those of `idle`, or those left of `content` if it is less."""
        self._is_content_next = self._idle is None or content < self._idle
        if not self._is_content_next:
            return self._idle
        if content <= 0:
            raise self.passed()
        return content

    def _within_total(self, seconds: float | None, now: float) -> float | None:
        if self._total is None:
            return seconds
        left = self._total - now
        if left <= 0:
            raise self.passed()
        return left if seconds is None else min(seconds, left)


_MISSED: dict[str, tuple[str, type[NetworkError], str]] = {
    "connect": ("connect", ConnectTimeoutError, "No connection was made"),
    "first_byte": ("first_byte", FirstByteTimeoutError, "No answer came"),
    "idle": ("idle", IdleTimeoutError, "Nothing more of the answer came"),
    "content": ("content", ContentTimeoutError, "Nothing that is part of the answer came"),
    "error_body": ("idle", IdleTimeoutError, "The rest of the answer did not come"),
    "total": ("total", TotalTimeoutError, "The answer was not complete"),
}
