"""`qt_suggester`: a `Suggester` with Qt's signals, properties and slots, for widgets and QML."""

# Which binding it is made of is known only when it is made.
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from suggestions._sources.suggester import Suggester
from suggestions.dialects.question import Question
from suggestions.toolkits._qt import find_binding, qt


def qt_suggester(parent: Any = None, **defaults: Any) -> Any:
    """A `QObject` of the binding that `parent` is of, or that the application runs on.

    - Properties `state`, `suggestion` and `error` (its message, or ""), with the signals
      `stateChanged`, `suggestionChanged` and `errorChanged` that carry the new value.
    - Slots `request(question)`, `stop()`, `reset()`; from Python, `request` takes options too.
      An empty question, as from an empty field, asks nothing.
    - Signals `done(text)`, `stopped(text)`, `failed(message)`.
    - Attribute `suggester`: the `Suggester` behind it, which `defaults` are for.

    Signals are sent on the application's thread. When the object is deleted, its request closes.
    Raises `RuntimeError` where there is no `QCoreApplication` yet.
    """
    return _make_class(find_binding(parent))(parent, defaults)


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
                on_suggestion=_weakly(self, lambda self, text: self._show()),
                on_done=_weakly(self, lambda self, text: self._show(self.done, text)),
                on_stop=_weakly(self, lambda self, text: self._show(self.stopped, text)),
                on_error=_weakly(self, lambda self, error: self._show(self.failed, error.message)),
                on_state=_weakly(self, lambda self, state: self._show()),
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
            # An exception in a slot that QML has called would end the program under PyQt6.
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
            for changed, was, now in zip(signals, before, shown, strict=True):
                if was != now:
                    changed.emit(now)
            if ending is not None:
                ending.emit(text)

    return QtSuggester


def _weakly(owner: Any, call: Callable[[Any, Any], object]) -> Callable[[Any], None]:
    """`call` with the owner, while there is one.

    A running request must not keep it alive: a garbage collection on the reader's thread could
    then be what deletes it.
    """
    refer = weakref.ref(owner)

    def callback(detail: Any) -> None:
        owner = refer()
        if owner is not None:
            call(owner, detail)

    return callback
