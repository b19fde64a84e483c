"""The asyncio loop of a task that awaits an answer, which may read the answer itself."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from functools import partial

from .._delivery.delivery import Delivery


class AwaitingLoop:
    """A loop for `Reading`. `leave()` has a thread read instead. To be made on the loop."""

    def __init__(self, delivery: Delivery, leave: Callable[[], object]) -> None:
        self._delivery = delivery
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def watch(self, sock: socket.socket, readable: Callable[[], None]) -> Callable[[], object]:
        descriptor = sock.fileno()
        self._loop.add_reader(descriptor, readable)
        return partial(self._loop.remove_reader, descriptor)

    def post(self, fn: Callable[[], None]) -> bool:
        try:
            self._loop.call_soon_threadsafe(fn)
        except RuntimeError:
            self._leave()
        return True

    def deliver(self) -> None:
        if self._delivery.has_listeners():
            self._delivery.wake()
        else:
            self._delivery.drain()

    def runs_here(self) -> bool:
        return threading.get_ident() == self._thread

    def is_running(self) -> bool:
        return self._loop.is_running()

    def gone(self) -> None:
        self._leave()
