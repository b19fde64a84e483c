"""`EventSource`s that reconnect, until the server has no more to say or they are closed."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import Any

from soak.record import SOON, check
from soak.server import LAST_ID
from soak.service import Service
from suggestions import EventSource
from suggestions.toolkits import Pump

_PORTS = ("stream", "stream", "stream over TLS")
_LOST = (
    "silence before headers",
    "silence in headers",
    "end before headers",
    "silence after headers",
)


class _Received:
    """Holds no source."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.closed = threading.Event()

    def hear(self, source: EventSource, event: Any) -> None:
        if event.type == "message":
            self.numbers.append(int(event.detail.data))
        elif event.type == "error" and source.ready_state == EventSource.CLOSED:
            self.closed.set()

    def check(self) -> None:
        expected = list(range(1, len(self.numbers) + 1))
        check(self.numbers == expected, "events lost or doubled:", self.numbers)


def _listen(
    service: Service, random: Random, port: str | None = None, **options: Any
) -> tuple[EventSource, _Received]:
    received = _Received()
    source = EventSource(
        service.url(port or random.choice(_PORTS)),
        session=service.session,
        start=False,
        **{"initial_retry_delay": 0.01, **options},
    )
    source.connect("*", received.hear)
    source.start()
    return source, received


def to_its_end(service: Service, random: Random) -> None:
    source, received = _listen(service, random, history=random.choice((0, 5, 1000)))
    check(received.closed.wait(SOON), "no end:", source, received.numbers)
    received.check()
    check(len(received.numbers) == LAST_ID, "events lost:", received.numbers)


def closed(service: Service, random: Random) -> None:
    source, received = _listen(service, random)
    time.sleep(random.uniform(0, 0.1))
    source.close()
    time.sleep(0.001)  # one that had begun may still be delivered
    told = len(received.numbers)
    received.check()
    check(source.ready_state == EventSource.CLOSED, source)
    time.sleep(0.005)
    check(len(received.numbers) == told, "an event after close():", received.numbers)


def closed_anywhere(service: Service, random: Random) -> None:
    source, _ = _listen(service, random, random.choice(_LOST))
    time.sleep(random.uniform(0, 0.05))
    source.close()


def restarted(service: Service, random: Random) -> None:
    source, received = _listen(service, random)
    for _ in range(random.randint(1, 4)):
        time.sleep(random.uniform(0, 0.02))
        source.restart()
    deadline = time.monotonic() + SOON
    while source.ready_state != EventSource.CLOSED and time.monotonic() < deadline:
        time.sleep(0.001)
    check(source.ready_state == EventSource.CLOSED, "no end:", source, received.numbers)


def dropped(service: Service, random: Random) -> None:
    """Goes on while the server has something to say."""
    received = _listen(service, random)[1]
    check(received.closed.wait(SOON), "no end:", received.numbers)
    received.check()


def pump_that_dies(service: Service, random: Random) -> None:
    pump = Pump()
    source, received = _listen(service, random, dispatch=pump)
    moment = time.monotonic() + random.uniform(0, 0.1)
    while time.monotonic() < moment:
        if not pump.run():
            time.sleep(0.001)
    received.check()
    pump.close()
    check(source.ready_state == EventSource.CLOSED, "its host is gone:", source)
