"""A server that stops ends its answers, and a browser that reads nothing is let go."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hosting import HERE, Browser, Kind, serving
from server_process import Host
from waiting import SOON, eventually
from wire_server import UNTIL_CLOSE, Peer, Server, said

_GUNICORN = f"-w 1 -b 127.0.0.1:PORT --graceful-timeout 60 --chdir {HERE}"
# None of them has a limit of its own, or it is far away: what ends the answers is ours.
STOPPED = {
    "uvicorn": Kind("uvicorn", "--port PORT --lifespan off app_that_ends:asgi"),
    "uvicorn, starlette": Kind("uvicorn", "--port PORT app_that_ends:framework"),
    "hypercorn-asyncio": Kind(
        "hypercorn", "-k asyncio -b 127.0.0.1:PORT --graceful-timeout 60 app_that_ends:asgi"
    ),
    "hypercorn-trio": Kind(
        "hypercorn", "-k trio -b 127.0.0.1:PORT --graceful-timeout 60 app_that_ends:asgi"
    ),
    "gunicorn-gthread": Kind("gunicorn", f"-k gthread --threads 20 {_GUNICORN} app_that_ends:wsgi"),
    # SIGTERM alone would end it at once, without a last frame.
    "waitress": Kind("waitress", "--listen=127.0.0.1:PORT --threads=20 app_that_ends:wsgi"),
}
READ_NOTHING = {
    "uvicorn": STOPPED["uvicorn"],
    "uvicorn, starlette": STOPPED["uvicorn, starlette"],
    "hypercorn-asyncio": STOPPED["hypercorn-asyncio"],
    "hypercorn-trio": STOPPED["hypercorn-trio"],
}
LAST = b'"code": "error_service_unavailable"}\n\n'


class Silent:
    """A service that says one word, and then nothing."""

    def __init__(self) -> None:
        self.left = 0

    def answer(self, peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("first"))
        peer.sock.settimeout(SOON * 2)
        with contextlib.suppress(ConnectionError):
            while peer.sock.recv(4096):
                pass
        self.left += 1


@contextlib.contextmanager
def served(kind: Kind, upstream: str, directory: Path) -> Iterator[Host]:
    if "framework" in kind.arguments and importlib.util.find_spec("starlette") is None:
        pytest.skip("starlette is not installed")
    with serving(kind, upstream, directory / "server.log") as host:
        yield host


def stop(host: Host, kind: Kind) -> None:
    """As a container stops a server; or as systemd does, if its workers need the signal, too."""
    workers = []
    if kind.module == "hypercorn":  # which passes no signal on
        workers = psutil.Process(host.process.pid).children()
    for process in (host.process, *workers):
        process.send_signal(kind.stop)


@pytest.mark.parametrize("name", list(STOPPED))
def test_a_server_that_stops_ends_its_answers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("END", "1")
    service = Silent()
    with (
        Server(service.answer) as upstream,
        served(STOPPED[name], upstream.url, tmp_path) as host,
        contextlib.ExitStack() as stack,
    ):
        browsers = [stack.enter_context(Browser(host.port)) for _ in range(10)]
        for browser in browsers:
            browser.until(b"first")
        stop(host, STOPPED[name])
        for browser in browsers:
            wire = browser.rest()
            assert wire.endswith(LAST), wire
            assert wire.count(b'"code": "error_') == 1
        host.process.wait(SOON)
        assert eventually(lambda: service.left == 10)
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log, log


class Flood:
    """A service that never stops."""

    def __init__(self) -> None:
        self.has_left = False

    def answer(self, peer: Peer) -> None:
        peer.request()
        part = said("word " * 20_000)
        try:
            peer.send(UNTIL_CLOSE)
            while True:
                peer.send(part)
        except OSError:
            self.has_left = True


@pytest.mark.parametrize("name", list(READ_NOTHING))
def test_a_browser_that_reads_nothing_is_let_go(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE", "1")
    flood = Flood()
    with (
        Server(flood.answer) as upstream,
        served(READ_NOTHING[name], upstream.url, tmp_path) as host,
        Browser(host.port) as browser,
    ):
        browser.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        browser.until(b"word")
        assert eventually(lambda: flood.has_left)
    assert "has read nothing for 1 s" in (tmp_path / "server.log").read_text()


def test_a_browser_that_reads_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENCE", "1")
    service = Silent()
    with (
        Server(service.answer) as upstream,
        served(STOPPED["uvicorn"], upstream.url, tmp_path) as host,
        Browser(host.port) as browser,
    ):
        browser.until(b"first")
        time.sleep(2.5)
        assert service.left == 0
