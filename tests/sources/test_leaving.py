"""A loop that is left and an await that is cancelled close the source, if nothing else listens."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import select
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
import waiting
from process import run
from waiting import eventually
from wire_server import ANSWER, CHUNKED, LAST_CHUNK, SOON, Peer, Server, framed, said

from suggestions import SuggestionsEventSource

until = functools.partial(waiting.until, sleep=asyncio.sleep)


class Service:
    """Sends the first half of an answer, and the other if `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.seen = threading.Event()
        """The client has gone before the end."""

    def __call__(self, peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")), framed(said("b")))
        while not self.go_on.is_set():
            if has_gone(peer):
                self.seen.set()
                return
        peer.send(framed(ANSWER), LAST_CHUNK)


def has_gone(peer: Peer) -> bool:
    """Whether the client has closed the connection; looks for a moment."""
    is_readable = bool(select.select([peer.sock], [], [], 0.005)[0])
    if is_readable:
        with contextlib.suppress(OSError):  # a reset
            peer.sock.recv(1)
    return is_readable


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with Server(service) as server:
        yield server.url


class Stopped(Exception):
    """What a host raises in a script that is to stop, as Streamlit does."""


# A loop on a thread


def take_one(source: SuggestionsEventSource) -> None:
    for piece in source:
        assert piece == "a"
        break


def fail_at_one(source: SuggestionsEventSource) -> None:
    with contextlib.suppress(Stopped):
        for _ in source:
            raise Stopped


def stop_writing(source: SuggestionsEventSource) -> None:
    """As `st.write_stream(source)`, when Stop is pressed: the host raises in its own loop."""

    def write(piece: str) -> None:
        written.append(piece)
        if len(written) == 2:
            raise Stopped

    def write_stream(stream: Any) -> None:
        for piece in stream:
            write(piece)

    written: list[str] = []
    with contextlib.suppress(Stopped):
        write_stream(iter(source))


def close_the_hosts_generator(source: SuggestionsEventSource) -> None:
    """As a function of Gradio's that yields the text so far, when its tab is closed."""

    def respond() -> Iterator[str]:
        text = ""
        for piece in source:
            text += piece
            yield text

    generator = respond()
    assert next(generator) == "a"
    assert next(generator) == "ab"
    generator.close()


def drop_the_iterator(source: SuggestionsEventSource) -> None:
    pieces = iter(source)
    assert next(pieces) == "a"
    del pieces


LEAVING = [take_one, fail_at_one, stop_writing, close_the_hosts_generator, drop_the_iterator]
leaves = pytest.mark.parametrize("leave", LEAVING)
Leave = Callable[[SuggestionsEventSource], None]


@leaves
def test_a_loop_that_is_left_closes(leave: Leave, url: str, service: Service) -> None:
    source = SuggestionsEventSource("?", url=url)
    leave(source)
    assert source.state == "aborted"
    assert service.seen.wait(SOON), "the service goes on"
    assert source.join(SOON)


@leaves
def test_for_a_handler_it_goes_on(leave: Leave, url: str, service: Service) -> None:
    done: list[str] = []
    source = SuggestionsEventSource("?", url=url)
    source.connect("done", lambda source, event: done.append(event.detail))
    leave(source)
    assert source.state == "suggesting"
    service.go_on.set()
    assert source.wait(SOON)
    assert done == ["abArgentina"]


@leaves
def test_for_another_caller_it_goes_on(leave: Leave, url: str, service: Service) -> None:
    source = SuggestionsEventSource("?", url=url)
    other = iter(source)
    assert next(other) == "a"
    leave(source)
    assert source.state == "suggesting"
    service.go_on.set()
    assert "".join(other) == "bArgentina"
    assert source.state == "done"


@leaves
@pytest.mark.parametrize("wait", ["wait", "result"])
def test_for_a_thread_that_waits_it_goes_on(
    wait: str, leave: Leave, url: str, service: Service
) -> None:
    source = SuggestionsEventSource("?", url=url)
    waiter = threading.Thread(target=getattr(source, wait), args=(SOON,))
    waiter.start()
    # Nothing public shows that a thread waits in there.
    assert eventually(lambda: source._delivery.end_waiters.wakers)
    leave(source)
    assert source.state == "suggesting"
    service.go_on.set()
    waiter.join(SOON)
    assert source.state == "done"


def test_the_last_of_two_loops_closes(url: str, service: Service) -> None:
    source = SuggestionsEventSource("?", url=url)
    one, other = iter(source), iter(source)
    assert next(one) == next(other) == "a"
    del one
    assert source.state == "suggesting"
    del other
    assert source.state == "aborted"
    assert service.seen.wait(SOON)


def test_what_watches_every_source_does_not_count(url: str, service: Service) -> None:
    # A signal that was connected once is looked at for the rest of the process.
    script = """
import sys
from suggestions import SuggestionsEventSource, signals

signals.abort.connect(watch := lambda source, event: print(event.detail))
source = SuggestionsEventSource("?", url=sys.argv[1])
for piece in source:
    if piece == "b":
        break
assert source.wait(30)
"""
    assert run(script, url) == "ab\n"
    assert service.seen.wait(SOON)


def test_a_timeout_of_result_does_not_close(url: str, service: Service) -> None:
    source = SuggestionsEventSource("?", url=url)
    with pytest.raises(TimeoutError):
        source.result(0.01)
    service.go_on.set()
    assert source.result(SOON) == "abArgentina"


def test_a_loop_that_is_left_at_the_end_changes_nothing(url: str, service: Service) -> None:
    service.go_on.set()
    source = SuggestionsEventSource("?", url=url)
    assert source.wait(SOON)
    take_one(source)
    assert source.state == "done"
    assert source.full_message == "abArgentina"


@pytest.mark.parametrize("waiting", ["list(source)", "source.result()"])
def test_an_interrupt_closes(waiting: str, url: str, service: Service) -> None:
    """As a notebook's Stop: the program goes on after it."""
    script = f"""
import os, signal, sys, threading, time
from suggestions import SuggestionsEventSource

def interrupt():
    while source.full_message != "ab":
        time.sleep(0.01)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

source = SuggestionsEventSource("?", url=sys.argv[1])
threading.Thread(target=interrupt).start()
try:
    {waiting}
except KeyboardInterrupt:
    print(source.state, source.join(30))
"""
    assert run(script, url) == "aborted True\n"
    assert service.seen.wait(SOON)


# Under asyncio


async def break_out(source: SuggestionsEventSource) -> None:
    async for piece in source:
        assert piece == "a"
        break


async def fail_within(source: SuggestionsEventSource) -> None:
    with contextlib.suppress(Stopped):
        async for _ in source:
            raise Stopped


async def wait_for_it(source: SuggestionsEventSource) -> None:
    await until(lambda: source.full_message == "ab")
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(source, 0.05)


async def cancel_the_await(source: SuggestionsEventSource) -> None:
    async def wait() -> str:
        return await source

    await cancel(wait(), source)


async def cancel_the_loop(source: SuggestionsEventSource) -> None:
    async def iterate() -> None:
        async for _ in source:
            pass

    await cancel(iterate(), source)


async def cancel_within_the_loop(source: SuggestionsEventSource) -> None:
    async def iterate() -> None:
        async for _ in source:
            await asyncio.sleep(SOON)

    await cancel(iterate(), source)


async def cancel(coroutine: Any, source: SuggestionsEventSource) -> None:
    task = asyncio.ensure_future(coroutine)
    await asyncio.sleep(0)  # it begins
    await until(lambda: source.full_message == "ab")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def close_the_servers_generator(source: SuggestionsEventSource) -> None:
    """As a `StreamingResponse` does, when the browser leaves."""

    async def respond() -> AsyncGenerator[str, None]:
        async for piece in source:
            yield piece

    generator = respond()
    assert await generator.__anext__() == "a"
    await generator.aclose()


ALEAVING = [
    break_out,
    fail_within,
    wait_for_it,
    cancel_the_await,
    cancel_the_loop,
    cancel_within_the_loop,
    close_the_servers_generator,
]
aleaves = pytest.mark.parametrize("leave", ALEAVING)


@aleaves
@pytest.mark.parametrize("has_dispatch", [False, True])
def test_what_is_cancelled_closes(
    leave: Any, has_dispatch: bool, url: str, service: Service
) -> None:
    from suggestions.toolkits import aio

    async def main() -> SuggestionsEventSource:
        source = SuggestionsEventSource("?", url=url, dispatch=aio() if has_dispatch else None)
        await leave(source)
        await until(lambda: source.state == "aborted")
        return source

    source = asyncio.run(main())
    assert service.seen.wait(SOON), "the service goes on"
    assert source.join(SOON)


@aleaves
def test_under_asyncio_it_goes_on_for_a_handler(leave: Any, url: str, service: Service) -> None:
    done: list[str] = []

    async def main() -> SuggestionsEventSource:
        source = SuggestionsEventSource("?", url=url)
        source.connect("done", lambda source, event: done.append(event.detail))
        await leave(source)
        await asyncio.sleep(0.05)
        assert source.state == "suggesting"
        service.go_on.set()
        return source

    assert asyncio.run(main()).wait(SOON)
    assert done == ["abArgentina"]


@aleaves
def test_under_asyncio_it_goes_on_for_another_task(leave: Any, url: str, service: Service) -> None:
    async def main() -> str:
        source = SuggestionsEventSource("?", url=url)
        other = asyncio.ensure_future(asyncio.wait_for(source, SOON))
        await until(lambda: source.full_message == "ab")
        await leave(source)
        await asyncio.sleep(0.05)
        assert source.state == "suggesting"
        service.go_on.set()
        return await other

    assert asyncio.run(main()) == "abArgentina"


def test_a_program_that_ends_with_a_task_closes(url: str, service: Service) -> None:
    """`asyncio.run` cancels what is left."""

    async def hold(source: SuggestionsEventSource) -> str:
        return await source

    async def main() -> None:
        source = SuggestionsEventSource("?", url=url)
        task = asyncio.ensure_future(hold(source))
        sources.append(source)
        assert not task.done()
        await until(lambda: source.full_message == "ab")

    sources: list[SuggestionsEventSource] = []
    asyncio.run(main())
    assert sources[0].state == "aborted"
    assert service.seen.wait(SOON)
