"""Makes freed memory go back to the system, so that what stays is what is in use."""

from __future__ import annotations

import ctypes
import sys

# <malloc.h>
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_AS_AT_FIRST = 128 * 1024  # bytes


def give_back() -> None:
    """From now on; on Linux with glibc, and nothing elsewhere.

    glibc raises both thresholds with each large block that is freed, up to keeping 64 MiB of free
    memory in each of its arenas, of which there are eight per processor: beside that, no leak
    would be seen. Once they are set, they stay.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(_TRIM_THRESHOLD, _AS_AT_FIRST)
        libc.mallopt(_MMAP_THRESHOLD, _AS_AT_FIRST)
