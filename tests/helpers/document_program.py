"""Runs one program of a document, in the interpreter that has its toolkit.

    python tests/helpers/document_program.py FILE

Its services run on this machine. It ends with status 0 if an answer was delivered to the end, on
the main thread, and no handler raised.
"""

from __future__ import annotations

import runpy
import sys
import threading
from typing import Any

from document_services import standing_in

from suggestions import signals

done_on: list[int] = []
failures: list[Any] = []


def note_done(source: Any, event: Any) -> None:
    done_on.append(threading.get_ident())


def note_failure(source: Any, event: Any) -> None:
    failures.append(event.detail)


if __name__ == "__main__":
    signals.done.connect(note_done)
    signals.error.connect(note_failure)
    signals.handler_error.connect(note_failure)
    with standing_in():
        runpy.run_path(sys.argv[1], run_name="__main__")
    assert not failures, failures
    # A notebook's handlers run in its kernel; its program looks at what the cell shows.
    assert done_on or "nbclient" in sys.modules, "no answer came to its end"
    # A conversation's handlers run there; those of its sources, as these here, need not.
    if "suggestions.conversation.conversation" not in sys.modules:
        assert set(done_on) <= {threading.main_thread().ident}, "handlers ran on another thread"
