"""Runs the body of a test as a program of its own, with a real toolkit.

    @program("tkinter")
    def test_something() -> None:
        ...  # runs in a fresh interpreter, on a virtual display

The program has to end with status 0 and an empty stderr. The test is skipped if no interpreter has
the toolkit, or if the program itself calls `pytest.skip`.
"""

from __future__ import annotations

import functools
import inspect
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SYSTEM = "/usr/bin/python3"
"""Has what a distribution packages for its own interpreter alone: GTK, wx, Tk."""
_SKIPPED = "skipped: "
# The clock is the machine's. The last line says when the interpreter began to exit.
_PROGRAM = """
import time
import pytest
import {module}
try:
    {module}.{name}.body(**{given!r})
except pytest.skip.Exception as reason:
    print("{skipped}" + str(reason))
finally:
    print(time.monotonic(), flush=True)
"""
NEEDED = "import requests, sseclient, blinker, flask, pytest"


def program(
    *modules: str, display: bool = True, within: float = 90.0, env: dict[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The body below needs these modules, and a display, and has to end in so many seconds.

    A module may be named after a parameter: "{binding}.QtWidgets".
    """

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        def test(**given: Any) -> None:
            screen = given.pop("display")
            if display and screen is None:
                pytest.skip("no display: install xvfb")
            needed = tuple(module.format(**given) for module in modules)
            run(body, given, needed, {**(env or {}), "DISPLAY": screen or ""}, within)

        parameters = [inspect.Parameter("display", inspect.Parameter.KEYWORD_ONLY)]
        parameters += [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(body).parameters.values()
        ]
        test.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        test.body = body  # type: ignore[attr-defined]
        test.pytestmark = getattr(body, "pytestmark", [])  # type: ignore[attr-defined]
        return test

    return decorate


def run(
    body: Callable[..., None],
    given: dict[str, Any],
    modules: tuple[str, ...],
    env: dict[str, str],
    within: float,
) -> None:
    """Runs `body(**given)` in an interpreter that has the modules."""
    module = body.__module__
    python = interpreter(modules)
    code = _PROGRAM.format(module=module, name=body.__name__, given=given, skipped=_SKIPPED)
    began = time.monotonic()
    try:
        # Qt complains on stderr if it has no directory of the user for sockets and the like.
        with tempfile.TemporaryDirectory(prefix="runtime-") as directory:
            done = subprocess.run(
                [python, "-c", code],
                env={**environment(python), "XDG_RUNTIME_DIR": directory, **env},
                capture_output=True,
                text=True,
                timeout=within,
            )
    except subprocess.TimeoutExpired as late:
        shown = late.stderr.decode() if isinstance(late.stderr, bytes) else late.stderr
        pytest.fail(f"still running after {within} s\n{shown or ''}", pytrace=False)
    if done.returncode != 0 or done.stderr:
        took = time.monotonic() - began
        pytest.fail(
            f"status {done.returncode} after {took:.1f} s\n{done.stderr}{done.stdout}",
            pytrace=False,
        )
    *printed, left = done.stdout.splitlines()
    for line in printed:
        if line.startswith(_SKIPPED):
            pytest.skip(line.removeprefix(_SKIPPED))
    print(*printed, f"exit took {time.monotonic() - float(left):.2f} s", sep="\n")


@functools.cache
def interpreter(modules: tuple[str, ...]) -> str:
    """The first interpreter that has the modules; skips the test if none has them."""
    names = ", ".join(modules)
    for python in (sys.executable, SYSTEM):
        code = f"{NEEDED}, {names}" if names else NEEDED
        if (
            os.path.exists(python)
            and not subprocess.run(
                [python, "-c", code], env=environment(python), capture_output=True
            ).returncode
        ):
            return python
    pytest.skip(f"not installed: {names}")


def environment(python: str) -> dict[str, str]:
    """Ours, with the path to the checkout; the system's interpreter borrows our packages."""
    path = [str(HERE), str(HERE.parent / "helpers"), str(HERE.parent.parent)]
    if python != sys.executable:
        path.append(sysconfig.get_path("purelib"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONFAULTHANDLER": "1"}
