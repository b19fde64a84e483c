"""The benchmarks run. What they measure is for `make bench`: no time is asserted here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_benchmark_of_a_flood_runs() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", "flood"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "suggestions to raw socket + json" in process.stdout
