"""The body of a response: an answer's frames as they come, and heartbeats while none do."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Iterator

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.relay.callbacks import Callbacks
from suggestions.relay.frames import ENDINGS, Frames
from suggestions.relay.inbox import Inbox
from suggestions.relay.leaving import close_at_exit

# A comment at once lets the headers go out, so that the browser's `open` need not wait for the
# model.
_OPENING = b":\n\n"
# A heartbeat comes in three writes. A peer that has left answers the first with a reset. So many
# seconds later that has come, and the second write fails; a server that writes on another thread
# than this one says so at the third.
_HEARTBEAT = (b":\n", b":\n", b"\n")
_ROUND_TRIP = 0.2


class Body:
    """The bytes of one answer. It is asked for by the first `next`; `close()` stops it."""

    def __init__(
        self,
        source: SuggestionsEventSource,
        frames: Frames,
        callbacks: Callbacks,
        heartbeat: float,
    ) -> None:
        self.source = source
        self._frames = frames
        self._callbacks = callbacks
        self._heartbeat = heartbeat
        self._inbox = Inbox(source, frames.heard)

    def close(self) -> None:
        """Closes the request to the service, from any thread."""
        self.source.close()

    def chunks(self) -> Iterator[bytes]:
        """For a thread that may block."""
        close_at_exit(self.source)
        try:
            self.source.start()
            yield _OPENING
            silences = self._silences()
            while True:
                timeout, heartbeat = next(silences)
                events = self._inbox.take(timeout)
                for event in events:
                    self._callbacks.call(event)
                if events:
                    silences = self._silences()
                yield b"".join(map(self._frames.of, events)) or heartbeat
                if events and events[-1].type in ENDINGS:
                    return
        finally:
            self.close()

    async def achunks(self) -> AsyncGenerator[bytes, None]:
        """As `chunks`, under asyncio."""
        try:
            self.source.start()
            yield _OPENING
            silences = self._silences()
            while True:
                timeout, heartbeat = next(silences)
                events = await self._inbox.atake(timeout)
                for event in events:
                    await self._callbacks.acall(event)
                if events:
                    silences = self._silences()
                yield b"".join(map(self._frames.of, events)) or heartbeat
                if events and events[-1].type in ENDINGS:
                    return
        finally:
            self.close()

    def _silences(self) -> Iterator[tuple[float, bytes]]:
        """How long to wait next, in seconds, and what to send when nothing has come by then."""
        timeouts = (self._heartbeat, _ROUND_TRIP, _ROUND_TRIP)
        return itertools.cycle(zip(timeouts, _HEARTBEAT, strict=True))
