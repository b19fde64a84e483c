"""Web servers as processes, a proxy before them, and a browser that reads what arrives."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import NamedTuple

import pytest
from server_process import Host, running
from wire_server import SOON, free_port

HERE = Path(__file__).parent
GRACE = 1
"""Seconds that a server which is to stop gives open streams, if it can be set."""


class Kind(NamedTuple):
    """How a server is started, and the signal that stops it gracefully."""

    module: str
    arguments: str
    stop: signal.Signals = signal.SIGTERM

    @property
    def learns_at_once(self) -> bool:
        """Whether it notices a browser that has left without writing to it."""
        return self.module in ("uvicorn", "hypercorn")

    @property
    def at_once(self) -> int:
        """How many streams one worker serves at once."""
        return 1 if "sync" in self.arguments else 200


_GUNICORN = f"-w 1 -b 127.0.0.1:PORT --graceful-timeout {GRACE} --chdir {HERE} app:wsgi"
_HYPERCORN = f"-b 127.0.0.1:PORT --graceful-timeout {GRACE} app:asgi"
KINDS = {
    "gunicorn-sync": Kind("gunicorn", f"-k sync {_GUNICORN}"),
    "gunicorn-gthread": Kind("gunicorn", f"-k gthread --threads 200 {_GUNICORN}"),
    "gunicorn-gevent": Kind("gunicorn", f"-k gevent --worker-connections 300 {_GUNICORN}"),
    # It knows no graceful SIGTERM: that ends it there and then. Beyond its limit of connections,
    # 100 by default, it accepts none.
    "waitress": Kind(
        "waitress",
        "--listen=127.0.0.1:PORT --threads=200 --connection-limit=500 app:wsgi",
        signal.SIGINT,
    ),
    "uvicorn": Kind(
        "uvicorn", f"--port PORT --lifespan off --timeout-graceful-shutdown {GRACE} app:asgi"
    ),
    "hypercorn-trio": Kind("hypercorn", f"-k trio {_HYPERCORN}"),
    "hypercorn-asyncio": Kind("hypercorn", f"-k asyncio {_HYPERCORN}"),
}


@contextlib.contextmanager
def serving(
    kind: Kind, upstream: str, log: Path, heartbeat: float = 60, timeout: float = 60
) -> Iterator[Host]:
    """The server, once it listens. `timeout` is that of everything but connecting, in seconds."""
    for module in (kind.module, *(["gevent"] if "gevent" in kind.arguments else [])):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    port = free_port()
    arguments = kind.arguments.replace("PORT", str(port)).split()
    environ = {"UPSTREAM": upstream, "HEARTBEAT": str(heartbeat), "TIMEOUT": str(timeout)}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    with running([sys.executable, "-m", kind.module, *arguments], port, log, **environ) as host:
        yield host


@contextlib.contextmanager
def nginx_before(port: int, directory: Path) -> Iterator[int]:
    """The port of an nginx as it comes, which passes everything on to that other port."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    own = free_port()
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{name}_temp_path {directory}/{name};" for name in names)
    configuration = directory / "nginx.conf"
    configuration.write_text(
        # The directory belongs to the user who runs the tests.
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {directory}/pid;"
        f"events {{}} http {{ access_log off; {places} server {{ listen 127.0.0.1:{own};"
        f"location / {{ proxy_pass http://127.0.0.1:{port}; }} }} }}"
    )
    log = directory / "nginx.log"
    command = [nginx, "-e", str(log), "-c", str(configuration)]
    with running(command, own, log) as host:
        yield host.port


class Browser:
    """One request, and what has arrived of its answer."""

    def __init__(
        self, port: int, path: str = "/", body: bytes | None = None, *, last_event_id: str = ""
    ) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=SOON * 2)
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        last = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        head = (
            f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Content-Type: application/json\r\n{length}{last}\r\n"
        )
        self.sock.sendall(head.encode() + (body or b""))
        self.wire = b""
        self._response: HTTPResponse | None = None

    @property
    def response(self) -> HTTPResponse:
        if self._response is None:
            self._response = HTTPResponse(self.sock)
            self._response.begin()
        return self._response

    def until(self, words: bytes) -> None:
        while words not in self.wire:
            data = self.response.read1(65536)
            assert data, f"no {words!r} in {self.wire!r}"
            self.wire += data

    def rest(self) -> bytes:
        """All of the body, to its end."""
        self.wire += self.response.read()
        return self.wire

    def leave(self) -> None:
        if self._response is not None:
            self._response.close()
        self.sock.close()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
