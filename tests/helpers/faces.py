"""The ways to read an answer: a thread of the source's own does, or a loop."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from loop_thread import LoopThread
from script import HOLD, Script, Step
from wire_server import UNTIL_CLOSE, Peer, Server, eventually

from suggestions import SuggestionsEventSource

URL = "https://service.example/ask"


class Face(Protocol):
    """A way to read. `at_the_reader(fn)` is a step of a script: the thread that reads calls `fn`
    before it takes the next step."""

    def ask(self, steps: list[Step], **options: Any) -> SuggestionsEventSource: ...

    def wait(self, source: SuggestionsEventSource, seconds: float = 30) -> None:
        """Returns when the source's last handler has run."""

    def at_the_reader(self, fn: Callable[[], object]) -> Callable[[], object]: ...


class ThreadReads:
    """A thread of the source's own reads the answer and calls the handlers."""

    def ask(self, steps: list[Step], **options: Any) -> SuggestionsEventSource:
        return SuggestionsEventSource(
            "Why?", "secret-token", url=URL, session=Script(steps).session(), **options
        )

    def wait(self, source: SuggestionsEventSource, seconds: float = 30) -> None:
        assert source.wait(seconds)

    def at_the_reader(self, fn: Callable[[], object]) -> Callable[[], object]:
        return fn


class LoopReads:
    """An asyncio loop reads the answer from a socket and calls the handlers.

    The service does not wait until a step is read: it may be several steps ahead, and its functions
    are called on its own thread. So what is to be called where the answer is read goes through
    `at_the_reader`; and an error of the connection is a reset, whichever it is.
    """

    def __init__(self, loop: LoopThread) -> None:
        self.loop = loop
        self._numbers = itertools.count(1)
        self._steps: dict[str, list[Step]] = {}
        self._playing: set[str] = set()
        self._paths: WeakKeyDictionary[SuggestionsEventSource, str] = WeakKeyDictionary()
        self._server = Server(self._play)

    def __enter__(self) -> LoopReads:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def ask(self, steps: list[Step], **options: Any) -> SuggestionsEventSource:
        path = f"/{next(self._numbers)}"
        self._steps[path] = steps
        url = f"http://localhost:{self._server.port}{path}"
        source = SuggestionsEventSource(
            "Why?", "secret-token", url=url, dispatch=self.loop.dispatch, **options
        )
        self._paths[source] = path
        return source

    def wait(self, source: SuggestionsEventSource, seconds: float = 30) -> None:
        assert source.wait(seconds)
        # A function of the script may still connect handlers, which then get what has been.
        assert eventually(lambda: self._paths[source] not in self._playing)
        assert source.wait(seconds)

    def at_the_reader(self, fn: Callable[[], object]) -> Callable[[], object]:
        return lambda: self.loop.call(fn)

    def _play(self, peer: Peer) -> None:
        path = peer.request().path
        self._playing.add(path)
        try:
            self._play_steps(peer, self._steps.pop(path))
        finally:
            self._playing.discard(path)

    def _play_steps(self, peer: Peer, steps: list[Step]) -> None:
        peer.send(UNTIL_CLOSE)
        for step in steps:
            if step is HOLD:
                peer.hold()
            elif isinstance(step, Exception):
                peer.reset()
                return
            elif callable(step):
                step()
            elif isinstance(step, bytes):
                # Who has what was asked for leaves, and misses nothing.
                with contextlib.suppress(OSError):
                    peer.send(step)
