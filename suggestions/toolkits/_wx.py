"""wxPython: handlers run in the application's main loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ._host import Host

_ATTRIBUTE = "_suggestions_dispatcher"


def wx_(window: Any = None) -> Wx:
    """The dispatcher of a window, or of the application. Call it on wx's own thread.

    When the window is destroyed, its sources close, a post raises `RuntimeError`, and no handler
    runs any more, since the widgets are gone. Raises `RuntimeError` if there is no `wx.App`.
    """
    wx = sys.modules.get("wx")
    application = wx.GetApp() if wx else None
    if application is None:
        raise RuntimeError("wx_() is for programs that have made a wx.App")
    host = application if window is None else window
    dispatcher = getattr(host, _ATTRIBUTE, None)
    if dispatcher is None:
        dispatcher = Wx(wx, window)
        setattr(host, _ATTRIBUTE, dispatcher)  # one per window, so that it is bound only once
    return dispatcher


class Wx(Host):
    """Posts with `wx.CallAfter`, and on wx's own thread with a timer."""

    def __init__(self, wx: Any, window: Any) -> None:
        self._wx = wx
        self._window = window
        super().__init__("the wx window")
        # The first CallAfter of all changes the application: it must not come from another thread.
        wx.CallAfter(lambda: None)
        if window is not None:
            window.Bind(wx.EVT_WINDOW_DESTROY, self._destroyed)

    def __call__(self, fn: Callable[[], None]) -> None:
        self._check()
        if self.runs_here():
            # wx runs all posts, also those made meanwhile, before it handles input and drawing. A
            # long backlog, which posts itself again, would freeze the window.
            self._wx.CallLater(1, self._run, fn)
        else:
            self._wx.CallAfter(self._run, fn)

    def runs_here(self) -> bool:
        return bool(self._wx.IsMainThread())

    def _run(self, fn: Callable[[], None]) -> None:
        if not self._is_over:
            fn()

    def _destroyed(self, event: Any) -> None:
        event.Skip()
        # The event also comes for each child. At its own end, the window is false or, if it is a
        # child itself, being deleted. The event's object is a new one: it cannot be compared.
        if not self._window or self._window.IsBeingDeleted():
            self._end()
