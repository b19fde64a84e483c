"""The packages of Python that ask an endpoint as OpenAI's; `install.py` installs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
VERSIONS = {"openai_1_old": "1.0.0", "openai_1": "1.", "openai_2": "2.", "openai_3": "3."}
"""The folder of each version of the package `openai`, and how the version begins."""
SOON = 120.0  # seconds; a bound for what ends soon, never a measure


def run_python(package: str, script: str, *arguments: str) -> Any:
    """What a script of this folder writes in JSON; the package is first on its path. Skips the test
    without it."""
    folder = HERE / "packages" / package
    if not folder.exists():
        pytest.skip(f"{package} is not installed: run tests/front_ends/install.py")
    # Settings of the machine are those of another service.
    environ = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
    ran = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        env={**environ, "PYTHONPATH": str(folder), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=SOON,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])
