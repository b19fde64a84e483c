"""The exit codes of the process, one for each outcome, for scripts. `ask --help` prints `TABLE`."""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
BROKEN_PIPE = 141  # 128 + SIGPIPE

BY_ERROR = {
    "error_quota_exceeded": 3,
    "error_moderation": 4,
    "error_service_unavailable": 5,
    "error_context_too_large": 6,
    "error_unclear_prompt": 7,
    "error_network": 8,
}
"""The code of each error event."""

TABLE = {
    DONE: "the answer is complete",
    FAILED: "a failure of this program or this machine",
    USAGE: "wrong usage, no endpoint, or a missing extra",
    **{code: name for name, code in BY_ERROR.items()},
    INTERRUPTED: "Ctrl-C",
    BROKEN_PIPE: "the reader of the output has closed it",
}
"""The meaning of each code."""
