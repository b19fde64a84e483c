"""Imports early what is otherwise imported late: a host may meanwhile have taken the folder or the
zip file with a plugin's packages off `sys.path`, as calibre does."""

from __future__ import annotations

from importlib import import_module

# What a source may use. The rest is for programs that import it themselves.
_ROOMS = ("_delivery", "_sources", "_util", "_wire", "auth", "conversation", "dialects", "errors")


def load_requests() -> None:
    """Imports requests, and what uses it. It takes longer to import than all the rest: so only a
    program that asks does, on the thread that starts a source."""
    # Both are written out in `steps`: there, PyInstaller and its like find them.
    import_module(".._wire.transport", __package__)
    import_module(".exchange", __package__)


def preload() -> None:
    """Imports all that a source may ever need, so that none imports anything later.

    For a plugin whose host changes `sys.path` after importing it, and for a window in which the
    first question is not to wait for the import of `requests`. Call it on any thread. Raises
    `ImportError` if a package is missing.
    """
    from pkgutil import walk_packages

    for room in _ROOMS:
        package = import_module(f"..{room}", __package__)
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    import_module("..signals", __package__)


preload.__module__ = __name__.rpartition("._")[0]
