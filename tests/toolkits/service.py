"""What the programs share: a service on a real socket, and a handler that notes its events."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from script import DONE, chunk
from waiting import eventually

from suggestions import Event, SuggestionsEventSource
from suggestions.testing import Peer, SuggestionsServer
from suggestions.testing.answer_bytes import UNTIL_CLOSE


class Service(SuggestionsServer):
    """Answers each request with so many chunks, one each `pace` seconds; then it is done, or
    silent until the client hangs up. After `held_at` chunks it waits for `go_on`."""

    def __init__(
        self,
        chunks: int,
        *,
        pace: float = 0.001,
        silent: bool = False,
        held_at: int | None = None,
    ) -> None:
        super().__init__()
        self.text = "".join(f"{n} " for n in range(chunks))
        self.asked = 0
        self.hung_up = 0
        """How many connections the client has shut."""
        self.go_on = threading.Event()
        self._chunks, self._pace, self._silent, self._held_at = chunks, pace, silent, held_at
        self._counting = threading.Lock()
        self.plays(self._answer)

    def ask(self, dispatch: Any, **options: Any) -> SuggestionsEventSource:
        return SuggestionsEventSource("Why?", url=self.url, dispatch=dispatch, **options)

    def has_seen_all_hang_up(self) -> bool:
        return self.asked > 0 and self.hung_up == self.asked

    def _answer(self, peer: Peer) -> None:
        with self._counting:
            self.asked += 1
        try:
            peer.request()
            peer.send(UNTIL_CLOSE)
            began = time.monotonic()
            for number in range(self._chunks):
                if number == self._held_at:
                    self.go_on.wait()
                time.sleep(max(0.0, began + number * self._pace - time.monotonic()))
                peer.send(chunk(f"{number} "))
            if not self._silent:
                peer.send(DONE)
            peer.hold()
        finally:
            with self._counting:
                self.hung_up += 1


class Notes:
    """Notes every event of a source, when it came, and on which thread."""

    NAMES = ("chunk", "suggestion", "done", "abort", "error", "end", "handler_error")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.chunks: list[str] = []
        self.suggestions: list[str] = []
        self.threads: set[int] = set()
        self.began = time.monotonic()
        self.ended = False

    def on(self) -> dict[str, Callable[..., object]]:
        return dict.fromkeys(self.NAMES, self)

    def __call__(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        self.threads.add(threading.get_ident())
        self.names.append(event.type)
        if event.type == "chunk":
            self.chunks.append(event.detail)
        elif event.type == "suggestion":
            self.suggestions.append(event.detail)
        elif event.type == "end":
            self.ended = True

    def check(self, text: str, throttle: float | None = None) -> None:
        """All of the text came, in order, on this thread, and no more suggestions than are due."""
        took = time.monotonic() - self.began
        assert self.threads == {threading.get_ident()}
        assert "".join(self.chunks) == text == self.suggestions[-1]
        assert self.names[-3:] == ["suggestion", "done", "end"], self.names[-5:]
        if throttle is not None:
            assert len(self.suggestions) <= took / throttle + 2


def interrupt(service: Service, notes: Notes) -> None:
    """Presses Ctrl-C, from a thread of its own, in the middle of an answer that is held."""

    def press() -> None:
        assert eventually(lambda: bool(notes.chunks))
        os.kill(os.getpid(), signal.SIGINT)
        service.go_on.set()

    threading.Thread(target=press, daemon=True).start()


def timed(close: Callable[[], None]) -> None:
    """Calls it, which must not wait for the server: that would take for ever.

    What it takes is measured in benchmarks/; here the machine may have other things to do.
    """
    began = time.perf_counter()
    close()
    took = time.perf_counter() - began
    print(f"close() took {took * 1000:.2f} ms")
    assert took < 5
