"""From a request to messages: the transport, the body's codings, the framing of messages.

The steps between the socket and the messages are each a `Decoder`, without I/O and without a clock.

To add a content coding, touch `coding.py` and `tests/wire/test_body.py`; a rule of server-sent
events, `sse.py` and `tests/wire/test_sse.py`.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
Watch = Callable[[socket.socket, Callable[[], None]], Callable[[], object]]
"""`watch(sock, readable)`: a loop calls `readable()` while the socket has something to read, until
what this returns is called."""


class Decoder(ABC, Generic[T]):
    """One step from bytes to messages; it is fed bytes that may be cut anywhere.

    `feed` returns all that is complete by then, and never raises. `ended` is True after the end or
    a fault; then feed it nothing more. Call `finish` then, or when the bytes end: it returns what
    remains, or raises the fault. So all that came before a fault is delivered before it is raised.

    What is compressed can become very long. To need little memory, a step may return only a part
    of it: while `pending` is True, feed it b"" to get the next part.
    """

    ended = False
    pending = False
    _fault: Exception | None = None

    @abstractmethod
    def feed(self, data: bytes) -> T:
        """What is complete with these bytes."""

    def finish(self) -> T:
        """What remains. Raises `IncompleteStreamError`, `MalformedStreamError` and their like."""
        if self._fault is not None:
            raise self._fault
        return self.feed(b"")

    def _fail(self, fault: Exception) -> None:
        self.ended, self._fault = True, fault


def decode(decoder: Decoder[T], chunks: Iterable[bytes]) -> Iterator[T]:
    """All that `decoder` makes of the chunks, each as soon as it is complete."""
    for chunk in chunks:
        yield decoder.feed(chunk)
        while decoder.pending:
            yield decoder.feed(b"")
        if decoder.ended:
            break
    yield decoder.finish()
