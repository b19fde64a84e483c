"""A task that awaits an answer: its loop reads, as long as it awaits and nothing else listens."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import waiting
from waiting import our_threads
from wire_server import ANSWER, CHUNKED, SOON, Peer, Server, framed, said

from suggestions import SuggestionsEventSource, signals

until = functools.partial(waiting.until, sleep=asyncio.sleep)


@pytest.fixture(autouse=True)
def earlier() -> set[threading.Thread]:
    """The threads of earlier tests, which may just be ending."""
    return our_threads()


@pytest.fixture
def no_reader(earlier: set[threading.Thread]) -> Callable[[], bool]:
    """Whether no thread of this test reads."""
    return lambda: our_threads() - earlier <= our_threads("clock")


class Halves:
    """A service that sends one half of the answer once a task follows it, and the other if `go_on`
    is set. A thread that had the headers before that would read all of it itself."""

    def __init__(self) -> None:
        self.is_followed = threading.Event()
        self.go_on = threading.Event()

    async def task(self, following: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that has begun to follow the answer."""
        task = asyncio.ensure_future(following)
        await asyncio.sleep(0)
        self.is_followed.set()
        return task

    def __call__(self, peer: Peer) -> None:
        peer.request()
        self.is_followed.wait(SOON)
        peer.send(CHUNKED)
        peer.pause()  # the headers alone
        peer.send(framed(said("a")))
        self.go_on.wait(SOON)
        peer.send(framed(ANSWER))


async def await_it(source: SuggestionsEventSource) -> str:
    return await source


async def iterate(source: SuggestionsEventSource) -> str:
    return "".join([piece async for piece in source])


def take(source: SuggestionsEventSource, pieces: list[str]) -> None:
    for piece in source:
        pieces += [piece]


follows = pytest.mark.parametrize("follow", [await_it, iterate])
Follow = Callable[[SuggestionsEventSource], Any]


@follows
def test_the_loop_of_a_task_reads(follow: Follow, no_reader: Callable[[], bool]) -> None:
    halves = Halves()

    async def main(url: str) -> str:
        source = SuggestionsEventSource("Who?", url=url)
        task = await halves.task(follow(source))
        await until(lambda: source.full_message == "a" and no_reader())
        halves.go_on.set()
        text: str = await task
        assert no_reader()
        return text

    with Server(halves) as server:
        assert asyncio.run(main(server.url)) == "aArgentina"


@follows
def test_the_loop_of_a_task_reads_again_after_all_sources_were_watched(
    follow: Follow, no_reader: Callable[[], bool]
) -> None:
    with signals.done.connected_to(lambda source, event: None):
        pass
    test_the_loop_of_a_task_reads(follow, no_reader)


@follows
def test_a_thread_reads_on_for_another_caller_if_the_task_is_cancelled(
    follow: Follow, no_reader: Callable[[], bool]
) -> None:
    halves = Halves()

    async def main(url: str) -> str:
        source = SuggestionsEventSource("Who?", url=url)
        task = await halves.task(follow(source))
        await until(lambda: source.full_message == "a" and no_reader())
        pieces: list[str] = []
        other = asyncio.ensure_future(asyncio.to_thread(take, source, pieces))
        await until(lambda: pieces == ["a"])
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await until(lambda: not no_reader())
        halves.go_on.set()
        await other
        return "".join(pieces)

    with Server(halves) as server:
        assert asyncio.run(main(server.url)) == "aArgentina"


@follows
def test_a_thread_reads_on_for_a_handler_if_the_loop_ends(
    follow: Follow, no_reader: Callable[[], bool]
) -> None:
    halves = Halves()
    sources: list[SuggestionsEventSource] = []

    async def main(url: str) -> None:
        source = SuggestionsEventSource("Who?", url=url)
        sources.append(source)
        task = await halves.task(follow(source))
        await until(lambda: source.full_message == "a" and no_reader())
        source.connect("done", lambda source, event: None)
        assert not task.done()

    with Server(halves) as server:
        asyncio.run(main(server.url))
        halves.go_on.set()
        assert sources[0].result(SOON) == "aArgentina"


@follows
def test_handlers_that_are_connected_meanwhile_do_not_run_on_the_loop(
    follow: Follow, no_reader: Callable[[], bool]
) -> None:
    halves = Halves()
    received: dict[str, int] = {}

    def hear(source: SuggestionsEventSource, event: Any) -> None:
        received[event.type] = threading.get_ident()

    async def main(url: str) -> str:
        source = SuggestionsEventSource("Who?", url=url)
        task = await halves.task(follow(source))
        await until(lambda: source.full_message == "a" and no_reader())
        source.connect("chunk", hear)
        source.connect("end", hear)
        halves.go_on.set()
        text: str = await task
        assert await asyncio.to_thread(source.wait, SOON)
        return text

    with Server(halves) as server:
        assert asyncio.run(main(server.url)) == "aArgentina"
    assert sorted(received) == ["chunk", "end"]
    assert threading.get_ident() not in received.values()


def test_uvloop_reads(no_reader: Callable[[], bool]) -> None:
    uvloop = pytest.importorskip("uvloop")
    halves = Halves()

    async def main(url: str) -> str:
        source = SuggestionsEventSource("Who?", url=url)
        task = await halves.task(await_it(source))
        await until(lambda: source.full_message == "a" and no_reader())
        halves.go_on.set()
        return await task

    with Server(halves) as server:
        loop = uvloop.new_event_loop()
        try:
            assert loop.run_until_complete(main(server.url)) == "aArgentina"
        finally:
            loop.close()
