"""Runs a script in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMPTLY = 30.0
"""Seconds for a whole process on a busy machine. Each of them would take a minute or hang."""


def run(script: str, *arguments: str, **environment: str) -> str:
    """What the script prints. It has to end promptly, with status 0 and an empty stderr."""
    start = time.monotonic()
    process = subprocess.run(
        # From Python 3.12 on, a fork beside a thread draws a warning.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PROMPTLY,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert time.monotonic() - start < PROMPTLY
    return process.stdout
