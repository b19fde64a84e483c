"""Ends open responses when the process is about to end.

A server whose threads are those of a `ThreadPoolExecutor`, like gunicorn's gthread, gives them its
own time at a stop or a reload. After that the interpreter would wait for each of them, for as long
as its stream goes on.
"""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suggestions._sources.suggestions_event_source import SuggestionsEventSource

_open: weakref.WeakSet[SuggestionsEventSource] = weakref.WeakSet()


def close_at_exit(source: SuggestionsEventSource) -> None:
    """Closes it before the interpreter waits for threads, if it is still there."""
    _open.add(source)


def _close_all() -> None:
    for source in list(_open):
        source.close()


# `atexit` comes after the waiting. The pools register in this list as well, which is gone through
# from its end: so they have to be imported, and in it, before. It has no public name, and where it
# is missing, the server's own limit is what ends the process.
assert concurrent.futures.thread
with contextlib.suppress(RuntimeError):  # imported at the exit itself
    getattr(threading, "_register_atexit", lambda close: None)(_close_all)
