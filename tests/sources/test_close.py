"""`close()` over real sockets: at once, in every phase, seen by the server, and leaving nothing."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from loop_thread import LoopThread
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
    full_backlog,
    said,
    server_tls,
    unknown_host,
)

from suggestions.toolkits import Dispatcher

AT_ONCE = 5.0
"""Seconds. Whatever a close() could wait for lasts much longer; what it takes is measured in
benchmarks/, and is under 5 ms."""


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> str:
    return ca_file(tmp_path_factory.mktemp("trust"))


@pytest.fixture
def session(trust: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = trust
        yield session


class Scene:
    """A service that reports when a source has got to a phase, and when it saw the end."""

    def __init__(self) -> None:
        self.url = ""
        self.proxy: str | None = None
        self.reached = threading.Event()
        self.ended = threading.Event()

    def watch(self, peer: Peer) -> None:
        self.reached.set()
        peer.wait_for_end()
        self.ended.set()

    def flood(self, peer: Peer) -> None:
        peer.send(CHUNKED)
        with contextlib.suppress(OSError):
            for number in range(10**9):
                peer.send(framed(said("word ")) * 100)
                if number == 20:
                    self.reached.set()
        self.reached.set()
        self.ended.set()


@contextlib.contextmanager
def resolving(scene: Scene, scheme: str) -> Iterator[None]:
    over = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        scene.reached.set()
        over.wait(SOON)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        scene.url = f"{scheme}://slow.localhost/"
        scene.ended.set()  # there is no server yet
        yield
        assert [t.name for t in our_threads()] == ["suggestions-lookup"], (
            "the reader waits for the resolver"
        )
        over.set()


@contextlib.contextmanager
def connecting(scene: Scene, scheme: str) -> Iterator[None]:
    connect = socket.socket.connect

    def connect_and_tell(sock: socket.socket, address: Any) -> None:
        scene.reached.set()
        connect(sock, address)

    with full_backlog() as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_and_tell)
        scene.url = f"{scheme}://127.0.0.1:{port}/"
        scene.ended.set()  # the server has not seen the beginning
        yield


@contextlib.contextmanager
def tunnel(scene: Scene, scheme: str) -> Iterator[None]:
    def script(peer: Peer) -> None:
        peer.request()
        scene.watch(peer)

    with Server(script) as proxy:
        scene.proxy = proxy.url
        scene.url = f"{scheme}://localhost:9/"
        yield


@contextlib.contextmanager
def handshake(scene: Scene, scheme: str) -> Iterator[None]:
    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        scene.watch(peer)

    with Server(script) as server:
        scene.url = server.url.replace("http", scheme)
        yield


def served(play: Callable[[Scene, Peer], None]) -> Callable[[Scene, str], Any]:
    """A phase after the request."""

    @contextlib.contextmanager
    def phase(scene: Scene, scheme: str) -> Iterator[None]:
        def script(peer: Peer) -> None:
            peer.request()
            play(scene, peer)

        with Server(script, tls=server_tls() if scheme == "https" else None) as server:
            scene.url = server.url
            yield

    return phase


def after(*parts: bytes) -> Callable[[Scene, Peer], None]:
    """Silent when that is sent."""

    def play(scene: Scene, peer: Peer) -> None:
        if parts:
            peer.send(*parts)
            peer.pause()
        scene.watch(peer)

    return play


def endless_error(scene: Scene, peer: Peer) -> None:
    peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 10000\r\n\r\n.")
    scene.watch(peer)


Phase = Callable[[Scene, str], Any]
PHASES: dict[str, Phase] = {
    "resolving": resolving,
    "connecting": connecting,
    "awaiting headers": served(after()),
    "within the headers": served(after(CHUNKED[:30])),
    "behind the headers": served(after(CHUNKED)),
    "silent in mid-stream": served(after(CHUNKED, framed(said("a")))),
    "silent within a chunk": served(after(CHUNKED, framed(said("a") * 2)[:-20])),
    "flood": served(Scene.flood),
    "the body of an error": served(endless_error),
}
IN_EACH_PHASE = pytest.mark.parametrize(
    ("phase", "scheme"),
    [
        *(
            pytest.param(phase, scheme, id=f"{name}, {scheme}")
            for name, phase in PHASES.items()
            for scheme in ("http", "https")
        ),
        pytest.param(handshake, "https", id="TLS handshake"),
        pytest.param(tunnel, "https", id="a proxy's tunnel"),
    ],
)


@contextlib.contextmanager
def brought_to(
    phase: Phase, scheme: str, session: requests.Session, **options: Any
) -> Iterator[tuple[Told, Scene]]:
    """A source in that phase, and its scene."""
    scene = Scene()
    with phase(scene, scheme):
        if scene.proxy is not None:
            session.proxies = {scheme: scene.proxy}
        told = Told(scene.url, session=session, retries=0, **options)
        assert scene.reached.wait(SOON), told.names
        yield told, scene
        assert eventually(lambda: {t.name for t in our_threads()} <= {"suggestions-lookup"})
    assert eventually(lambda: not our_threads())


@IN_EACH_PHASE
def test_close_in_each_phase(
    phase: Phase, scheme: str, session: requests.Session, dispatch: Dispatcher | None
) -> None:
    with brought_to(phase, scheme, session, dispatch=dispatch) as (told, scene):
        start = time.monotonic()
        told.source.close()
        assert time.monotonic() - start < AT_ONCE
        assert told.source.state == "aborted"
        assert told.wait().names[-2:] == ["abort", "end"]
        received = told.names
        assert scene.ended.wait(SOON), "the server does not see the end"
    assert told.names == received
    assert {"done", "error"}.isdisjoint(received)
    assert received.count("abort") == received.count("end") == 1


@IN_EACH_PHASE
def test_close_on_the_loops_own_thread(
    phase: Phase, scheme: str, session: requests.Session, loop_thread: LoopThread
) -> None:
    def close() -> list[str]:
        start = time.monotonic()
        told.source.close()
        assert time.monotonic() - start < AT_ONCE
        assert told.source.state == "aborted"
        return told.names

    with brought_to(phase, scheme, session, dispatch=loop_thread.dispatch) as (told, scene):
        received = loop_thread.call(close)
        told.wait()
        assert scene.ended.wait(SOON), "the server does not see the end"
    assert told.names == [*received, "abort", "end"]


@IN_EACH_PHASE
def test_close_from_many_threads(
    phase: Phase, scheme: str, session: requests.Session, dispatch: Dispatcher | None
) -> None:
    with brought_to(phase, scheme, session, dispatch=dispatch) as (told, scene):
        closers = [threading.Thread(target=told.source.close) for _ in range(8)]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(SOON)
        assert told.wait().names[-2:] == ["abort", "end"]
        assert scene.ended.wait(SOON)
    assert told.names.count("abort") == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["open", "message", "chunk", "suggestion"])
def test_close_in_a_handler(
    name: str, scheme: str, session: requests.Session, dispatch: Dispatcher | None
) -> None:
    on = {name: lambda source, event: source.close()}
    with brought_to(PHASES["flood"], scheme, session, on=on, dispatch=dispatch) as (told, scene):
        assert told.wait().names[-2:] == ["abort", "end"]
        assert scene.ended.wait(SOON)
    assert told.names.count(name) <= 1


def test_close_before_the_start() -> None:
    with Server(answering()) as server:
        told = Told(server.url, start=False)
        told.source.close()
        told.source.start()
        assert told.wait().names == ["abort", "end"]
    assert server.connections == 0


def test_close_after_the_end_does_nothing() -> None:
    with Server(answering(CHUNKED, framed(ANSWER))) as server:
        told = Told(server.url).wait()
        received = told.names
        told.source.close()
        assert told.source.state == "done"
        assert told.names == received


def test_the_server_sees_the_end_though_a_child_has_the_socket(
    session: requests.Session, dispatch: Dispatcher | None
) -> None:
    """A process that was forked off keeps a copy of every socket."""
    phase = PHASES["silent in mid-stream"]
    with brought_to(phase, "http", session, dispatch=dispatch) as (told, scene):
        inherited = [os.dup(number) for number in sockets()]
        try:
            told.source.close()
            assert scene.ended.wait(SOON)
        finally:
            for number in inherited:
                os.close(number)


def test_the_server_sees_the_end_of_an_answer_though_a_child_has_the_socket() -> None:
    ended = threading.Event()
    inherited: list[int] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(ANSWER))
        peer.wait_for_end()
        ended.set()

    with Server(script) as server:
        try:
            Told(
                server.url,
                on={"open": lambda source, event: inherited.extend(map(os.dup, sockets()))},
            ).wait()
            assert ended.wait(SOON)
        finally:
            for number in inherited:
                os.close(number)


def sockets() -> list[int]:
    """The numbers of all sockets of this process."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith("socket:"):
                found.append(int(link.name))
    return found


