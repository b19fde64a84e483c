"""Records what goes wrong and is not caught: on threads, in `__del__`, in the log."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from soak.scenes.failures import Planned


@contextlib.contextmanager
def alarmed(tell: Callable[[str], object]) -> Iterator[None]:
    """Calls `tell(words)` for each, until the end of `with`.

    The library's warnings of errors without a handler are no alarm, and are not shown.
    """

    def in_thread(args: Any) -> None:
        tell(f"a thread ended with {args.exc_type.__name__}: {args.exc_value}")

    def unraisable(args: Any) -> None:
        tell(f"not raised, in {args.object!r}: {args.exc_value!r}")

    logger = logging.getLogger("suggestions")
    handler = _Handler(tell)
    before = threading.excepthook, sys.unraisablehook, logger.propagate
    threading.excepthook, sys.unraisablehook, logger.propagate = in_thread, unraisable, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        threading.excepthook, sys.unraisablehook, logger.propagate = before


class _Handler(logging.Handler):
    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        is_planned = bool(record.exc_info) and isinstance(record.exc_info[1], Planned)
        # The first failure of a handler is logged with its traceback, and judged by that.
        is_counted = record.msg.endswith("has raised %d times")
        if not (is_planned or is_counted):
            self._tell(f"logged: {self.format(record)}")
