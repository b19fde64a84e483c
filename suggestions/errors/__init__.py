"""The errors, and how a status, a body or an error in the stream becomes one of them.

To add an error with an event of its own, touch:

1. `errors/tree.py`: the class, with its `code`; and this file: its import, and `__all__`;
2. `errors/kinds.py`: a row with the status and the words that services report it with;
3. `events.py`: its name in `ERROR_NAMES`, `signals.py`: its signal, and
   `_delivery/handler_types.py`: its name, for type checkers;
4. `cli/exit_codes.py`: its exit code;
5. `docs/errors.md`: its row in the table; `docs/terminal.md`: its exit code;
6. the tests: `OWN_EVENT` in `tests/errors/test_errors.py`, if it has a status, and the codes in
   `tests/cli/test_cli.py`.

`tests/project/test_tables.py` then names each table that lacks it.
"""

from __future__ import annotations

from .._util.one_line import one_line
from .reasons import from_interruption, from_reason
from .reports import from_code, from_report, from_status, nothing_understood, stopped_early
from .said import is_report
from .tree import (
    LONGEST_BODY,
    LONGEST_RAW,
    SAID,
    AbortedError,
    AnswerTooLargeError,
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLostError,
    ConnectTimeoutError,
    ContentTimeoutError,
    ContextTooLargeError,
    EventTooLargeError,
    FirstByteTimeoutError,
    IdleTimeoutError,
    IncompleteStreamError,
    MalformedStreamError,
    ModerationError,
    NameResolutionError,
    NetworkError,
    NotAnAnswerError,
    OutputError,
    QuotaExceededError,
    RedirectError,
    ServiceError,
    ServiceUnavailableError,
    Severity,
    StatusError,
    SuggestionsError,
    TLSError,
    TotalTimeoutError,
    UnclearPromptError,
)

__all__ = [
    "LONGEST_BODY",
    "LONGEST_RAW",
    "SAID",
    "AbortedError",
    "AnswerTooLargeError",
    "AuthenticationError",
    "ConnectTimeoutError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "ContentTimeoutError",
    "ContextTooLargeError",
    "EventTooLargeError",
    "FirstByteTimeoutError",
    "IdleTimeoutError",
    "IncompleteStreamError",
    "MalformedStreamError",
    "ModerationError",
    "NameResolutionError",
    "NetworkError",
    "NotAnAnswerError",
    "OutputError",
    "QuotaExceededError",
    "RedirectError",
    "ServiceError",
    "ServiceUnavailableError",
    "Severity",
    "StatusError",
    "SuggestionsError",
    "TLSError",
    "TotalTimeoutError",
    "UnclearPromptError",
    "from_code",
    "from_interruption",
    "from_reason",
    "from_report",
    "from_status",
    "is_report",
    "nothing_understood",
    "one_line",
    "stopped_early",
]

for _name in __all__:
    _public = globals()[_name]
    if isinstance(_public, type):
        _public.__module__ = __name__  # what a traceback and a `repr` say
