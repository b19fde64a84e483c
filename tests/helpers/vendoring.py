"""Copies of packages, for plugins that bring along what they need."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

NEEDED = (
    *("blinker", "certifi", "charset_normalizer", "idna"),
    *("requests", "sseclient", "typing_extensions", "urllib3"),
)
"""What this library needs, and what that needs."""


def copy_package(name: str, folder: Path) -> None:
    """An installed package, or a module, as a plugin brings it along."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin)
    if path.name == "__init__.py":
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(path.parent, folder / path.parent.name, ignore=ignored)
    else:
        shutil.copy(path, folder)
