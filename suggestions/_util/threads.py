"""The threads of this package: each is started here, so that a host can wait for all of them.

A host that ends its sub-interpreter (`Py_EndInterpreter`) aborts the whole process if one thread of
it is left, also one whose function has returned. So a thread stays in the set until another one of
ours, or a caller of `join`, has seen its end.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from time import sleep
from typing import Protocol

from .elapsed import monotonic

# Seconds. Python runs a signal's handler on the main thread, and on Windows not while that thread
# waits for another.
_LONGEST = 0.1


class _Thread(threading.Thread):
    """`owner` is what it works for, such as the delivery of a source."""

    def __init__(
        self, run: Callable[[], object], name: str, owner: object | None, *, daemon: bool
    ) -> None:
        super().__init__(target=run, name=f"suggestions-{name}", daemon=daemon)
        self.owner = owner if owner is None else weakref.ref(owner)

    def run(self) -> None:
        try:
            super().run()
        finally:
            _drop_ended()
            _ending.append(self)

    def works_for(self, owner: object) -> bool:
        return self.owner is not None and self.owner() is owner


# Each operation on these is one step for other threads.
_threads: set[_Thread] = set()
_ending: deque[_Thread] = deque()
"""Those of them whose function has returned."""


def _drop_ended() -> None:
    for _ in range(len(_ending)):
        try:
            thread = _ending.popleft()
        except IndexError:  # another thread drops them, too
            return
        if thread.is_alive():
            _ending.append(thread)
        else:
            thread.join()  # it has at most a moment to go
            _threads.discard(thread)


class _Service(Protocol):
    def close(self) -> object: ...


_services: weakref.WeakSet[_Service] = weakref.WeakSet()


def add_service(service: _Service) -> None:
    """`close_services()` then calls its `close()`, which ends its threads."""
    _services.add(service)


def close_services() -> None:
    for service in list(_services):
        service.close()


def start(
    run: Callable[[], object], name: str, owner: object = None, *, delays_exit: bool = False
) -> None:
    """Calls `run()` on a thread. The interpreter does not wait for it at its exit, unless it
    `delays_exit`.

    Without an `owner`, a calling thread of ours passes on its own. Raises `RuntimeError` if no
    thread can be started: there are too many, or the interpreter exits.
    """
    if sys.is_finalizing():
        # Before Python 3.12, the caller would wait for ever: the new thread never runs.
        raise RuntimeError("no thread can be started: the interpreter exits")
    if owner is None:
        here = threading.current_thread()
        owner = here.owner() if isinstance(here, _Thread) and here.owner is not None else None
    thread = _Thread(run, name, owner, daemon=not delays_exit)
    _threads.add(thread)
    try:
        thread.start()
    except BaseException:
        _threads.discard(thread)
        raise


def runs_here(owner: object = None) -> bool:
    """Whether the caller is on a thread of `owner`, or on any of ours."""
    here = threading.current_thread()
    return isinstance(here, _Thread) and (owner is None or here.works_for(owner))


def join(deadline: float, owner: object = None) -> bool:
    """Blocks until the threads of `owner`, or all of ours, have ended, also those that they start.

    Returns False if `deadline` (of `time.monotonic()`) came first.
    """
    while threads := [each for each in _threads.copy() if owner is None or each.works_for(owner)]:
        for thread in threads:
            if not _join(thread, deadline):
                return False
    return True


def _join(thread: _Thread, deadline: float) -> bool:
    while thread in _threads:
        try:
            thread.join(min(_LONGEST, max(0.0, deadline - monotonic())))
            if not thread.is_alive():
                thread.join()  # it has at most a moment to go
                _threads.discard(thread)
        except RuntimeError:
            sleep(0.001)  # another thread is just about to start it
        if thread in _threads and monotonic() >= deadline:
            return False
    return True
