"""Qt, in any of its bindings for Python: handlers run on the thread of the windows."""

from __future__ import annotations

import atexit
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from .._util import fork
from ._host import Host

_BINDINGS = ("PySide6", "PyQt6", "PyQt5", "PySide2")
_relays: dict[str, Any] = {}


def qt(owner: Any = None) -> Qt:
    """The dispatcher of a window or any other `QObject`; without one, of the application.

    When the owner is deleted or the application quits, its sources close, and a post raises
    `RuntimeError`. Raises `RuntimeError` if there is no `QCoreApplication` yet, and `TypeError` if
    the owner is not a `QObject`.
    """
    binding = find_binding(owner)
    core = sys.modules[f"{binding}.QtCore"]
    app = core.QCoreApplication.instance()
    if app is None:
        raise RuntimeError("qt() needs a QApplication: make it first")
    return Qt(owner, app, _relay(binding, core, app))


class Qt(Host):
    """Posts through the relay, by a queued signal. From another thread nothing else arrives:
    `QTimer.singleShot` waits for an event loop of that thread."""

    def __init__(self, owner: Any, app: Any, relay: Any) -> None:
        super().__init__("the Qt object" if owner is not None else "the Qt application")
        self._relay = relay
        # Both bindings hold a bound method weakly: an unused dispatcher is freed.
        app.aboutToQuit.connect(self._gone)
        (app if owner is None else owner).destroyed.connect(self._gone)

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the owner or the application is gone."""
        self._check()
        self._relay.post(lambda: None if self._is_over else fn())

    def runs_here(self) -> bool:
        return not self._is_over and not self._relay.is_over and bool(self._relay.runs_here())

    def _gone(self, *_: Any) -> None:
        self._end()


def find_binding(owner: Any) -> str:
    loaded = [name for name in _BINDINGS if f"{name}.QtCore" in sys.modules]
    if owner is not None:
        modules = {cls.__module__.partition(".")[0] for cls in type(owner).__mro__}
        loaded = [name for name in loaded if name in modules]
        if not loaded:
            raise TypeError(f"the owner must be a QObject, not {type(owner).__name__}")
    for name in loaded:
        if sys.modules[f"{name}.QtCore"].QCoreApplication.instance() is not None:
            return name
    raise RuntimeError("qt() needs a QApplication: import a binding and make it first")


def _relay(binding: str, core: Any, app: Any) -> Any:
    """The one relay of a binding and an application.

    It is the application's child, as PyQt deletes objects without a parent before it deletes the
    application, in the midst of a post. Children are deleted after the signal `destroyed`.
    """
    relay = _relays.get(binding)
    if relay is None or relay.is_over:
        relay = _relays[binding] = _make_relay_class(core)()
        relay.moveToThread(app.thread())
        app.destroyed.connect(relay.end)
        if relay.runs_here():
            relay.setParent(app)
        else:  # children are added on the parent's thread
            relay.post(lambda: relay.setParent(app))
    return relay


def _make_relay_class(core: Any) -> Any:
    signal = getattr(core, "pyqtSignal", None) or core.Signal

    class Relay(core.QObject):  # type: ignore[misc]
        posted = signal()

        def __init__(self) -> None:
            super().__init__()
            # A post crashes while the application is deleted, or at the end of Python, which may
            # delete it. Reentrant, as the handler of a signal may post within a post.
            self._lock = threading.RLock()
            self.is_over = False
            atexit.register(self.end)  # before the binding's own, which was registered earlier
            fork.register(self)
            self._posts: deque[Callable[[], None]] = deque()
            # Twice: Ctrl-C is raised in the next Python code that runs, which often is this, and
            # PySide goes on after it.
            self.posted.connect(self.run, core.Qt.ConnectionType.QueuedConnection)
            self.posted.connect(self.run_again, core.Qt.ConnectionType.QueuedConnection)

        def post(self, fn: Callable[[], None]) -> None:
            with self._lock:
                if self.is_over:
                    raise RuntimeError("the Qt application is gone")
                # No Python object goes into Qt's own queue, which may outlive the interpreter.
                self._posts.append(fn)
                self.posted.emit()  # looked up each time: threads must not share a bound signal

        def end(self, *_: Any) -> None:
            with self._lock:
                self.is_over = True

        def _in_child(self) -> None:
            self._lock = threading.RLock()

        def run(self) -> None:
            # All of them: an application that is gone has dropped some of the signals.
            for _ in range(len(self._posts)):
                if self._posts:  # a handler may run a loop of its own
                    self._posts.popleft()()

        def run_again(self) -> None:
            self.run()

        def runs_here(self) -> bool:
            return bool(core.QThread.currentThread() == self.thread())

    return Relay
