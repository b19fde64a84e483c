"""What every workload is given: the server, and how much of the work is wanted."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeVar

from benchmarks.server import Server

Size = Literal["full", "quick", "smoke"]
T = TypeVar("T")


class Bench(NamedTuple):
    server: Server
    size: Size

    def pick(self, full: T, quick: T, smoke: T) -> T:
        """What this size takes: about an hour, some, or only to see that it runs."""
        return {"full": full, "quick": quick, "smoke": smoke}[self.size]
