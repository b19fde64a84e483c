"""What a plugin may leave: threads, handlers, sockets."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from suggestions import signals


class Leftovers(NamedTuple):
    threads: int
    handlers: int
    sockets: int | None  # None if the system does not say

    def __str__(self) -> str:
        sockets = "unknown" if self.sockets is None else self.sockets
        return f"{self.threads} threads, {self.handlers} handlers, {sockets} sockets"


def count() -> Leftovers:
    """What there is now, in the whole process."""
    return Leftovers(
        threads=threading.active_count(),
        handlers=sum(len(signal.receivers) for signal in signals.BY_NAME.values()),
        sockets=_count_sockets(),
    )


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Waits until the condition holds; False if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _count_sockets() -> int | None:
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return None
    return sum(_is_socket(number) for number in numbers)


def _is_socket(number: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
    except OSError:
        return False  # closed meanwhile
