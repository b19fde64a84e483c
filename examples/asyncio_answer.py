"""An answer under asyncio, in the three ways to follow it: handlers, `async for`, and `await`.

It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]'
    python examples/asyncio_answer.py
"""

import asyncio

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import aio


def ask(question: str, url: str) -> SuggestionsEventSource:
    return SuggestionsEventSource(
        question,
        token="your_token_here",
        url=url,  # without it, Jetpack AI is asked
        dispatch=aio(),  # handlers run on this loop, and may be async
    )


async def save(source: SuggestionsEventSource, event) -> None:
    await asyncio.sleep(0.1)  # as to a database
    print(f"\n\nsaved {len(event.detail)} characters")


async def main(url: str) -> None:
    source = ask("Who won the world cup in 2022?", url)
    source.connect("done", save)
    async for chunk in source:
        print(chunk, end="", flush=True)
    await asyncio.sleep(0.2)

    answers = await asyncio.gather(*(ask(f"What is {n} + {n}?", url) for n in range(3)))
    print(f"and three at once: {[len(answer) for answer in answers]} characters")


with Playground() as playground:
    asyncio.run(main(playground.jetpack_url))
