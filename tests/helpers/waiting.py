"""Waits for what another thread, process or loop does."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable

SOON = 30.0
"""Seconds; a bound for what ends at once, never a measure."""


def eventually(condition: Callable[[], object], seconds: float = SOON) -> bool:
    """Whether it comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


async def until(
    condition: Callable[[], object],
    sleep: Callable[[float], Awaitable[object]],
    seconds: float = SOON,
) -> None:
    """Waits within a coroutine, with the `sleep` of its library."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        await sleep(0.002)


def our_threads(kind: str = "") -> set[threading.Thread]:
    """The threads of the library, or those of a kind: "stream", "deliver"."""
    name = f"suggestions-{kind}"
    return {thread for thread in threading.enumerate() if thread.name.startswith(name)}
