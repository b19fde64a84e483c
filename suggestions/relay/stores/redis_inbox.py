"""Messages between processes. Each process has an inbox: a channel of Redis.

A message only saves time: what it says is in the streams as well, and a process that has missed one
finds it there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

logger = logging.getLogger("suggestions")

_PAUSE = 0.1  # seconds, after a failure


class News(NamedTuple):
    """More of an answer. `number` is that of the last frame; 0 if the stream has to be read."""

    id: str
    number: int
    frames: bytes


def followed(worker: str, ids: Iterable[str]) -> bytes:
    """The process `worker` follows these answers, for which the receiver asks."""
    return " ".join(("f", worker, *ids)).encode()


def ended(id: str) -> bytes:
    """Another process has ended an answer for which the receiver asks."""
    return f"e {id}".encode()


def message_of(news: list[News]) -> bytes:
    parts = [b"n"]
    for id, number, frames in news:
        parts.append(f" {id} {number} {len(frames)}\n".encode() + frames)
    return b"".join(parts)


class Receiver(Protocol):
    def on_followed(self, worker: str, ids: list[str]) -> None: ...

    def on_ended(self, id: str) -> None: ...

    def on_news(self, news: News) -> None: ...

    def on_gap(self) -> None:
        """Messages may have been lost."""
        ...


def receive(message: bytes, receiver: Receiver) -> None:
    kind = message[:1]
    if kind == b"n":
        for news in _news_in(message):
            receiver.on_news(news)
        return
    _, *words = message.decode().split(" ")
    if kind == b"f":
        receiver.on_followed(words[0], words[1:])
    elif kind == b"e":
        receiver.on_ended(words[0])


def _news_in(message: bytes) -> Iterator[News]:
    place = 2
    while place < len(message):
        end = message.index(b"\n", place)
        id, number, length = message[place:end].decode().split(" ")
        end += 1
        yield News(id, int(number), message[end : end + int(length)])
        place = end + int(length) + 1


class Inbox:
    """Reads a channel on the thread that calls `run`, until `is_closed`."""

    def __init__(self, client: Any, channel: str, receiver: Receiver) -> None:
        self.is_closed = False
        self._client = client
        self._channel = channel
        self._receiver = receiver

    def run(self) -> None:
        while not self.is_closed:
            subscription = self._client.pubsub(ignore_subscribe_messages=True)
            try:
                subscription.subscribe(self._channel)
                self._receiver.on_gap()
                while not self.is_closed:
                    message = subscription.get_message(timeout=1.0)
                    if message is not None:
                        receive(message["data"], self._receiver)
            except Exception as error:
                logger.debug("the inbox of a store in Redis: %r", error)
                time.sleep(_PAUSE)
            finally:
                subscription.close()
