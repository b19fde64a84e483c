"""LibreOffice: handlers run on the office's main thread, one call per event of its loop."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from ._host import Host

_open: dict[str, LibreOffice] = {}
"""The dispatchers of open documents, by the office's own name of each: one listener is enough."""


def libreoffice(document: Any) -> LibreOffice:
    """The dispatcher of a document, which a macro has from `XSCRIPTCONTEXT.getDocument()`.

    It is for macros and extensions, which run in the office itself. When the document is closed, or
    the office quits, its sources close, a post raises `RuntimeError`, and no handler runs any more,
    since the text is gone. Raises `TypeError` if it is not a document, and `RuntimeError` in a
    program that only talks to an office.
    """
    if not (hasattr(document, "RuntimeUID") and hasattr(document, "addCloseListener")):
        raise TypeError(f"libreoffice() takes a document, not {type(document).__name__}")
    key: str = document.RuntimeUID
    if key not in _open:
        _open[key] = LibreOffice(document, key)
    return _open[key]


class LibreOffice(Host):
    """Posts with `com.sun.star.awt.AsyncCallback`, which any thread may call."""

    def __init__(self, document: Any, key: str) -> None:
        super().__init__("the LibreOffice document")
        self._key = key
        self._thread: int | None = None
        uno: Any = sys.modules["uno"]  # the document is an object of that module
        context = uno.getComponentContext()
        self._office = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.awt.AsyncCallback", context
        )
        if self._office is None:
            raise RuntimeError("libreoffice() is for macros and extensions within the office")
        self._new_callback, listener = _implement(uno, self._end)
        document.addCloseListener(listener)

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn`. Raises `RuntimeError` once the document is closed."""
        self._check()

        def run() -> None:
            self._thread = threading.get_ident()
            if not self._is_over:
                fn()

        self._office.addCallback(self._new_callback(run), None)

    def runs_here(self) -> bool:
        return threading.get_ident() == self._thread

    def _end(self) -> None:
        _open.pop(self._key, None)
        super()._end()


def _implement(uno: Any, end: Callable[[], None]) -> tuple[Any, Any]:
    """A class of callbacks, each made with a function, and a listener that calls `end`.

    They are made here because their bases exist only in a program that has imported `uno`.
    """
    base: Any = importlib.import_module("unohelper").Base

    def implement(interface: str, **methods: Callable[..., None]) -> Any:
        name = interface.rpartition(".")[2]
        return type(f"Our{name}", (base, uno.getClass(interface)), methods)

    def init(self: Any, fn: Callable[[], None]) -> None:
        self.fn = fn

    def notify(self: Any, data: object) -> None:
        self.fn()

    def allow(self: Any, event: object, gets_ownership: bool) -> None:
        """The office asks whether the document may be closed."""

    def closed(self: Any, event: object) -> None:
        end()

    return (
        implement("com.sun.star.awt.XCallback", __init__=init, notify=notify),
        implement(
            "com.sun.star.util.XCloseListener",
            queryClosing=allow,
            notifyClosing=closed,
            disposing=closed,
        )(),
    )
