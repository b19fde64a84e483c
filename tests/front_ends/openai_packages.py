"""The packages of Python that ask an endpoint as OpenAI's; `install.py` installs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from packages_beside import run_with

HERE = Path(__file__).parent
VERSIONS = {"openai_1_old": "1.0.0", "openai_1": "1.", "openai_2": "2.", "openai_3": "3."}
"""The folder of each version of the package `openai`, and how the version begins."""


def run_python(packages: str, script: str, *arguments: str) -> Any:
    """What a script of this folder writes in JSON. Skips the test without the packages."""
    return json.loads(run_with(packages, str(HERE / script), *arguments).splitlines()[-1])
