"""Answers that are waited for: by iteration, `result()`, `wait()` and `await`, or not any more."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random

from soak.record import SOON, ask, check
from soak.service import Service
from soak.words import answer_to
from suggestions import errors

_PORTS = ("answer", "slow answer", "answer over TLS")


def iterated(service: Service, random: Random) -> None:
    question = f"Iterated {random.random()}"
    text = "".join(ask(service, random.choice(_PORTS), question))
    check(text == answer_to(question), "iteration:", text)


def left_halfway(service: Service, random: Random) -> None:
    """By `break`; closed then, or not."""
    source = ask(service, "slow answer")
    for _ in zip(source, range(random.randint(1, 5)), strict=False):
        pass
    if random.random() < 0.5:
        source.close()


def asked_for_the_result(service: Service, random: Random) -> None:
    question = f"Result {random.random()}"
    source = ask(service, random.choice(_PORTS), question)
    with contextlib.suppress(TimeoutError):
        source.result(0.001)
    source.wait(0.001)
    text = source.result(SOON)
    check(text == source.full_message == answer_to(question), "result():", text)


def failed(service: Service, random: Random) -> None:
    source = ask(service, random.choice(("503", "end in mid-stream", "reset in mid-stream")))
    pieces: list[str] = []
    try:
        pieces.extend(source)
    except errors.SuggestionsError as error:
        check("".join(pieces) == error.partial_text == source.full_message, error, pieces)
    else:
        check(False, "no error:", source)


def awaited(service: Service, random: Random) -> None:
    """Several on one loop, which ends with them."""
    asyncio.run(_several(service, random))


async def _several(service: Service, random: Random) -> None:
    async def whole(number: int) -> None:
        question = f"Awaited {number} {random.random()}"
        text = await ask(service, random.choice(_PORTS), question)
        check(text == answer_to(question), "await:", text)

    async def by_pieces() -> None:
        question = f"Async for {random.random()}"
        pieces = [piece async for piece in ask(service, "slow answer", question)]
        check("".join(pieces) == answer_to(question), "async for:", pieces)

    async def cancelled() -> None:
        source = ask(service, "silence in mid-stream")
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(source, 0.01)
        source.close()
        with contextlib.suppress(errors.AbortedError):
            await source
        check(source.state == "aborted", source)

    await asyncio.gather(whole(1), whole(2), by_pieces(), cancelled())
