"""Shared by the tests of sources: who reads the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loop_thread import LoopThread

from suggestions.toolkits import Dispatcher


@pytest.fixture(scope="module")
def loop_thread() -> Iterator[LoopThread]:
    with LoopThread() as loop:
        yield loop


@pytest.fixture(params=["a thread reads", "a loop reads"])
def dispatch(request: pytest.FixtureRequest, loop_thread: LoopThread) -> Dispatcher | None:
    """For `dispatch=`: None, or that of a loop, which then reads the answer itself."""
    return None if request.param == "a thread reads" else loop_thread.dispatch
