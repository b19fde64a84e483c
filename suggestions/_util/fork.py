"""After a fork, locks, threads and connections are the parent's: objects can learn of it here."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    def _in_child(self) -> None:
        """Called in the child. No other thread of the parent is here, not even one with a lock."""


_registered: weakref.WeakSet[Forked] = weakref.WeakSet()


def register(each: Forked) -> None:
    """From now on, its `_in_child` is called in each child of a fork, as long as it lives."""
    _registered.add(each)


def _after_in_child() -> None:
    for each in list(_registered):
        each._in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
