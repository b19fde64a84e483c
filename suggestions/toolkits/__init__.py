"""Dispatchers: each runs handlers on the thread or loop of one toolkit.

    from suggestions.toolkits import tk

    source = SuggestionsEventSource(question, dispatch=tk(root))

Each is imported when its name is first used, and none imports a toolkit that the program has not
imported.

To add a toolkit: a file `_NAME.py` here, with a `Host` (`_host.py`) that queues calls; a line in
the imports, in `_HOMES` and in `__all__` below; one in `docs/reference/toolkits.md`; a section in
`docs/toolkits.md`; a row in the hosts of `README.md`; its tests in `tests/toolkits/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._delivery.dispatch import Dispatcher
from .._util.lazy import names

if TYPE_CHECKING:
    from ._aio import aio as aio
    from ._glib import glib as glib
    from ._libreoffice import libreoffice as libreoffice
    from ._prompt_toolkit import prompt_toolkit as prompt_toolkit
    from ._pump import Pump as Pump
    from ._qt import qt as qt
    from ._qt_conversation import qt_conversation as qt_conversation
    from ._qt_suggester import qt_suggester as qt_suggester
    from ._textual import textual as textual
    from ._tk import tk as tk
    from ._trio import trio_ as trio_
    from ._wx import wx_ as wx_

_HOMES = {
    "Pump": "_pump",
    "aio": "_aio",
    "glib": "_glib",
    "libreoffice": "_libreoffice",
    "prompt_toolkit": "_prompt_toolkit",
    "qt": "_qt",
    "qt_conversation": "_qt_conversation",
    "qt_suggester": "_qt_suggester",
    "textual": "_textual",
    "tk": "_tk",
    "trio_": "_trio",
    "wx_": "_wx",
}

__all__ = [
    "Dispatcher",
    "Pump",
    "aio",
    "glib",
    "libreoffice",
    "prompt_toolkit",
    "qt",
    "qt_conversation",
    "qt_suggester",
    "textual",
    "tk",
    "trio_",
    "wx_",
]

__getattr__, __dir__ = names(__name__, _HOMES)
