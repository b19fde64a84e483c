"""What the programs share: a service on a real socket, and a handler that notes what it hears."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from script import DONE, chunk

from suggestions import Event, SuggestionsEventSource

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Service:
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
        self.text = "".join(f"{n} " for n in range(chunks))
        self.asked = 0
        self.hung_up = 0
        """How many connections the client has shut."""
        self.go_on = threading.Event()
        self._chunks, self._pace, self._silent, self._held_at = chunks, pace, silent, held_at
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def ask(self, dispatch: Any, **options: Any) -> SuggestionsEventSource:
        return SuggestionsEventSource("Why?", url=self.url, dispatch=dispatch, **options)

    def has_seen_all_hang_up(self) -> bool:
        return self.asked > 0 and self.hung_up == self.asked

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with self._lock:
            self.asked += 1
        with suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            received = b""
            while b"Why?" not in received:
                part = connection.recv(65536)
                if not part:
                    raise ConnectionResetError
                received += part
            connection.sendall(HEAD)
            began = time.monotonic()
            for number in range(self._chunks):
                if number == self._held_at:
                    self.go_on.wait()
                time.sleep(max(0.0, began + number * self._pace - time.monotonic()))
                connection.sendall(chunk(f"{number} "))
            if not self._silent:
                connection.sendall(DONE)
            while connection.recv(65536):
                pass
        with self._lock:
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
        """That all of the text was heard, in order, on this thread, and no more than is due."""
        took = time.monotonic() - self.began
        assert self.threads == {threading.get_ident()}
        assert "".join(self.chunks) == text == self.suggestions[-1]
        assert self.names[-3:] == ["suggestion", "done", "end"], self.names[-5:]
        if throttle is not None:
            assert len(self.suggestions) <= took / throttle + 2


def interrupt(service: Service, notes: Notes) -> None:
    """Presses Ctrl-C, from a thread of its own, in the midst of an answer that is held."""

    def press() -> None:
        eventually(lambda: bool(notes.chunks))
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


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits on this thread until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.005)
