"""Questions that are answered: with handlers from the start, late, once, or without any."""

from __future__ import annotations

import time
from random import Random

from soak.record import SOON, Record, ask, check, check_ended
from soak.service import Service
from soak.words import answer_to

_PORTS = ("answer", "answer", "slow answer", "answer over TLS")


def received(service: Service, random: Random) -> None:
    question = f"Received {random.random()}"
    record = Record()
    throttle = random.choice((None, 0.02))
    source = ask(service, random.choice(_PORTS), question, on=record.handlers(), throttle=throttle)
    check_ended(source, record, answer_to(question))


def received_late(service: Service, random: Random) -> None:
    """In mid-stream, or when all is over."""
    question = f"Late {random.random()}"
    source = ask(service, random.choice(_PORTS), question)
    time.sleep(random.uniform(0, 0.05))
    record = Record().connect_to(source)
    check(record.ended.wait(SOON), "a late handler gets no end:", record.told)
    check(source.wait(SOON), "no end:", source)
    # Each name has a cursor of its own: another one may have been called after this end.
    record.check(source.full_message, answer_to(question))


def received_once(service: Service, random: Random) -> None:
    first: list[str] = []
    source = ask(service, random.choice(_PORTS), start=False)
    source.once("chunk", lambda source, event: first.append(event.detail))
    source.add_event_listener("done", lambda event: None, once=True)
    record = Record().connect_to(source)
    source.start()
    check_ended(source, record)
    check(first == record.of("chunk")[:1], "once:", first)


def disconnected(service: Service, random: Random) -> None:
    record, gone = Record(), Record()
    source = ask(service, "slow answer", on=record.handlers())
    gone.connect_to(source)
    time.sleep(random.uniform(0, 0.05))
    for name in gone.handlers():
        source.disconnect(name, gone.hear)
    check_ended(source, record)


def dropped(service: Service, random: Random) -> None:
    """Its handlers are called all the same."""
    record = Record()
    ask(service, random.choice(_PORTS), on=record.handlers())
    check(record.ended.wait(SOON), "one that was dropped does not end:", record.told)
    check(record.terminal == "done", record.told)


def dropped_unhandled(service: Service, random: Random) -> None:
    ask(service, random.choice((*_PORTS, "slow answer over TLS", "429", "end in mid-stream")))


def never_started(service: Service, random: Random) -> None:
    record = Record()
    source = ask(service, "answer", on=record.handlers(), start=False)
    if random.random() < 0.5:
        source.close()
        check_ended(source, record)
