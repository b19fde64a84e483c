"""What the steps of a reader wait for."""

from __future__ import annotations

from enum import Enum, auto


class Wait(Enum):
    """What a reader needs for its next step. A thread that may block just goes on."""

    SOCKET = auto()
    """Bytes, or the next deadline: only while a loop watches the socket."""
    THREAD = auto()
    """A thread that may block: no loop can take the next step."""
