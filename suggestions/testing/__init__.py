"""For tests of what is built on this library, without a network.

    def test_my_window(suggestions_server):            # the fixture of the pytest plugin
        suggestions_server.answer("Hello", delay=0.01)
        ...

Importing this costs nothing; what a name needs is imported when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suggestions.testing.faults import FAULTS as FAULTS
    from suggestions.testing.replay import replay as replay
    from suggestions.testing.server import SuggestionsServer as SuggestionsServer

_HOME = {"FAULTS": "faults", "SuggestionsServer": "server", "replay": "replay"}

__all__ = ["FAULTS", "SuggestionsServer", "replay"]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOME:
        raise AttributeError(f"module 'suggestions.testing' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"suggestions.testing.{_HOME[name]}"), name)
    globals()[name] = value
    return value
