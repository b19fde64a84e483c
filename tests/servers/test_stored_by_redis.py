"""Answers in Redis, under servers with several workers: a browser comes back to any of them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browsers import Events
from hosting import GRACE, HERE, Browser, Kind, serving
from redis_server import LEASE, RedisServer, redis_server
from wire_server import DONE, SOON, UNTIL_CLOSE, Peer, Server, said

WORKERS = 4
KINDS = {
    "gunicorn-gthread": Kind(
        "gunicorn",
        f"-k gthread --threads 60 -w {WORKERS} -b 127.0.0.1:PORT --graceful-timeout {GRACE} "
        f"--chdir {HERE} stored_app:wsgi",
    ),
    "uvicorn": Kind(
        "uvicorn",
        f"--port PORT --workers {WORKERS} --lifespan off --timeout-graceful-shutdown {GRACE} "
        "stored_app:asgi",
    ),
}
ONE_WORKER = {
    name: kind._replace(arguments=kind.arguments.replace(f" {WORKERS} ", " 1 "))
    for name, kind in KINDS.items()
}
ANSWERS = 40
PIECES = [f"piece {number}, " for number in range(40)]


@pytest.fixture
def redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        monkeypatch.setenv("REDIS", server.url)
        monkeypatch.setenv("LEASE", str(LEASE))
        yield server


def write(peer: Peer) -> None:
    peer.request()
    peer.send(UNTIL_CLOSE)
    for piece in PIECES:
        peer.send(said(piece))
        time.sleep(0.05)
    peer.send(DONE)


class Person:
    """Asks once, leaves at random moments, and comes back to any of the ports."""

    def __init__(self, id: str, ports: list[int], seed: int) -> None:
        self.events = Events()
        self.status: list[int] = []
        self._id = id
        self._ports = ports
        self._random = random.Random(seed)

    def read_all(self) -> Person:
        path, until = f"/ask/{self._id}", time.monotonic() + SOON * 2
        while not self.events.ends:
            assert time.monotonic() < until, self.events.frames[-3:]
            port = self._random.choice(self._ports)
            with (
                contextlib.suppress(OSError),
                Browser(port, path, last_event_id=self.events.last_id) as browser,
            ):
                self.status.append(browser.response.status)
                self._read_some(browser)
                path = f"/answers/{self._id}"
            self.events.lose_connection()
        return self

    def _read_some(self, browser: Browser) -> None:
        for _ in range(self._random.randrange(1, 12)):
            data = browser.response.read1(self._random.randrange(1, 500))
            self.events.feed(data)
            if not data or self.events.ends:
                return


@pytest.mark.parametrize("name", list(KINDS))
def test_browsers_that_come_back_to_any_worker(
    name: str, redis: RedisServer, tmp_path: Path
) -> None:
    with (
        Server(write) as upstream,
        serving(KINDS[name], upstream.url, tmp_path / "server.log", 0.2) as host,
        ThreadPoolExecutor(ANSWERS) as pool,
    ):
        people = [Person(f"a{number}", [host.port], number) for number in range(ANSWERS)]
        for person in pool.map(Person.read_all, people):
            assert person.events.text == "".join(PIECES)
            assert person.events.ends == [{"type": "done"}]
            assert set(person.status) == {200}
            assert len(person.status) > 2
        assert upstream.connections == ANSWERS


@pytest.mark.parametrize("name", list(KINDS))
def test_a_worker_that_is_killed(name: str, redis: RedisServer, tmp_path: Path) -> None:
    went_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, *map(said, PIECES))
        went_on.wait(SOON)

    kind = ONE_WORKER[name]
    with (
        Server(answer) as upstream,
        serving(kind, upstream.url, tmp_path / "other.log", 0.2) as other,
        contextlib.ExitStack() as stack,
    ):
        # A killed master leaves its workers: here the one that asks is a process by itself.
        with serving(kind, upstream.url, tmp_path / "asking.log", 0.2) as asking:
            first = stack.enter_context(Browser(asking.port, "/ask/a"))
            events, followed = Events(), Events()
            while events.text != "".join(PIECES):
                events.feed(first.response.read1(65536))
            browser = stack.enter_context(Browser(other.port, "/answers/a"))
            while followed.text != "".join(PIECES):
                followed.feed(browser.response.read1(65536))
            kill_tree(asking.process.pid)
            followed.feed(browser.rest())
        went_on.set()
        assert [each["code"] for each in followed.ends] == ["error_network"]
        with Browser(other.port, "/answers/a", last_event_id=events.last_id) as again:
            late = Events()
            late.feed(again.rest())
        assert late.frames == followed.ends


@pytest.mark.parametrize("name", list(KINDS))
def test_a_worker_that_only_follows_is_killed(
    name: str, redis: RedisServer, tmp_path: Path
) -> None:
    went_on, half = threading.Event(), len(PIECES) // 2

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, *map(said, PIECES[:half]))
        went_on.wait(SOON)
        peer.send(*map(said, PIECES[half:]), DONE)

    kind, begun = ONE_WORKER[name], "".join(PIECES[:half])
    with (
        Server(answer) as upstream,
        serving(kind, upstream.url, tmp_path / "asking.log", 0.2) as asking,
        Browser(asking.port, "/ask/a") as first,
        contextlib.ExitStack() as stack,
    ):
        events, followed = Events(), Events()
        while events.text != begun:
            events.feed(first.response.read1(65536))
        with serving(kind, upstream.url, tmp_path / "other.log", 0.2) as other:
            browser = stack.enter_context(Browser(other.port, "/answers/a"))
            while followed.text != begun:
                followed.feed(browser.response.read1(65536))
            kill_tree(other.process.pid)
        followed.lose_connection()
        went_on.set()
        events.feed(first.rest())
        with Browser(asking.port, "/answers/a", last_event_id=followed.last_id) as again:
            followed.feed(again.rest())
        for each in (events, followed):
            assert each.text == "".join(PIECES)
            assert each.ends == [{"type": "done"}]
        assert upstream.connections == 1


@pytest.mark.parametrize("name", list(KINDS))
def test_another_worker_stops_it(name: str, redis: RedisServer, tmp_path: Path) -> None:
    left = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("one"))
        peer.wait_for_end()
        left.set()

    kind = ONE_WORKER[name]
    with (
        Server(answer) as upstream,
        serving(kind, upstream.url, tmp_path / "asking.log", 0.2) as asking,
        serving(kind, upstream.url, tmp_path / "other.log", 0.2) as other,
        Browser(asking.port, "/ask/a") as first,
        Browser(other.port, "/ask/a") as second,  # attaches
    ):
        firsts, seconds = Events(), Events()
        while "one" not in seconds.text:
            seconds.feed(second.response.read1(65536))
        with Browser(other.port, "/stop/a") as stopping:
            assert stopping.response.status == 204
        firsts.feed(first.rest())
        seconds.feed(second.rest())
        assert firsts.frames == seconds.frames
        assert [each["code"] for each in firsts.ends] == ["aborted"]
        assert left.wait(SOON)
        assert upstream.connections == 1


def kill_tree(pid: int) -> None:
    """The process and its children, by SIGKILL."""
    import psutil

    parent = psutil.Process(pid)
    for process in [*parent.children(recursive=True), parent]:
        process.kill()
