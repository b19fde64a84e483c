"""GLib, and so GTK: handlers run in the main loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

_Connection = tuple[Callable[[], Any], int]
"""A weak reference to the object of a signal, and the number of the handler."""


def glib(context: Any = None, *, owner: Any = None) -> GLib:
    """The dispatcher of a `GLib.MainContext`; without one, of the default context.

    When the program's `Gtk.Application` shuts down, its sources close; with an `owner`, a
    `Gtk.Widget`, also when the widget or its window is destroyed, and then a post raises
    `RuntimeError`. Raises `RuntimeError` if the program has not imported `gi.repository.GLib`,
    which comes with Gtk, and `TypeError` if the owner is not a widget.
    """
    module = sys.modules.get("gi.repository.GLib")
    if module is None:
        raise RuntimeError("glib() is for programs that import Gtk or GLib from gi.repository")
    gtk: Any = sys.modules.get("gi.repository.Gtk")
    if owner is not None and not (gtk and isinstance(owner, gtk.Widget)):
        raise TypeError(f"the owner must be a Gtk.Widget, not {type(owner).__name__}")
    return GLib(module, context, owner)


class GLib:
    """Posts to the context's idle queue."""

    def __init__(self, module: Any, context: Any, owner: Any = None) -> None:
        self._glib = module
        self._is_default = context is None
        self._context = module.MainContext.default() if context is None else context
        # A reference would keep the widget from being destroyed.
        self._owner: Any = None if owner is None else owner.weak_ref()
        self._is_over = False

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn` after input and drawing, so that no flood of text freezes the window.

        Raises `RuntimeError` once the owner is gone.
        """
        if self._is_over:
            raise RuntimeError("the GTK widget is gone")

        def once(*_: object) -> bool:
            if not self._is_over:
                fn()
            return False  # if it returned true, it would be called for ever

        source = self._glib.idle_source_new()
        source.set_callback(once)
        source.attach(self._context)

    def is_gone(self) -> bool:
        return self._is_over

    def runs_here(self) -> bool:
        return bool(self._context.is_owner())

    def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        connections = [*self._on_shutdown(callback), *self._on_destroyed(callback)]

        def cancel() -> None:
            while connections:
                instance, number = connections.pop()
                if (alive := instance()) is not None:
                    alive.disconnect(number)

        return cancel

    def _on_shutdown(self, callback: Callable[[], None]) -> Iterator[_Connection]:
        # A context outlives its loops and does not know whether there will be another. So this is
        # no `Host`: only an application announces its end, and it may be made after this object.
        gio: Any = sys.modules.get("gi.repository.Gio")
        application = gio.Application.get_default() if gio and self._is_default else None
        if application is not None:
            number = application.connect("shutdown", lambda application: callback())
            yield application.weak_ref(), number

    def _on_destroyed(self, callback: Callable[[], None]) -> Iterator[_Connection]:
        """Connects for as long as a source needs it: a window outlives many dispatchers."""
        if self._owner is None:
            return
        owner = self._owner()
        if owner is None:
            self._is_over = True
            return

        def gone(*_: object) -> None:
            if not self._is_over:
                self._is_over = True
                callback()

        def unrealized(widget: Any) -> None:
            if _is_window_destroyed(widget):
                gone()

        yield self._owner, owner.connect("destroy", gone)
        yield self._owner, owner.connect("unrealize", unrealized)


def _is_window_destroyed(widget: Any) -> bool:
    """Whether the widget's window was destroyed. GTK 4 does not report it to a widget that Python
    still refers to, as a handler does that shows text in it. GTK 3 sends `destroy` in any case."""
    gtk: Any = sys.modules["gi.repository.Gtk"]
    window = widget.get_root() if hasattr(widget, "get_root") else None
    if not isinstance(window, gtk.Window):
        return False
    windows = gtk.Window.get_toplevels()
    return all(windows.get_item(place) != window for place in range(windows.get_n_items()))
