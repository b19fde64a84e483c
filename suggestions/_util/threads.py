"""The threads of this package: each is started here, so that a host can wait for all of them.

A host that ends its sub-interpreter (`Py_EndInterpreter`) aborts the whole process if one thread of
it is left, also one whose function has returned. So a thread stays in the set until it was joined
or is seen to be dead.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable

from suggestions._util.elapsed import monotonic

# Seconds. Python runs a signal's handler on the main thread, and on Windows not while that thread
# waits for another.
_LONGEST = 0.1
_FEW = 32


class _Thread(threading.Thread):
    """`owner` is what it works for, such as the delivery of a source."""

    def __init__(self, run: Callable[[], object], name: str, owner: object) -> None:
        super().__init__(target=run, name=f"suggestions-{name}", daemon=True)
        self._owner = weakref.ref(owner)

    def works_for(self, owner: object) -> bool:
        return self._owner() is owner


class _Running:
    """The threads that were started; now and then those that have ended are dropped."""

    def __init__(self) -> None:
        self.threads: set[_Thread] = set()
        self._look_at = _FEW

    def add(self, thread: _Thread) -> None:
        # Each operation on the set is one step for other threads.
        self.threads.add(thread)
        if len(self.threads) > self._look_at:
            self.threads.difference_update([t for t in self.threads.copy() if not t.is_alive()])
            self._look_at = 2 * len(self.threads) + _FEW


_running = _Running()


def start(run: Callable[[], object], name: str, owner: object = None) -> None:
    """Calls `run()` on a daemon thread.

    Without an `owner`, a thread of ours that calls this passes on its own. Raises `RuntimeError` if
    no thread can be started: there are too many, or the interpreter exits.
    """
    if sys.is_finalizing():
        # Before Python 3.12, the caller would wait for ever: the new thread never runs.
        raise RuntimeError("no thread can be started: the interpreter exits")
    if owner is None:
        here = threading.current_thread()
        owner = here._owner() if isinstance(here, _Thread) else None
    thread = _Thread(run, name, _running if owner is None else owner)
    thread.start()
    _running.add(thread)


def runs_here(owner: object = None) -> bool:
    """Whether the caller is on a thread of `owner`, or on any of ours."""
    here = threading.current_thread()
    return isinstance(here, _Thread) and (owner is None or here.works_for(owner))


def join(deadline: float, owner: object = None) -> bool:
    """Blocks until the threads of `owner`, or all of ours, have ended, also those that they start.

    Returns False if `deadline` (of `time.monotonic()`) came first.
    """
    while threads := [
        each for each in _running.threads.copy() if owner is None or each.works_for(owner)
    ]:
        for thread in threads:
            if not _join(thread, deadline):
                return False
            _running.threads.discard(thread)
    return True


def _join(thread: threading.Thread, deadline: float) -> bool:
    while True:
        thread.join(min(_LONGEST, max(0.0, deadline - monotonic())))
        if not thread.is_alive():
            thread.join()  # its function has returned; it leaves the interpreter within a moment
            return True
        if monotonic() >= deadline:
            return False
