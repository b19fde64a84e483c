"""The command line: `suggestions ask | chat | demo | serve`. It needs the extra `cli`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from .exit_codes import INTERRUPTED, USAGE

__all__ = ["main"]


def main() -> None:
    """The program `suggestions`. It ends the process with one of `exit_codes.TABLE`."""
    if find_spec("click") is None or find_spec("rich") is None:
        print(
            "suggestions: the command line needs click and rich: "
            'pip install "suggestions-sdk[cli,playground]"',
            file=sys.stderr,
        )
        sys.exit(USAGE)
    try:
        from .program import group
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    group(prog_name="suggestions")
