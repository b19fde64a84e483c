"""Python with packages that are installed in a folder of their own, not beside ours; those of
`tests/front_ends/python` are put there by `tests/front_ends/install.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix) / "front-ends"
"""In the environment itself: they fit its version of Python alone."""
SOON = 120.0  # seconds; a bound for what ends soon, never a measure


def run_with(packages: str, *arguments: str, input: str = "") -> str:
    """What Python prints with these arguments, the packages of `packages` first on its path. Skips
    the test without them."""
    folder = FOLDER / packages
    if not folder.exists():
        pytest.skip(f"{packages} is not installed: run tests/front_ends/install.py")
    # Settings of the machine are those of another service.
    environ = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
    ran = subprocess.run(
        [sys.executable, *arguments],
        input=input,
        env={**environ, "PYTHONPATH": str(folder), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=SOON,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
