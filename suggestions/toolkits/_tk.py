"""Tk: handlers run in the window's main loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ._host import Host

_INTERVAL = 16  # milliseconds: a frame
_ATTRIBUTE = "_suggestions_dispatcher"
_Fn = Callable[[], None]


def tk(root: Any) -> Tk:
    """The dispatcher of a window or any other widget. Call it on Tk's own thread.

    When the widget is destroyed, its sources close, and a post raises `RuntimeError`. Raises
    `TypeError`.
    """
    if not hasattr(root, "tk"):
        raise TypeError(f"tk() takes a window or another widget of Tk, not {type(root).__name__}")
    dispatcher: Tk | None = getattr(root, _ATTRIBUTE, None)
    if dispatcher is None:
        dispatcher = Tk(root)
        setattr(root, _ATTRIBUTE, dispatcher)  # one per widget: a binding cannot be undone
    return dispatcher


class Tk(Host):
    """Looks for posts every 16 ms while a source is open.

    From another thread, `after` and every other call of Tk blocks or raises.
    """

    def __init__(self, root: Any) -> None:
        self._root: Any = root
        self._thread = threading.get_ident()
        super().__init__("the Tk widget")
        self._posts: deque[_Fn] = deque()
        import tkinter  # which the host has loaded

        # tkinter's own methods: the widget's class may have others of the same names.
        poll = tkinter.Misc.register(root, self._poll)
        # Tcl itself sets the next timer. Ctrl-C is raised in the next Python code that runs, which
        # often is `_poll`, and if that set the timer there would be no next one. The script has two
        # words, since `after_cancel` deletes the command that a script of one word calls.
        self._timer = f"{poll}_again"
        # A Tcl variable of the same name holds the id of the next timer.
        self._begin = f"set ::{self._timer} [after {_INTERVAL} {self._timer} again]"
        root.tk.eval(f"proc {self._timer} again {{{self._begin}; {poll}}}")
        tkinter.Misc.bind(root, "<Destroy>", self._destroyed, add="+")

    def __call__(self, fn: _Fn) -> None:
        """Queues `fn`. Raises `RuntimeError` once the widget is destroyed.

        If no source is open, a post from another thread waits until one is.
        """
        self._check()
        self._posts.append(fn)
        if self.runs_here():
            self._start()

    def on_gone(self, callback: _Fn) -> _Fn:
        """Calls back when the widget is destroyed. Raises `RuntimeError` on another thread."""
        if not self.runs_here():
            raise RuntimeError("make a source with dispatch=tk() on Tk's own thread")
        cancel = super().on_gone(callback)
        if not self._is_over:
            self._start()
        return cancel

    def runs_here(self) -> bool:
        return threading.get_ident() == self._thread

    def _start(self) -> None:
        # The host may have cancelled all timers: only Tcl knows whether one is set.
        self._root.tk.eval(f"if [catch {{after info $::{self._timer}}}] {{{self._begin}}}")

    def _stop(self) -> None:
        self._root.tk.call("after", "cancel", self._timer, "again")

    def _poll(self) -> None:
        if not (self._is_watched or self._posts):
            self._stop()
        for _ in range(len(self._posts)):
            if self._posts:  # a handler may destroy the window
                self._posts.popleft()()

    def _destroyed(self, event: Any) -> None:
        if event.widget is not self._root:
            return  # a child of the window
        self._stop()
        self._root.tk.call("rename", self._timer, "")
        self._root.tk.call("unset", "-nocomplain", self._timer)
        # If another thread later frees the last reference to a Tk object, the process aborts: keep
        # none.
        delattr(self._root, _ATTRIBUTE)
        self._root = None
        self._end()
        self._posts.clear()
