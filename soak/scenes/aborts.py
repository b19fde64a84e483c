"""Questions that are closed: at any moment, in any phase, from anywhere."""

from __future__ import annotations

import contextlib
import threading
import time
from random import Random

from soak.record import SOON, Record, ask, check, check_ended
from soak.service import Service

_PHASES = (
    "slow answer",
    "slow answer over TLS",
    "silence in TLS",
    "slow TLS",
    "silence before headers",
    "silence in headers",
    "silence after headers",
    "silence in mid-stream",
    "drip",
    "drip in headers",
    "pings for ever",
    "flood of pings",
    "answer",
    "answer over TLS",
    "429",
)
_FOR_EVER = dict.fromkeys(("connect", "first_byte", "idle", "content", "total"))


def at_random(service: Service, random: Random) -> None:
    record = Record()
    source = ask(service, random.choice(_PHASES), on=record.handlers(), timeouts=_FOR_EVER)
    time.sleep(random.choice((0.0, random.uniform(0, 0.005), random.uniform(0, 0.08))))
    random.choice((source.close, source.controller.abort))()
    check_ended(source, record)


def from_many_threads(service: Service, random: Random) -> None:
    record = Record()
    source = ask(service, random.choice(_PHASES), on=record.handlers(), timeouts=_FOR_EVER)
    closers = [threading.Timer(random.uniform(0, 0.03), source.close) for _ in range(3)]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
    check_ended(source, record)


def in_a_handler(service: Service, random: Random) -> None:
    record = Record()
    source = ask(service, "slow answer", start=False)
    name = random.choice(("open", "chunk", "suggestion", "done"))
    source.connect(name, lambda source, event: source.close())
    record.connect_to(source)
    source.start()
    check_ended(source, record)


def with_block(service: Service, random: Random) -> None:
    record = Record()
    with ask(service, random.choice(_PHASES), timeouts=_FOR_EVER) as source:
        record.connect_to(source)
    check_ended(source, record)


def unhandled(service: Service, random: Random) -> None:
    """Closed, and dropped at once."""
    source = ask(service, random.choice(_PHASES), timeouts=_FOR_EVER)
    with contextlib.closing(source):
        time.sleep(random.uniform(0, 0.02))


def while_connecting_handlers(service: Service, random: Random) -> None:
    """A handler that is connected during a close() gets the end at most once."""
    source = ask(service, "slow answer")
    closer = threading.Timer(random.uniform(0, 0.03), source.close)
    closer.start()
    records = [Record().connect_to(source) for _ in range(5)]
    closer.join()
    for record in records:
        check(record.ended.wait(SOON), "a late handler gets no end:", source, record.told)
    check(source.wait(SOON), "no end:", source)
    for record in records:
        check(record.terminal in ("abort", "done"), record.told)
