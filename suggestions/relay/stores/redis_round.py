"""One round trip to Redis: what is to be done, and its commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .redis_inbox import News
from .redis_stream import Stream

NewsByWorker = defaultdict[str, list[News]]
"""By the process that gets it."""


class Names:
    """Of keys and channels."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def stream(self, id: str) -> str:
        return f"{self._prefix}:{{{id}}}"

    def lease(self, worker: str) -> str:
        return f"{self._prefix}:worker:{worker}"

    def inbox(self, worker: str) -> str:
        return f"{self._prefix}:inbox:{worker}"


class Work:
    """What is to be done in the next round trip."""

    def __init__(self) -> None:
        self.writes: dict[Stream, None] = {}
        self.reads: dict[Stream, None] = {}
        self.greetings: dict[Stream, None] = {}
        """The processes that ask for them have to learn that this one follows."""
        self.ended: dict[Stream, None] = {}
        """They have to be compacted."""
        self.news: NewsByWorker = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self.writes or self.reads or self.greetings or self.news or self.ended)


class Commands:
    """Commands of one round trip, each with what is done with its reply."""

    def __init__(self, client: Any) -> None:
        self.pipe = client.pipeline(transaction=False)
        self._handlers: list[Callable[[Any], object]] = []

    def then(self, handler: Callable[[Any], object] = lambda reply: None) -> None:
        """For the reply to the command that was added last."""
        self._handlers.append(handler)

    def publish(self, channel: str, message: bytes) -> None:
        # By its name, because redis-py has no such method in a round trip to a cluster.
        self.pipe.execute_command("PUBLISH", channel, message)
        self.then()

    def run(self) -> None:
        if self._handlers:
            replies = self.pipe.execute(raise_on_error=False)
            for handler, reply in zip(self._handlers, replies, strict=True):
                handler(reply)
