"""Objects whose locks, threads and connections are the parent's after a fork."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    def _in_child(self) -> None:
        """Called in the child. No thread of the parent's is here, also none that holds a lock."""


_minded: weakref.WeakSet[Forked] = weakref.WeakSet()


def mind(each: Forked) -> None:
    """Has its `_in_child` called in every child of a fork from now on, as long as it lives."""
    _minded.add(each)


def _after_in_child() -> None:
    for each in list(_minded):
        each._in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
