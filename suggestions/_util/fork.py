"""Calls objects after a fork, in the child: locks, threads and connections are the parent's."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    def _in_child(self) -> None:
        """Called in the child. It has no other thread: a lock that one held is never released."""


_registered: weakref.WeakSet[Forked] = weakref.WeakSet()


def register(each: Forked) -> None:
    """As long as the object lives, its `_in_child` is called in each forked child."""
    _registered.add(each)


def _after_in_child() -> None:
    for each in list(_registered):
        each._in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
