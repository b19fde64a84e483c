"""A process for one client, which calls a function and sends back what it returns.

That way, no client pays for a neighbour's garbage, threads or patched modules. A worker lives for a
few rounds and is then replaced, so that the luck of one address layout or one hash seed is not
its client's for the whole benchmark; starting one for each round would take most of the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any


class Worker:
    """The benchmark's end of it. While it is not asked it blocks, and takes no time."""

    def __enter__(self) -> Worker:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """`function(*arguments)`, called over there; all of it plain data."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        name = f"{function.__module__}:{function.__qualname__}"
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{name} failed with {arguments!r}; its traceback is above")
        return json.loads(answer)


def call(function: Callable[..., Any], *arguments: object) -> Any:
    """The same in a process that is used only once."""
    with Worker() as worker:
        return worker.call(function, *arguments)


def main() -> None:
    for line in sys.stdin:
        name, arguments = json.loads(line)
        module, _, function = name.partition(":")
        print(json.dumps(getattr(import_module(module), function)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
