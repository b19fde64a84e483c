"""`source.controller`, which closes its source."""

from __future__ import annotations

import weakref
from typing import Protocol

from .answer import Answer


class Closable(Protocol):
    _answer: Answer

    def close(self) -> None: ...


class Controller:
    """The counterpart of the browser's `AbortController`."""

    __module__ = __name__.rpartition("._")[0]

    def __init__(self, source: Closable) -> None:
        self._source = weakref.ref(source)

    def abort(self) -> None:
        """The same as the source's `close()`."""
        source = self._source()
        if source is not None:
            source.close()

    @property
    def aborted(self) -> bool:
        """Whether the source was closed before its end."""
        source = self._source()
        return source is not None and source._answer.state == "aborted"
