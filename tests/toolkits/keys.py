"""Presses real keys on an X display, which its server sends to the window that has the focus."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest


class Keyboard:
    """Of the display in `DISPLAY`. Skips the test if the libraries of X are not there."""

    def __init__(self) -> None:
        found = [ctypes.util.find_library(name) for name in ("X11", "Xtst")]
        if None in found:
            pytest.skip("not installed: libX11, libXtst")
        self._x11, self._test = (ctypes.CDLL(name) for name in found)
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XStringToKeysym.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(None))

    def focus(self, window: int) -> None:
        """As a window manager would. `window` is the number of an X window that is shown."""
        to_parent, now = 2, 0
        self._x11.XSetInputFocus(self._display, ctypes.c_ulong(window), to_parent, now)
        self._x11.XSync(self._display, 0)

    def press(self, name: str) -> None:
        """`name` is a key's in X, such as "Return" and "Escape"."""
        symbol = ctypes.c_ulong(self._x11.XStringToKeysym(name.encode()))
        code = self._x11.XKeysymToKeycode(self._display, symbol)
        for is_down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, code, is_down, 0)
        self._x11.XSync(self._display, 0)
