"""Who reads: the loop if it can, a thread if it cannot, or if the loop is blocked or over."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from loop_thread import LoopThread, ReceivedOn
from requests.adapters import HTTPAdapter
from waiting import our_threads
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    SOON,
    Peer,
    Server,
    Told,
    answering,
    ca_file,
    eventually,
    framed,
    said,
    server_tls,
    tunnel,
)

from suggestions import SuggestionsEventSource
from suggestions.testing.answer_bytes import DONE

WORDS = [f"{number} " for number in range(2000)]
EVENTS = [said(word) for word in WORDS]
TEXT = "".join(WORDS)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = ca_file(tmp_path_factory.mktemp("trust"))
        yield session


def readers() -> set[threading.Thread]:
    """The threads that read, or open a connection."""
    return our_threads() - our_threads("clock")


# From the loop to a thread and back


def test_another_attempt_comes_back_to_the_loop(loop_thread: LoopThread) -> None:
    seen: list[set[threading.Thread]] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        peer.pause()
        if peer.number == 2:
            peer.send(framed(said("a")))
            assert eventually(lambda: not readers())
            seen.append(readers())
            peer.send(framed(ANSWER))

    with Server(script) as server:
        told = ReceivedOn(server.url, loop_thread, retries=1).wait()
    assert told.source.result() == "aArgentina"
    assert told.names.count("retry") == 1
    assert seen == [set()]
    assert told.threads == {loop_thread.ident}


@pytest.mark.parametrize("follow", [lambda source: source.result(SOON), "".join])
def test_what_blocks_the_loops_own_thread_has_a_thread_read(
    follow: Callable[[Any], str], loop_thread: LoopThread
) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        go_on.wait(SOON)
        peer.pause()
        peer.send(framed(ANSWER))

    def block() -> str:
        go_on.set()
        return follow(told.source)

    with Server(script) as server:
        told = ReceivedOn(server.url, loop_thread)
        assert eventually(lambda: "chunk" in told.names)
        assert eventually(lambda: not readers())
        assert loop_thread.call(block) == "aArgentina"
        told.wait()
    assert told.threads == {loop_thread.ident}


def test_what_blocks_before_the_headers_are_here_has_a_thread_read(
    loop_thread: LoopThread,
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.pause()
        peer.send(CHUNKED, framed(ANSWER))

    def ask_and_block() -> str:
        told.append(ReceivedOn(server.url, loop_thread))
        return told[0].source.result(SOON)

    told: list[ReceivedOn] = []
    with Server(script) as server:
        assert loop_thread.call(ask_and_block) == "Argentina"
        told[0].wait()
    assert told[0].threads == {loop_thread.ident}


class Own(HTTPAdapter):
    """An adapter of the user's own, of whose sockets nothing is known."""


def refuse(sock: socket.socket, readable: Callable[[], None]) -> Callable[[], object]:
    raise NotImplementedError


def adapted() -> requests.Session:
    session = requests.Session()
    session.mount("http://", Own())
    return session


@pytest.mark.parametrize("why", ["watch raises", "no watch", "an adapter of the user's own"])
def test_a_thread_reads_if_the_loop_cannot(why: str) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        go_on.wait(SOON)
        peer.send(framed(ANSWER))

    with LoopThread() as loop, Server(script) as server:
        if why != "an adapter of the user's own":
            vars(loop.dispatch)["watch"] = refuse if why == "watch raises" else None
        told = ReceivedOn(server.url, loop, session=adapted() if "adapter" in why else None)
        assert eventually(lambda: "chunk" in told.names)
        assert eventually(lambda: len(readers()) == 1)
        go_on.set()
        assert told.wait().source.result() == "aArgentina"
        assert told.threads == {loop.ident}


