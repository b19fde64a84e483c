"""A store in the memory of one process."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from ..._util.arguments import check_seconds
from ..._util.elapsed import monotonic
from .stored_answer import StoredAnswer, StoreError

logger = logging.getLogger("suggestions")

_PER_FRAME = 64
"""Bytes that Python needs for each frame beside its text."""


class MemoryStore:
    """Keeps answers in this process, and loses them when it ends.

    - `keep`: seconds for which an answer is kept after its end.
    - `largest`: bytes of one answer. One that grows beyond it ends in an error.
    - `max_answers`, `max_bytes`: of all answers together. Beyond them, those that ended first are
      dropped early. If none has ended, a new answer fails, and so does one that grows.

    Raises `TypeError`, `ValueError` that name the argument.
    """

    __module__ = __name__.rpartition(".")[0]
    blocks = False

    def __init__(
        self,
        *,
        keep: float = 3600.0,
        largest: int = 16 * 1024 * 1024,
        max_answers: int = 10_000,
        max_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        self._keep = check_seconds("keep", keep, longest=threading.TIMEOUT_MAX)
        self._largest = check_bound("largest", largest)
        self._max_answers = check_bound("max_answers", max_answers)
        self._max_bytes = check_bound("max_bytes", max_bytes)
        self._lock = threading.Lock()
        self._answers: dict[str, StoredAnswer] = {}
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._ended: OrderedDict[str, float] = OrderedDict()
        """When each is dropped, by the monotonic clock, in the order in which they ended."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._answers)} answers, {self._total} bytes>"

    def create(self, answer: StoredAnswer) -> bool:
        with self._lock:
            self._drop_expired()
            if answer.id in self._answers:
                return False
            while len(self._answers) >= self._max_answers and self._drop_oldest():
                pass
            if len(self._answers) >= self._max_answers:
                raise StoreError(f"the store is full: {self._max_answers} answers are under way")
            self._answers[answer.id] = answer
            self._sizes[answer.id] = 0
            return True

    def open(self, id: str) -> StoredAnswer | None:
        with self._lock:
            self._drop_expired()
            return self._answers.get(id)

    def keep(self, answer: StoredAnswer, frames: list[bytes]) -> None:
        if not self._grow(answer, sum(map(len, frames)) + _PER_FRAME * len(frames)):
            logger.warning("%r has no room for the rest of answer %s", self, answer.id)
            self.end(answer, answer.endings.lost)

    def end(self, answer: StoredAnswer, last: bytes) -> None:
        if answer.finish(last):
            self._grow(answer, len(last))
            with self._lock:
                if answer.id in self._answers:
                    self._ended[answer.id] = monotonic() + self._keep

    def follow(self, answer: StoredAnswer) -> None:
        pass  # there is no other process

    def _grow(self, answer: StoredAnswer, size: int) -> bool:
        """Whether there is room for so many bytes more."""
        with self._lock:
            if answer.id not in self._sizes:
                return True  # it has ended, and is dropped
            self._sizes[answer.id] += size
            self._total += size
            while self._total > self._max_bytes and self._drop_oldest():
                pass
            return self._total <= self._max_bytes and self._sizes[answer.id] <= self._largest

    def _drop_expired(self) -> None:
        now = monotonic()
        while self._ended and next(iter(self._ended.values())) <= now:
            self._drop_oldest()

    def _drop_oldest(self) -> bool:
        """Of those that have ended; its readers keep it. False if there is none."""
        if not self._ended:
            return False
        id, _ = self._ended.popitem(last=False)
        del self._answers[id]
        self._total -= self._sizes.pop(id)
        return True


def check_bound(name: str, bound: object) -> int:
    if not isinstance(bound, int) or isinstance(bound, bool):
        raise TypeError(f"{name} must be an int, not {type(bound).__name__}")
    if bound < 1:
        raise ValueError(f"{name} is {bound}: expected 1 or more")
    return bound
