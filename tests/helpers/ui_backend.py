"""Starts `ui_app.py`, the backend of a page with `useChat`, or `ag_ui_app.py`, that of a client of
AG-UI, in processes of their own."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import pytest
from server_process import Host, running
from wire_server import free_port

from suggestions.playground import Playground

FRONT_ENDS = Path(__file__).parents[1] / "front_ends"


def check_packages() -> None:
    """Skips the test without a package that a backend needs."""
    for module in ("fastapi", "uvicorn"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


class Backends:
    """Those of one test; `script` is the one of the page, `app` the module of the backend."""

    def __init__(self, logs: Path, script: Path | None = None, app: str = "ui_app") -> None:
        check_packages()
        self._logs = logs
        self._script = script
        self._app = app
        self._stack = ExitStack()
        self._playgrounds: dict[float, Playground] = {}

    def __call__(self, pace: float = 0, **environ: str) -> Host:
        """A backend whose service is a playground at that pace. The same again is another
        worker."""
        if pace not in self._playgrounds:
            self._playgrounds[pace] = self._stack.enter_context(Playground(pace=pace))
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", f"{self._app}:app", "--port", str(port)]
        command += ["--timeout-graceful-shutdown", "1", "--app-dir", str(FRONT_ENDS)]
        service = {"UPSTREAM": self._playgrounds[pace].openai_url, "SCRIPT": str(self._script)}
        environ = {**service, **environ}
        log = self._logs / f"{port}.log"
        return self._stack.enter_context(running(command, port, log, **environ))

    def __enter__(self) -> Backends:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