@pytest.mark.parametrize("is_tls_in_tls", [False, True])
def test_a_thread_reads_tls_within_a_proxys_tls(
    session: requests.Session, is_tls_in_tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        go_on.wait(SOON)
        peer.send(framed(ANSWER))

    through = server_tls() if is_tls_in_tls else None
    with (
        Server(script, tls=server_tls()) as server,
        Server(tunnel, tls=through) as proxy,
        LoopThread() as loop,
    ):
        monkeypatch.setattr(session, "proxies", {"https": proxy.url})
        told = ReceivedOn(server.url, loop, session=session)
        assert eventually(lambda: "chunk" in told.names and len(readers()) == is_tls_in_tls)
        go_on.set()
        assert told.wait().source.result() == "aArgentina"
        assert told.threads == {loop.ident}


# Loops that end


@pytest.mark.parametrize("how", ["stopped", "closed"])
def test_a_loop_that_ends_in_mid_answer(how: str) -> None:
    ended = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        peer.wait_for_end()
        ended.set()

    with Server(script) as server, LoopThread() as loop:
        told = ReceivedOn(server.url, loop)
        assert eventually(lambda: "chunk" in told.names)
        loop.stop()
        if how == "closed":
            loop.loop.close()
        told.source.close()
        assert ended.wait(SOON), "the server does not see the end"
        assert told.source.state == "aborted"


def test_a_loop_keeps_no_source_that_was_never_started(loop_thread: LoopThread) -> None:
    def dropped() -> weakref.ref[SuggestionsEventSource]:
        return weakref.ref(ReceivedOn("http://localhost/", loop_thread, start=False).source)

    source = dropped()
    gc.collect()
    assert source() is None


def test_result_of_a_loop_that_is_never_run() -> None:
    from suggestions.toolkits import aio

    loop = asyncio.new_event_loop()
    try:
        with Server(answering(CHUNKED, framed(ANSWER))) as server:
            source = SuggestionsEventSource("Who?", url=server.url, dispatch=aio(loop))
            assert source.result(SOON) == "Argentina"
            source.close()
    finally:
        loop.close()


# A loop of the test's own


class Selecting:
    """A dispatcher over `selectors`, without a line of asyncio."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._mine, self._theirs = socket.socketpair()
        self._mine.setblocking(False)
        self._posted: list[Callable[[], None]] = []
        self._selector.register(self._mine, selectors.EVENT_READ, self._run_posted)
        self.watched = self.stopped = 0

    def __call__(self, fn: Callable[[], None]) -> None:
        self._posted.append(fn)
        self._theirs.send(b".")

    def watch(self, sock: socket.socket, readable: Callable[[], None]) -> Callable[[], object]:
        self.watched += 1
        self._selector.register(sock, selectors.EVENT_READ, readable)

        def stop() -> None:
            self.stopped += 1
            self._selector.unregister(sock)

        return stop

    def run(self, until: Callable[[], object]) -> None:
        deadline = time.monotonic() + SOON
        while not until():
            assert time.monotonic() < deadline
            for key, _ in self._selector.select(0.1):
                key.data()

    def close(self) -> None:
        self._selector.close()
        self._mine.close()
        self._theirs.close()

    def _run_posted(self) -> None:
        self._mine.recv(1000)
        posted, self._posted = self._posted, []
        for fn in posted:
            fn()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_loop_that_is_not_asyncio(scheme: str, session: requests.Session) -> None:
    loop = Selecting()
    tls = server_tls() if scheme == "https" else None
    with Server(
        answering(CHUNKED, *map(framed, EVENTS), framed(DONE), LAST_CHUNK), tls=tls
    ) as server:
        told = Told(server.url, session=session, dispatch=loop)
        loop.run(lambda: "end" in told.names)
    assert told.source.result() == TEXT
    assert told.of("chunk") == WORDS
    assert loop.watched == 1
    loop.close()


# Forks


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_child_leaves_the_parents_loop_alone(
    scheme: str, session: requests.Session, loop_thread: LoopThread
) -> None:
    """It has the same epoll: what it would remove there, the parent's loop would miss."""
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        go_on.wait(SOON)
        peer.send(framed(ANSWER))

    def fork() -> int:
        child = os.fork()
        if not child:
            told.source.close()
            del told.source
            gc.collect()
            os._exit(0)
        return child

    with Server(script, tls=server_tls() if scheme == "https" else None) as server:
        told = ReceivedOn(server.url, loop_thread, session=session)
        assert eventually(lambda: "chunk" in told.names)
        assert eventually(lambda: not readers())
        for child in (fork(), loop_thread.call(fork)):
            assert os.waitpid(child, 0)[1] == 0
        go_on.set()
        assert told.wait().source.result() == "aArgentina"
        assert told.threads == {loop_thread.ident}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_asks_no_loop_to_stop_watching() -> None:
    """Also if nothing refers to the source there any more."""
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        go_on.wait(SOON)
        peer.send(framed(ANSWER))

    loop = Selecting()
    with Server(script) as server:
        told = Told(server.url, dispatch=loop)
        loop.run(lambda: "chunk" in told.names)
        child = os.fork()
        if not child:
            del told
            loop.close()  # it refers to what it watches
            gc.collect()
            os._exit(loop.stopped)
        assert os.waitpid(child, 0)[1] == 0
        go_on.set()
        loop.run(lambda: "end" in told.names)
        assert told.source.result() == "aArgentina"
        assert loop.stopped == 1
    loop.close()
