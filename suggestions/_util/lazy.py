"""Names of a package that are imported when they are first used (PEP 562): importing the package
itself then costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping


def names(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The package's `__getattr__` and `__dir__`.

    `homes` maps each name to its module, relative to the package: "token", or "._util.redaction"
    for one beside the package. A name that is itself a module is mapped to "".
    """

    def get(name: str) -> object:
        import importlib

        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = importlib.import_module(f".{homes[name] or name}", package)
        value = getattr(home, name) if homes[name] else home
        vars(sys.modules[package])[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, listed
