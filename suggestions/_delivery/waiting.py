"""Following a source from outside its handlers: waiting, iterating, awaiting."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from time import monotonic
from typing import Protocol

# A signal that arrives just before a wait does not interrupt it, and on Windows none does: it is
# heard of after the wait, on the main thread, which no wait may therefore keep for longer than
# this many seconds.
_LONGEST = 0.1


class Followers:
    """Those who wait for something. `tell` wakes them, from any thread, to look again."""

    def __init__(self) -> None:
        self._wakers: list[Callable[[], object]] = []

    def __bool__(self) -> bool:
        return bool(self._wakers)

    def tell(self) -> None:
        for wake in tuple(self._wakers):
            wake()

    def block_until(
        self, condition: Callable[[], bool], timeout: float | None = None, *, often: bool = False
    ) -> bool:
        """Blocks until the condition holds or `timeout` seconds are over; whether it holds.

        With `often`, it looks ten times a second, also without news.
        """
        deadline = None if timeout is None else monotonic() + timeout
        # A lock that is open when there is news. An Event would deadlock where a signal handler
        # of the thread that waits is the one that brings them.
        news = threading.Lock()
        hears_signals = threading.current_thread() is threading.main_thread()
        longest = _LONGEST if often or hears_signals else threading.TIMEOUT_MAX

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # open already
                news.release()

        self._wakers.append(wake)
        try:
            while not condition():
                left = math.inf if deadline is None else max(0.0, deadline - monotonic())
                # What changes from here on opens it again, so that looking then misses nothing.
                if not news.acquire(timeout=min(left, longest)) and left == 0:
                    return False
            return True
        finally:
            self._wakers.remove(wake)

    async def until(self, condition: Callable[[], bool]) -> None:
        """As `block_until`, under asyncio and without a timeout of its own."""
        import asyncio

        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(news.set)
            except RuntimeError:
                return  # the loop was closed meanwhile, and whoever waited is gone with it

        self._wakers.append(wake)
        try:
            while not condition():
                await news.wait()
                news.clear()
        finally:
            self._wakers.remove(wake)


class Answering(Protocol):
    """A source, as iteration sees it."""

    _text_followers: Followers

    def _piece(self, place: int) -> str | None:
        """The piece of text at that place, "" before it has come, None behind the last one.
        Raises the error of a failed answer behind the last one."""
        ...


def chunks(source: Answering) -> Iterator[str]:
    """Each piece of text, from the first on, as it arrives."""
    place = 0
    while (piece := source._piece(place)) is not None:
        if piece:
            yield piece
            place += 1
        else:
            source._text_followers.block_until(_has_come(source, place))


async def achunks(source: Answering) -> AsyncIterator[str]:
    """As `chunks`, under asyncio."""
    place = 0
    while (piece := source._piece(place)) is not None:
        if piece:
            yield piece
            place += 1
        else:
            await source._text_followers.until(_has_come(source, place))


def _has_come(source: Answering, place: int) -> Callable[[], bool]:
    return lambda: source._piece(place) != ""
