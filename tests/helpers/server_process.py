"""A server as a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from waiting import SOON, eventually


class Host(NamedTuple):
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **environ: str) -> Iterator[Host]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environ}, stdout=output, stderr=output
        )
    try:
        is_up = eventually(lambda: process.poll() is not None or listens(port), SOON * 2)
        assert is_up, log.read_text()
        assert process.poll() is None, log.read_text()
        yield Host(port, process)
    finally:
        process.terminate()
        try:
            process.wait(SOON)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SOON)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
