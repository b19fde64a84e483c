"""The relay under real servers: pieces as they come, browsers that leave, many at once, the end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosting import KINDS, Browser, Kind, nginx_before, serving
from wire_server import DONE, SOON, UNTIL_CLOSE, Peer, Script, Server, eventually, said

FRAME = b'data: {"type": "content", "data": "%s"}\n\n'
END = b'data: {"type": "done"}\n\n'


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


class Service:
    """Says "first" at once, and "second" when it may."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.left: list[int] = []

    def answer(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("first"))
        assert self.may_go_on.wait(SOON * 3)
        peer.send(said("second"), DONE)

    def fall_silent(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("first"))
        peer.wait_for_end()
        self.left.append(peer.number)


@contextlib.contextmanager
def served(
    kind: Kind, script: Script, directory: Path, *, proxy: bool = False, heartbeat: float = 60
) -> Iterator[int]:
    """The port at which a browser asks."""
    with Server(script) as upstream:
        log = directory / "server.log"
        with serving(kind, upstream.url, log, heartbeat) as host:
            if not proxy:
                yield host.port
                return
            with nginx_before(host.port, directory) as port:
                yield port


@pytest.mark.parametrize("proxy", [False, True], ids=["direct", "nginx"])
def test_a_piece_arrives_before_the_next_is_written(
    kind: Kind, proxy: bool, tmp_path: Path
) -> None:
    service = Service()
    with (
        served(kind, service.answer, tmp_path, proxy=proxy) as port,
        Browser(port) as browser,
    ):
        browser.until(b"\n\n")  # the headers do not wait for the model
        browser.until(FRAME % b"first")
        assert browser.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        assert browser.response.getheader("Cache-Control") == "no-cache, no-transform"
        service.may_go_on.set()
        assert browser.rest() == b":\n\n" + FRAME % b"first" + FRAME % b"second" + END


@pytest.mark.parametrize("proxy", [False, True], ids=["direct", "nginx"])
def test_a_browser_that_leaves_ends_the_request_to_the_service(
    kind: Kind, proxy: bool, tmp_path: Path
) -> None:
    service = Service()
    # A server that only notices it when it writes notices it at the heartbeat.
    heartbeat = 3600 if kind.learns_at_once else 0.3
    with served(kind, service.fall_silent, tmp_path, proxy=proxy, heartbeat=heartbeat) as port:
        with Browser(port) as browser:
            browser.until(b"first")
            assert not service.left
        assert eventually(lambda: service.left)


def test_a_service_that_falls_silent_is_an_error_for_the_browser(
    kind: Kind, tmp_path: Path
) -> None:
    """Not one heartbeat after another, which say nothing of the service."""
    service = Service()
    with (
        Server(service.fall_silent) as upstream,
        serving(kind, upstream.url, tmp_path / "server.log", heartbeat=0.2, timeout=1) as host,
        Browser(host.port) as browser,
    ):
        assert browser.rest().endswith(b'"code": "error_network"}\n\n')
        assert eventually(lambda: service.left)


def test_200_browsers_at_once(kind: Kind, tmp_path: Path) -> None:
    if kind.at_once < 200:
        pytest.skip("it serves one at a time")
    service = Service()
    with (
        served(kind, service.answer, tmp_path) as port,
        contextlib.ExitStack() as stack,
    ):
        browsers = [stack.enter_context(Browser(port)) for _ in range(200)]
        for browser in browsers:
            browser.until(FRAME % b"first")
        # All of them are in the middle of their answers.
        service.may_go_on.set()
        for browser in browsers:
            assert browser.rest().endswith(FRAME % b"second" + END)


def test_it_stops_within_the_servers_own_limit(kind: Kind, tmp_path: Path) -> None:
    service = Service()
    count = min(50, kind.at_once)
    with (
        Server(service.fall_silent) as upstream,
        serving(kind, upstream.url, tmp_path / "server.log") as host,
        contextlib.ExitStack() as stack,
    ):
        for browser in [stack.enter_context(Browser(host.port)) for _ in range(count)]:
            browser.until(b"first")
        host.process.send_signal(kind.stop)
        host.process.wait(SOON)
        assert eventually(lambda: len(service.left) == count)


def test_a_reload_does_not_wait_for_open_streams(tmp_path: Path) -> None:
    service = Service()
    with (
        Server(service.fall_silent) as upstream,
        serving(KINDS["gunicorn-gthread"], upstream.url, tmp_path / "server.log") as host,
        Browser(host.port) as browser,
    ):
        browser.until(b"first")
        host.process.send_signal(signal.SIGHUP)
        assert b'"code": "error_service_unavailable"' in browser.rest()
        with Browser(host.port) as another:
            another.until(b"first")
