"""What a process has in hand at one moment at which it should have next to nothing."""

from __future__ import annotations

import gc
import sys
import threading
from collections import Counter
from typing import NamedTuple

import psutil

_MODULES = ("suggestions", "requests", "urllib3", "http", "socket", "ssl", "asyncio", "threading")


class Sample(NamedTuple):
    """`memory` is the resident set in bytes, `objects` all that `gc` knows, `blocks` all that
    Python has allocated, `kinds` the objects by class, for the classes that belong to a source."""

    seconds: float
    lives: int
    threads: int
    descriptors: int
    memory: int
    objects: int
    blocks: int
    kinds: Counter[str]

    def line(self) -> str:
        return (
            f"{self.seconds:7.1f} s {self.lives:8,} lives {self.threads:4} threads "
            f"{self.descriptors:4} descriptors {self.memory / 2**20:7.1f} MiB "
            f"{self.objects:8,} objects {self.kinds.total():6,} of them of ours and below"
        )


def take(seconds: float, lives: int) -> Sample:
    """Now; `seconds` since the beginning, `lives` of sources so far."""
    # What finalizers have touched goes with the collection after the one that has called them.
    while gc.collect():
        pass
    process = psutil.Process()
    descriptors = process.num_handles() if sys.platform == "win32" else process.num_fds()
    objects = gc.get_objects()
    kinds = Counter(map(_kind, objects))
    del kinds[""]
    count = len(objects)
    del objects
    return Sample(
        seconds,
        lives,
        threading.active_count(),
        descriptors,
        process.memory_info().rss,
        count,
        sys.getallocatedblocks(),
        kinds,
    )


def _kind(thing: object) -> str:
    """The name of its class, "" for classes of other libraries."""
    kind = type(thing)
    module = str(kind.__module__)
    known = module.partition(".")[0] in _MODULES
    return sys.intern(f"{module}.{kind.__qualname__}") if known else ""
