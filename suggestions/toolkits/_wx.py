"""wxPython: handlers run in the application's main loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from suggestions.toolkits._lifetime import Lifetime

_ATTRIBUTE = "_suggestions_dispatcher"


def wx_(window: Any = None) -> Wx:
    """The dispatcher of a window, or of the application; to be called on wx's own thread.

    When the window is destroyed, its sources close, a post raises `RuntimeError`, and no handler
    runs any more, since the widgets are gone. Raises `RuntimeError` where there is no `wx.App`.
    """
    wx = sys.modules.get("wx")
    application = wx.GetApp() if wx else None
    if application is None:
        raise RuntimeError("wx_() is for programs that have made a wx.App")
    host = application if window is None else window
    dispatcher = getattr(host, _ATTRIBUTE, None)
    if dispatcher is None:
        dispatcher = Wx(wx, window)
        setattr(host, _ATTRIBUTE, dispatcher)  # one per window, so that it is bound to only once
    return dispatcher


class Wx:
    """Posts with `wx.CallAfter`, and on wx's own thread with a timer."""

    def __init__(self, wx: Any, window: Any) -> None:
        self._wx = wx
        self._window = window
        self._lifetime = Lifetime("the wx window")
        self.on_gone = self._lifetime.on_gone
        self.is_gone = self._lifetime.is_gone
        # The first CallAfter of all changes the application, which is not for another thread.
        wx.CallAfter(lambda: None)
        if window is not None:
            window.Bind(wx.EVT_WINDOW_DESTROY, self._destroyed)

    def __call__(self, fn: Callable[[], None]) -> None:
        self._lifetime.check()
        if self.runs_here():
            # wx runs what is posted meanwhile before it turns to input and drawing, so that a long
            # backlog, which posts itself anew, would stop the window.
            self._wx.CallLater(1, self._run, fn)
        else:
            self._wx.CallAfter(self._run, fn)

    def runs_here(self) -> bool:
        return bool(self._wx.IsMainThread())

    def _run(self, fn: Callable[[], None]) -> None:
        if not self._lifetime.over:
            fn()

    def _destroyed(self, event: Any) -> None:
        event.Skip()
        # A window hears of its children's end as well; at its own, it is false or, as a part of
        # another, being deleted. The event's object is not the one that is known here.
        if not self._window or self._window.IsBeingDeleted():
            self._lifetime.end()
