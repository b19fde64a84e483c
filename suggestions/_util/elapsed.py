"""The time that has really passed, even if a test holds the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

# freezegun puts a clock that replaces `time.monotonic`, in the module `time` and in
# each module that has the function itself: no wait would end any more. It leaves `threading` as it
# is, whose waits have to end as well, and it does not look into a partial.
monotonic: Callable[[], float] = partial(getattr(threading, "_time", time.monotonic))
