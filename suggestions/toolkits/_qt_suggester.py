"""`qt_suggester`: a `Suggester` with Qt's signals, properties and slots, for widgets and QML."""

# The binding, and so the base class, is known only when the object is made.
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from .._util.secret import hide_arguments
from ..conversation.suggester import Suggester
from ..dialects.question import Question
from ._qt import find_binding, qt


def qt_suggester(parent: Any = None, **defaults: Any) -> Any:
    """A `QObject` of the binding that `parent` belongs to, or else that the application uses.

    - Properties `state`, `suggestion` and `error` (its message, or ""), with the signals
      `stateChanged`, `suggestionChanged` and `errorChanged` that carry the new value.
    - Slots `request(question)`, `stop()`, `reset()`; from Python, `request` takes options too.
      An empty question, as from an empty field, is ignored.
    - Signals `done(text)`, `stopped(text)`, `failed(message)`.
    - Attribute `suggester`: the `Suggester` that it uses; `defaults` are its arguments.

    Signals are sent on the application's thread. When the object is deleted, its request closes.
    Raises `RuntimeError` if there is no `QCoreApplication` yet.
    """
    return _make_class(find_binding(parent))(parent, hide_arguments(defaults))


@cache
def _make_class(binding: str) -> Any:
    core: Any = sys.modules[f"{binding}.QtCore"]
    prefix = "pyqt" if binding.startswith("PyQt") else ""
    signal, slot, prop = (getattr(core, prefix + name) for name in ("Signal", "Slot", "Property"))

    class QtSuggester(core.QObject):
        stateChanged = signal(str)
        suggestionChanged = signal(str)
        errorChanged = signal(str)
        done = signal(str)
        stopped = signal(str)
        failed = signal(str)

        def __init__(self, parent: Any, defaults: dict[str, Any]) -> None:
            super().__init__(parent)
            self._shown: tuple[str, ...] = ("init", "", "")
            self.suggester = Suggester(
                on_suggestion=weakly(self, lambda self, text: self._show()),
                on_done=weakly(self, lambda self, text: self._show(self.done, text)),
                on_stop=weakly(self, lambda self, text: self._show(self.stopped, text)),
                on_error=weakly(self, lambda self, error: self._show(self.failed, error.message)),
                on_state=weakly(self, lambda self, state: self._show()),
                **{"dispatch": qt(self), **defaults},
            )

        @prop(str, notify=stateChanged)
        def state(self) -> str:
            return self.suggester.state

        @prop(str, notify=suggestionChanged)
        def suggestion(self) -> str:
            return self.suggester.suggestion

        @prop(str, notify=errorChanged)
        def error(self) -> str:
            error = self.suggester.error
            return "" if error is None else error.message

        @slot(str)
        def request(self, question: Question, **options: Any) -> None:
            # Under PyQt6, an exception in a slot that QML calls ends the program.
            if not isinstance(question, str) or question.strip():
                self.suggester.request(question, **options)

        @slot()
        def stop(self) -> None:
            self.suggester.stop()

        @slot()
        def reset(self) -> None:
            self.suggester.reset()

        def _show(self, ending: Any = None, text: str = "") -> None:
            before = self._shown
            shown = self._shown = (self.state, self.suggestion, self.error)
            signals = (self.stateChanged, self.suggestionChanged, self.errorChanged)
            for place, changed in enumerate(signals):
                # A slot may run a loop, as a dialog does, in which a newer value was sent.
                if before[place] != shown[place] == self._shown[place]:
                    changed.emit(shown[place])
            if ending is not None:
                ending.emit(text)

    return QtSuggester


def weakly(owner: Any, call: Callable[[Any, Any], object]) -> Callable[[Any], None]:
    """Calls `call` with the owner as long as it exists.

    A running request must not keep the owner alive: otherwise a garbage collection on the reader's
    thread could delete it.
    """
    refer = weakref.ref(owner)

    def callback(detail: Any) -> None:
        owner = refer()
        if owner is not None:
            call(owner, detail)

    return callback
