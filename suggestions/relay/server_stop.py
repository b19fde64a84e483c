"""When the server stops, open answers end at once, so that they do not hold it up."""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import os
import signal
import threading
import time
import weakref
from functools import partial
from typing import Any, Protocol

from .._util import threads
from ..errors import ServiceUnavailableError

_SECONDS_TO_SEND = 0.5
"""For the last frames, before a signal ends a process that has no handler for it."""


class Open(Protocol):
    """What a connection of a browser waits for."""

    def close(self) -> None: ...


_open: weakref.WeakSet[Open] = weakref.WeakSet()
_signals: tuple[signal.Signals, ...] = ()
_is_stopping = False


def is_stopping() -> bool:
    """Whether the server stops: an answer that is closed then ends in an error."""
    return _is_stopping


def stopping_error() -> ServiceUnavailableError:
    return ServiceUnavailableError("The server is being restarted. Please ask again.")


def closes_at_stop(opened: Open) -> None:
    """It is closed when the server stops. To be called when an answer begins."""
    _open.add(opened)
    if _signals:
        _install()


def end_all() -> None:
    """Ends all open answers of this process, from any thread, each with one frame of the error
    `error_service_unavailable`. Call it only if the process ends soon."""
    global _is_stopping
    _is_stopping = True
    for opened in list(_open):
        opened.close()


def end_all_at(*signals: signal.Signals) -> None:
    """Calls `end_all()` when the process gets one of these signals, SIGTERM and SIGINT by default,
    and then does what the signal did before.

    Call it once, in the module of your application or at its startup. A server that waits for open
    connections, such as uvicorn and hypercorn, then stops at once. It takes effect on the main
    thread, at the call and at each answer that begins there: some servers set handlers of their own
    after they have imported the application.
    """
    global _signals
    _signals = signals or (signal.SIGTERM, signal.SIGINT)
    _install()


def _install() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _signals:
        previous = signal.getsignal(number)
        is_ours = isinstance(previous, partial) and previous.func is _on_signal
        if not is_ours and previous is not signal.SIG_IGN:
            signal.signal(number, partial(_on_signal, previous))


def _on_signal(previous: Any, number: int, frame: Any) -> None:
    # On another thread: this one may have been interrupted while it holds a lock.
    if callable(previous):
        threads.start(end_all, "stop")
        previous(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        threads.start(partial(_end_process, number), "stop")


def _end_process(number: int) -> None:
    end_all()
    time.sleep(_SECONDS_TO_SEND)
    os.kill(os.getpid(), number)


# A server that runs its requests in a `ThreadPoolExecutor`, like gunicorn's gthread, gives them a
# time limit at a stop or a reload. After that the interpreter would wait for each thread for as
# long as its stream goes on. So the open answers are ended before the interpreter waits.
#
# `atexit` callbacks run after that wait, too late. `threading._register_atexit` keeps another list,
# which runs before it, last entry first. The pools register there as well, when their module is
# imported: it is imported above so that our entry comes after theirs, and so runs before. The
# function is private; on a Python without it, the server's own time limit ends the process.
assert concurrent.futures.thread
with contextlib.suppress(RuntimeError):  # this module is imported at the exit itself
    getattr(threading, "_register_atexit", lambda end: None)(end_all)
