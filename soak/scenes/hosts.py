"""Handlers that run where a host wants them, and hosts that die in mid-stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

from soak.record import SOON, TERMINAL, Record, ask, check
from soak.service import Service
from soak.words import answer_to
from suggestions.toolkits import Pump, aio


def pumped(service: Service, random: Random) -> None:
    question = f"Pumped {random.random()}"
    pump, record = Pump(), Record()
    source = ask(service, "slow answer", question, dispatch=pump, on=record.handlers())
    _run(pump, record.ended.is_set)
    check(record.ended.is_set(), "no end:", source, record.told)
    record.check(source.full_message, answer_to(question))
    pump.close()


def pump_that_dies(service: Service, random: Random) -> None:
    pump, record = Pump(), Record()
    port = random.choice(("slow answer", "flood of pings", "silence in mid-stream", "429"))
    source = ask(service, port, dispatch=pump, on=record.handlers())
    moment = time.monotonic() + random.uniform(0, 0.05)
    _run(pump, lambda: time.monotonic() > moment)
    pump.close()
    check(source.state in TERMINAL.values(), "its host is gone:", source)
    told = len(record.told)
    time.sleep(0.005)
    check(len(record.told) == told, "an event after the host's end:", record.told[told:])


def dispatcher_that_raises(service: Service, random: Random) -> None:
    """From one post on, without another word."""
    left, posts = random.randint(0, 5), Pump()

    def post(fn: Callable[[], None]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError("the window is gone")
        posts(fn)

    source = ask(service, "slow answer", dispatch=post, on=Record().handlers())
    _run(posts, lambda: source.state in TERMINAL.values())
    check(source.state in TERMINAL.values(), "its host is gone:", source)


def dispatcher_that_swallows(service: Service, random: Random) -> None:
    """Takes each post, runs none."""
    record = Record()
    source = ask(service, "slow answer", dispatch=lambda fn: None, on=record.handlers())
    time.sleep(random.uniform(0, 0.05))
    source.close()
    check(not record.told, "no handler may be called:", record.told)


def loop_that_ends(service: Service, random: Random) -> None:
    """`asyncio.run()` is over before the answer is, or after it."""
    question, record = f"Loop {random.random()}", Record()
    sources = []

    async def main() -> None:
        dispatch = aio()
        source = ask(service, "slow answer", question, dispatch=dispatch, on=record.handlers())
        sources.append(source)
        if random.random() < 0.5:
            check(await source == answer_to(question), "await:", source)
            record.check(source.full_message, answer_to(question))
        else:
            await asyncio.sleep(random.uniform(0, 0.05))

    asyncio.run(main())
    check(sources[0].state in TERMINAL.values(), "its loop is over:", sources[0])


def _run(pump: Pump, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not until() and time.monotonic() < deadline:
        if not pump.run():
            time.sleep(0.001)
