"""The benchmark's end of the server: starts its process, and reads what it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any


class Server:
    """A server while `with` lasts. `authority` is a file with the certificate to trust."""

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        addresses = self.told()
        self.ports: dict[str, int] = addresses["ports"]
        self.authority: str = addresses["authority"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def told(self) -> dict[str, Any]:
        """The next line that the server says."""
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    @property
    def pid(self) -> int:
        return self._process.pid

    def address(self, scheme: str = "http", port: str | None = None) -> str:
        """Without a path; `port` is one of `ports`, by its name."""
        return f"{scheme}://localhost:{self.ports[port or scheme]}"

    def path(self, **job: object) -> str:
        """What to ask for, for a job; without a trailing `/chat/completions`."""
        return "/" + ",".join(f"{name}={value}" for name, value in job.items())

    def url(self, scheme: str = "http", port: str | None = None, **job: object) -> str:
        """The address to ask at for a job; without a trailing `/chat/completions`."""
        return self.address(scheme, port) + self.path(**job)
