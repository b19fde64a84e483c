"""From a request to messages: the transport, the body's codings, the framing of messages.

Between the socket and the messages nothing does I/O or looks at a clock: each step is a `Decoder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Decoder(Generic[T]):
    """One step from bytes to messages; it is fed bytes that may be cut anywhere.

    `feed` returns all that is complete by then, and never raises. `ended` turns True if the end
    was seen or something is wrong; then feed it nothing more. `finish` is for the end of the bytes
    as well: it returns what remains, or raises what is wrong. So all that came before a fault is
    delivered before the fault is raised.

    What is compressed can become very long. So that little memory is enough, a step may then hold
    back a part: as long as `pending` is True, feed it b"" to get the next one.
    """

    ended = False
    pending = False
    _fault: Exception | None = None

    def feed(self, data: bytes) -> T:
        """What is complete with these bytes."""
        raise NotImplementedError

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
