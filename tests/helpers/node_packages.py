"""Vercel's AI SDK in node, in each of its versions; `install.py` installs them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = Path(__file__).parents[1] / "front_ends" / "node"
VERSIONS = ("ai5", "ai6", "ai7")
OLDEST = "ai5_oldest"
"""Without React. It refuses a chunk with a field that it does not know."""
SOON = 60.0  # seconds; a bound for what ends at once, never a measure


def folder_of(version: str) -> Path:
    """The folder with the packages of that version. Skips the test without them, or without
    node."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = NODE / version
    if not (folder / "node_modules").exists():
        pytest.skip(f"{folder.name} is not installed: run tests/front_ends/install.py")
    return folder


def run_node(version: str, script: str, value: object = None) -> Any:
    """What a module writes to its standard output in JSON; `value` is its standard input."""
    folder = folder_of(version)
    command = ["node", "--input-type=module", "-e", script]
    ran = subprocess.run(
        command, cwd=folder, input=json.dumps(value), capture_output=True, text=True, timeout=SOON
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
