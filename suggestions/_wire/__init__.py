"""From a request to messages: the transport, the body's codings, the framing of messages.

Between the socket and the messages nothing does I/O or looks at a clock: each step is a `Decoder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
Output = TypeVar("Output", covariant=True)


class Decoder(Protocol[Output]):
    """One step from bytes to messages; it is fed bytes that may be cut anywhere.

    `feed` returns all that is complete by then, and never raises. `ended` turns True if the end
    was seen or something is wrong; then it must be fed nothing more. `finish` is called once, if
    it has ended or the bytes have: it returns what remains, or raises what is wrong. So all that
    came before a fault is delivered before the fault is raised.
    """

    ended: bool

    def feed(self, data: bytes, /) -> Output:
        """What is complete with these bytes. Does not raise."""

    def finish(self) -> Output:
        """What remains. Raises `IncompleteStreamError`, `MalformedStreamError` and their like."""


def decode(decoder: Decoder[T], chunks: Iterable[bytes]) -> Iterator[T]:
    """All that `decoder` makes of the chunks, each as soon as it is complete."""
    for chunk in chunks:
        yield decoder.feed(chunk)
        if decoder.ended:
            break
    yield decoder.finish()
