"""Timers of a widget that end with it: Tk would report what they call as an invalid command."""

from __future__ import annotations

import tkinter
from collections.abc import Callable


class Timers:
    """At most one timer of each name."""

    def __init__(self, widget: tkinter.Misc) -> None:
        self._widget = widget
        self._ids: dict[str, str] = {}
        self.is_over = False
        """The widget is destroyed."""

    def begin(self, name: str, milliseconds: int, call: Callable[[], object]) -> None:
        """Does nothing if the timer runs already. With 0, it calls when the program is idle."""
        if self.is_over or self._is_running(name):
            return

        def ring() -> None:
            self._ids.pop(name, None)
            if not self.is_over:
                call()

        widget = self._widget
        after = widget.after(milliseconds, ring) if milliseconds else widget.after_idle(ring)
        self._ids[name] = after

    def _is_running(self, name: str) -> bool:
        if name not in self._ids:
            return False
        try:  # the host may have cancelled all timers
            self._widget.tk.call("after", "info", self._ids[name])
        except tkinter.TclError:
            return False
        return True

    def cancel(self, name: str) -> None:
        timer = self._ids.pop(name, None)
        if timer is not None:
            self._widget.after_cancel(timer)

    def end(self) -> None:
        self.is_over = True
        for name in list(self._ids):
            self.cancel(name)
