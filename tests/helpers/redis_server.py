"""A Redis of the tests' own."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from server_process import listens
from waiting import SOON, eventually
from wire_server import free_port

if TYPE_CHECKING:
    from suggestions.relay.stores import RedisStore

LEASE = 1.5
"""Seconds."""


class RedisServer:
    """It can be killed and started again, with its data (`appendonly`) or without."""

    def __init__(self, directory: Path, *options: str, appendonly: bool = False) -> None:
        for name in ("redis-server",):
            if shutil.which(name) is None:
                pytest.skip(f"{name} is not installed")
        if importlib.util.find_spec("redis") is None:
            pytest.skip("redis is not installed")
        # A server of a cluster also has the port that is 10,000 higher.
        ports = (port for port in iter(free_port, None) if port < 55_000)
        self.port = next(port for port in ports if not listens(port + 10_000))
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self._options = options
        self._appendonly = appendonly
        self.start()

    def start(self) -> None:
        keeps = ["yes", "--appendfsync", "always"] if self._appendonly else ["no"]
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--dir", str(self._directory), "--appendonly", *keeps]
        command += self._options
        with (self._directory / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        assert eventually(lambda: listens(self.port))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SOON)

    def store(self, **options: Any) -> contextlib.closing[RedisStore]:
        from suggestions.relay.stores import RedisStore

        return contextlib.closing(RedisStore(self.url, **{"lease": LEASE, **options}))

    def client(self) -> Any:
        import redis

        return redis.Redis(port=self.port)


@contextlib.contextmanager
def redis_server(directory: Path, *, appendonly: bool = False) -> Iterator[RedisServer]:
    server = RedisServer(directory, appendonly=appendonly)
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def redis_cluster(directory: Path) -> Iterator[list[int]]:
    """The ports of a cluster of three, without standbys."""
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli is not installed")
    servers: list[RedisServer] = []
    try:
        for attempt in range(5):  # the second port of one may be taken
            for number in range(3):
                own = directory / f"{attempt}-{number}"
                own.mkdir()
                servers.append(RedisServer(own, "--cluster-enabled", "yes"))
            places = [f"127.0.0.1:{server.port}" for server in servers]
            command = ["redis-cli", "--cluster", "create", *places, "--cluster-yes"]
            if subprocess.run(command, capture_output=True, timeout=SOON).returncode == 0:
                break
            while servers:
                servers.pop().kill()
        assert servers, "no cluster could be made"
        state = [server.client().cluster for server in servers]
        assert eventually(lambda: all(each("info")["cluster_state"] == "ok" for each in state))
        yield [server.port for server in servers]
    finally:
        for server in servers:
            server.kill()
