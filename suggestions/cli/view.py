"""What an answer is shown through."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Any, Protocol

from suggestions.events import Event


class View(AbstractContextManager[Any], Protocol):
    """Shows the events it names, in order; entered before the first, left after the last."""

    @property
    def names(self) -> Collection[str]: ...

    def show(self, event: Event[Any]) -> None: ...

    def tick(self) -> None:
        """Nothing has come for a moment."""