# An adapter of the user's own: its sockets are not ours to shut down


class Own(HTTPAdapter):
    pass


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_close_with_an_adapter_of_the_users_own(scheme: str, session: requests.Session) -> None:
    session.mount("http://", Own())
    session.mount("https://", Own())
    phase = PHASES["silent in mid-stream"]
    with brought_to(phase, scheme, session) as (told, scene):
        assert eventually(lambda: "chunk" in told.names)
        start = time.monotonic()
        told.source.close()
        assert time.monotonic() - start < AT_ONCE
        assert told.wait().names[-2:] == ["abort", "end"]
        assert scene.ended.wait(SOON)


# Nothing is left


def some_answer(peer: Peer) -> None:
    peer.request()
    time.sleep(0.002)
    peer.send(CHUNKED)
    for _ in range(5):
        time.sleep(0.001)
        peer.send(framed(said("word ")))
    peer.send(framed(ANSWER), LAST_CHUNK)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(("scheme", "longest"), [("http", 0.012), ("https", 0.02)])
def test_closes_at_random_moments_leave_nothing(
    scheme: str, longest: float, session: requests.Session, dispatch: Dispatcher | None
) -> None:
    moments = random.Random(scheme)
    context = server_tls() if scheme == "https" else None
    with Server(some_answer, tls=context) as server:
        Told(server.url, session=session, dispatch=dispatch).wait()
        assert eventually(lambda: not our_threads())
        before = descriptors()
        all_told = []
        for _ in range(150):
            told = Told(server.url, session=session, dispatch=dispatch)
            time.sleep(moments.random() * longest)
            told.source.close()
            all_told.append(told)
        for told in all_told:
            assert told.wait().names[-1] == "end"
            assert told.names[-2] in ("abort", "done")
        assert eventually(lambda: not our_threads()), our_threads()
        assert eventually(lambda: descriptors() <= before), (before, descriptors())
    endings = {told.source.state for told in all_told}
    assert "aborted" in endings


def test_answers_leave_nothing(session: requests.Session, dispatch: Dispatcher | None) -> None:
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        Told(server.url, session=session, dispatch=dispatch).wait()
        assert eventually(lambda: not our_threads())
        before = descriptors()
        all_told = [Told(server.url, session=session, dispatch=dispatch) for _ in range(30)]
        assert [told.wait().names[-2:] for told in all_told] == [["done", "end"]] * 30
        assert eventually(lambda: not our_threads())
        assert eventually(lambda: descriptors() <= before)


def test_failures_leave_nothing(session: requests.Session, dispatch: Dispatcher | None) -> None:
    def no_server(peer: Peer) -> None:
        peer.sock.recv(1)

    with Server(no_server) as server, unknown_host("nonexistent.invalid"):
        before = descriptors()
        urls = (server.url, server.url.replace("http", "https"), "https://nonexistent.invalid/")
        all_told = [Told(url, session=session, retries=0, dispatch=dispatch) for url in urls * 5]
        assert [told.wait().names[-2:] for told in all_told] == [["error", "end"]] * 15
        assert eventually(lambda: not our_threads())
        assert eventually(lambda: descriptors() <= before)
