"""Whether a host's loop lives, and who wants to hear of its end."""

from __future__ import annotations

from collections.abc import Callable


class Lifetime:
    """Of a window or a loop. `what` names it in the `RuntimeError` of `check()`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._callbacks: dict[object, Callable[[], None]] = {}
        self.over = False

    def check(self) -> None:
        """Raises `RuntimeError` once it is over."""
        if self.over:
            raise RuntimeError(f"{self._what} is gone")

    def is_gone(self) -> bool:
        """Whether it is over, though posts were accepted that never run."""
        return self.over

    @property
    def is_watched(self) -> bool:
        """Whether anybody wants to hear of the end."""
        return bool(self._callbacks)

    def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back at the end, once. Returns a function that takes the callback back.

        Where it is over already, nothing is called: the first post raises.
        """
        key = object()
        self._callbacks[key] = callback

        def take_back() -> None:
            self._callbacks.pop(key, None)

        return take_back

    def end(self) -> None:
        """It is over: tells everybody who wanted to hear of it."""
        self.over = True
        while self._callbacks:
            try:
                _, callback = self._callbacks.popitem()
            except KeyError:
                return
            callback()
