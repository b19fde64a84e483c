"""Dispatchers: where a toolkit wants its handlers to run.

    from suggestions.toolkits import tk

    source = SuggestionsEventSource(question, dispatch=tk(root))

Each is imported when its name is first used, and none imports a toolkit that the program has not
imported.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from suggestions.lazy import names

if TYPE_CHECKING:
    from suggestions.toolkits.aio import aio as aio
    from suggestions.toolkits.glib import glib as glib
    from suggestions.toolkits.prompt_toolkit import prompt_toolkit as prompt_toolkit
    from suggestions.toolkits.pump import Pump as Pump
    from suggestions.toolkits.qt import qt as qt
    from suggestions.toolkits.textual import textual as textual
    from suggestions.toolkits.tk import tk as tk
    from suggestions.toolkits.trio_ import trio_ as trio_
    from suggestions.toolkits.wx_ import wx_ as wx_

__all__ = ["Pump", "aio", "glib", "prompt_toolkit", "qt", "textual", "tk", "trio_", "wx_"]


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # Importing a module puts it here under its name, which is its factory's as well.
        if name in __all__ and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

__getattr__, __dir__ = names(__name__, {name: name.lower() for name in __all__})
