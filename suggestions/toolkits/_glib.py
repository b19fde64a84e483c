"""GLib, and so GTK: handlers run in the main loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def glib(context: Any = None) -> GLib:
    """The dispatcher of a `GLib.MainContext`; without one, of the default context.

    When the program's `Gtk.Application` shuts down, its sources close. Raises `RuntimeError` if the
    program has not imported `gi.repository.GLib`, which comes with Gtk.
    """
    module = sys.modules.get("gi.repository.GLib")
    if module is None:
        raise RuntimeError("glib() is for programs that import Gtk or GLib from gi.repository")
    return GLib(module, context)


class GLib:
    """Posts to the context's idle queue."""

    def __init__(self, module: Any, context: Any) -> None:
        self._glib = module
        self._is_default = context is None
        self._context = module.MainContext.default() if context is None else context

    def __call__(self, fn: Callable[[], None]) -> None:
        """Queues `fn` after input and drawing, so that no flood of text freezes the window."""

        def once(*_: object) -> bool:
            fn()
            return False  # if it returned true, it would be called for ever

        source = self._glib.idle_source_new()
        source.set_callback(once)
        source.attach(self._context)

    def runs_here(self) -> bool:
        return bool(self._context.is_owner())

    def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        # A context outlives its loops and does not know whether there will be another. So this is
        # no `Host`: only an application announces its end, and it may be made after this object.
        gio: Any = sys.modules.get("gi.repository.Gio")
        application = gio.Application.get_default() if gio and self._is_default else None
        if application is None:
            return lambda: None
        connection = application.connect("shutdown", lambda application: callback())
        return lambda: application.disconnect(connection)
