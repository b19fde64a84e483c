"""Qt, in any of its bindings for Python: handlers run on the thread of the windows."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from suggestions.toolkits._lifetime import Lifetime

_BINDINGS = ("PySide6", "PyQt6", "PyQt5", "PySide2")
_relays: dict[str, list[Any]] = {}


def qt(owner: Any = None) -> Qt:
    """The dispatcher of a window or any other `QObject`; without one, of the application.

    When the owner is deleted or the application quits, its sources close, and a post raises
    `RuntimeError`. Raises `RuntimeError` where there is no `QCoreApplication` yet, and `TypeError`
    where the owner is no `QObject`.
    """
    binding = find_binding(owner)
    core = sys.modules[f"{binding}.QtCore"]
    app = core.QCoreApplication.instance()
    if app is None:
        raise RuntimeError("qt() needs a QApplication: make it first")
    return Qt(owner, app, _relay(binding, core, app))


class Qt:
    """Posts through the relay, a queued signal: from another thread, nothing else arrives
    (`QTimer.singleShot` waits for an event loop of that thread's)."""

    def __init__(self, owner: Any, app: Any, relay: Any) -> None:
        self._lifetime = Lifetime("the Qt object" if owner is not None else "the Qt application")
        self.on_gone = self._lifetime.on_gone
        self.is_gone = self._lifetime.is_gone
        self._relay = relay
        # Both bindings hold a bound method of ours weakly: nothing is left of a dispatcher that
        # nobody uses.
        app.aboutToQuit.connect(self._end)
        (app if owner is None else owner).destroyed.connect(self._end)

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the owner or the application is gone."""
        self._lifetime.check()
        self._relay.post(lambda: None if self._lifetime.over else fn())

    def runs_here(self) -> bool:
        return not self._lifetime.over and bool(self._relay.runs_here())

    def _end(self, *_: Any) -> None:
        self._lifetime.end()


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
    """The one relay of a binding and an application. It has no parent, and we never free it, not
    even that of an earlier application: a `QObject` must not be deleted on another thread, nor
    while a post to it is queued."""
    made = _relays.setdefault(binding, [])
    if not (made and _is_on(app.thread(), made[-1])):
        relay = _make_relay_class(core)()
        relay.moveToThread(app.thread())
        made.append(relay)
    return made[-1]


def _is_on(thread: Any, relay: Any) -> bool:
    try:
        return bool(relay.thread() == thread)
    except RuntimeError:  # the bindings delete what has no parent along with the application
        return False


def _make_relay_class(core: Any) -> Any:
    signal = getattr(core, "pyqtSignal", None) or core.Signal

    class Relay(core.QObject):  # type: ignore[misc]
        posted = signal()

        def __init__(self) -> None:
            super().__init__()
            self._posts: deque[Callable[[], None]] = deque()
            # Twice: Ctrl-C is raised in whatever Python is called next, which often is this, and
            # PySide goes on behind it.
            self.posted.connect(self.run, core.Qt.ConnectionType.QueuedConnection)
            self.posted.connect(self.run_again, core.Qt.ConnectionType.QueuedConnection)

        def post(self, fn: Callable[[], None]) -> None:
            # Nothing of Python's is in Qt's own queue, which may outlive the interpreter.
            self._posts.append(fn)
            self.posted.emit()  # looked up afresh: a bound signal must not be shared by threads

        def run(self) -> None:
            # All of them: an application that is gone has taken its part of the signals along.
            for _ in range(len(self._posts)):
                if self._posts:  # a handler may run a loop of its own
                    self._posts.popleft()()

        def run_again(self) -> None:
            self.run()

        def runs_here(self) -> bool:
            return bool(core.QThread.currentThread() == self.thread())

    return Relay
