"""The four timeouts of a request, and how long the next read may take."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from suggestions._util.arguments import check_optional_seconds
from suggestions.errors import (
    ConnectTimeoutError,
    FirstByteTimeoutError,
    IdleTimeoutError,
    NetworkError,
    TotalTimeoutError,
)

DEFAULTS: dict[str, float | None] = {
    "connect": 10.0,
    "first_byte": 120.0,
    "idle": 60.0,
    "total": None,
}
_LONGEST = 2_000_000.0


def check_timeouts(timeouts: Mapping[str, float | None] | None) -> dict[str, float | None]:
    """All four, in seconds, None for none. Raises `TypeError`, `ValueError`."""
    if not isinstance(timeouts, (Mapping, type(None))):
        raise TypeError(f"timeouts must be a mapping, not {type(timeouts).__name__}")
    checked = dict(DEFAULTS)
    for name, seconds in (timeouts or {}).items():
        if name not in DEFAULTS:
            expected = ", ".join(DEFAULTS)
            raise ValueError(f"timeouts[{name!r}] is not known: expected any of {expected}")
        seconds = check_optional_seconds(f"timeouts[{name!r}]", seconds)
        # More than the system's calls can count is as good as none.
        checked[name] = seconds if seconds is not None and seconds < _LONGEST else None
    return checked


class Clock:
    """The deadlines of one request, and the error of each that is missed.

    `total` counts from the making of this object, `connect` from the beginning of each
    connection, `first_byte` from each sending, `idle` from each read to the next.
    """

    def __init__(self, timeouts: Mapping[str, float | None]) -> None:
        self._timeouts = timeouts
        self._idle = timeouts["idle"]
        total = timeouts["total"]
        self._total = None if total is None else monotonic() + total
        self._phase = ""
        self._deadline: float | None = None
        self.connecting()

    def connecting(self) -> None:
        """A connection is to be made, from the looking up of its address on."""
        self._expect("connect", self._timeouts["connect"])

    def sent(self) -> None:
        """The request is on its way: the wait for the first byte begins."""
        self._expect("first_byte", self._timeouts["first_byte"])

    def first_byte(self) -> None:
        """The first byte of the answer is here."""
        if self._phase != "rest":
            self._phase = "idle"

    def end_within_idle(self) -> None:
        """What follows (the body of an error) has to be here whole within one idle time."""
        self._expect("rest", self._idle)

    def timeout(self) -> float | None:
        """Seconds for the next step, None for ever. Raises the timeout's error when it is past."""
        if self._phase == "idle":
            return self._idle if self._total is None else self._within_total(self._idle)
        if self._deadline is None:
            return self._within_total(None)
        left = self._deadline - monotonic()
        if left <= 0:
            raise self.passed()
        return self._within_total(left)

    def left(self) -> float | None:
        """Seconds until `total` is over, None for ever."""
        return None if self._total is None else self._total - monotonic()

    def for_requests(self) -> tuple[float | None, float | None]:
        """Seconds to connect and to read, as requests takes them for an adapter without a clock."""
        return self.timeout(), self._within_total(self._timeouts["first_byte"])

    def passed(self) -> NetworkError:
        """The error for whatever is going on, when it took too long."""
        phase = self._phase
        if self._total is not None and monotonic() >= self._total:
            phase = "total"
        name, kind, words = _MISSED[phase]
        seconds = self._timeouts[name]
        # Without a timeout of ours, it was the system's own.
        return kind(
            f"{words} in time." if seconds is None else f"{words} within {seconds:g} seconds."
        )

    def _expect(self, phase: str, seconds: float | None) -> None:
        self._phase = phase
        self._deadline = None if seconds is None else monotonic() + seconds

    def _within_total(self, seconds: float | None) -> float | None:
        if self._total is None:
            return seconds
        left = self._total - monotonic()
        if left <= 0:
            raise self.passed()
        return left if seconds is None else min(seconds, left)


_MISSED: dict[str, tuple[str, type[NetworkError], str]] = {
    "connect": ("connect", ConnectTimeoutError, "No connection was made"),
    "first_byte": ("first_byte", FirstByteTimeoutError, "No answer came"),
    "idle": ("idle", IdleTimeoutError, "Nothing more of the answer came"),
    "rest": ("idle", IdleTimeoutError, "The rest of the answer did not come"),
    "total": ("total", TotalTimeoutError, "The answer was not complete"),
}
