"""A long conversation that a chat panel opens and scrolls."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from benchmarks.markdown_texts import TEXTS


class Opened(NamedTuple):
    """Milliseconds of the thread's own time, and megabytes."""

    milliseconds: float
    megabytes: float
    step: float
    """The longest of the steps in which it was scrolled, each with its painting."""


STEPS = 200
_URL = "http://localhost:1"  # never asked


def saved(messages: int, dispatch: Any) -> Any:
    """A conversation with so many messages of 2 kB."""
    from suggestions import Conversation

    text = (TEXTS["mixed"][1] * 4)[:2000]
    roles = ("user", "assistant")
    file = [{"id": str(n), "role": roles[n % 2], "text": f"{n} {text}"} for n in range(messages)]
    data = json.dumps({"version": 1, "messages": file})
    return Conversation.from_json(data, dialect="openai", url=_URL, dispatch=dispatch)


def megabytes() -> float:
    """What the process has in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
