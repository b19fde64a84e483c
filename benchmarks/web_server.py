"""Web servers that serve the relays of `relay_app` and `relays_by_hand`, each as people run it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import sleep
from typing import NamedTuple

UVICORN = "uvicorn --lifespan off --no-access-log --port PORT "


class WebServer(NamedTuple):
    """A server that accepts connections."""

    port: int
    pid: int


@contextmanager
def serving(command: str, upstream: str) -> Iterator[WebServer]:
    """A server while `with` lasts. `command` is a module with arguments, `PORT` in place of a port,
    or a script for node, which gets the port as `PORT`. `upstream` is the service's address, to
    which the relay appends the path that it is asked for.

    Raises `RuntimeError` if the server ends before it accepts.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    starts = ["node"] if command.endswith(".mjs") else [sys.executable, "-m"]
    server = subprocess.Popen(
        [*starts, *command.replace("PORT", str(port)).split()],
        env={**os.environ, "UPSTREAM": upstream, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _accepts(port):
            if server.poll() is not None:
                raise RuntimeError(f"it has ended with status {server.returncode}: {command}")
            sleep(0.05)
        yield WebServer(port, server.pid)
    finally:
        server.terminate()
        server.wait()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
