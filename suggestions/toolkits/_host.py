"""What the dispatchers share: whether their loop is gone, and who is called when it goes."""

from __future__ import annotations

from collections.abc import Callable


class Host:
    """The window, loop or application on which a dispatcher runs handlers.

    A dispatcher calls `_end()` when its loop has ended, and `_check()` before it accepts a post.
    `name` is for the `RuntimeError` that `_check()` raises.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._is_over = False

    def is_gone(self) -> bool:
        """Whether the loop is over: posts that it had accepted may never run."""
        return self._is_over

    def on_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back at the end, once. Returns a function that cancels the callback.

        If the end has come already, nothing is called: the next post raises.
        """
        key = object()
        self._callbacks[key] = callback

        def take_back() -> None:
            self._callbacks.pop(key, None)

        return take_back

    @property
    def _is_watched(self) -> bool:
        """Whether a callback waits for the end."""
        return bool(self._callbacks)

    def _check(self) -> None:
        """Raises `RuntimeError` after the end."""
        if self._is_over:
            raise RuntimeError(f"{self._name} is gone")

    def _end(self) -> None:
        self._is_over = True
        while self._callbacks:
            try:
                _, callback = self._callbacks.popitem()
            except KeyError:
                return  # it was cancelled meanwhile, on another thread
            callback()
