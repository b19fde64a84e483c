"""Runs within a host: asks, stops in mid-answer, and asks again; then the host quits in mid-answer.

The host's own timer or loop calls what `driver` returns. What happens is written to the file
`HOST_LOG`, since some hosts keep what is printed for a window of their own.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from suggestions import SuggestionsEventSource

log = open(os.environ["HOST_LOG"], "a", encoding="utf-8", buffering=1)  # noqa: SIM115
Ask = Callable[[], Callable[[], object]]
"""Asks, and returns what stops the answer."""
ran_on: set[int] = set()
"""The threads that handlers ran on, as the system numbers them."""


def note_thread(*_: Any) -> None:
    """A handler; on Linux, the number of a process is that of its main thread."""
    ran_on.add(threading.get_native_id())


def our_threads() -> list[str]:
    names = [each.name for each in threading.enumerate()]
    return [name for name in names if name.startswith("suggestions")]


def asking(dispatch: Any, show: Callable[[str], object]) -> Ask:
    """Asks by a source, whose answer the host shows."""

    def show_it(source: SuggestionsEventSource, event: Any) -> None:
        note_thread()
        show(event.detail)

    def ask() -> Callable[[], object]:
        show("")
        on = {"suggestion": show_it}
        return SuggestionsEventSource("Why?", dialect="openai", dispatch=dispatch, on=on).close

    return ask


def asking_in(panel: Any, kind: Any) -> tuple[Ask, Callable[[], str]]:
    """Asks in a `ChatPanel`; and what it shows of the newest answer, in a widget of this kind."""
    chat, asked = panel.conversation(), []
    chat.connect("change", note_thread)

    def ask() -> Callable[[], object]:
        asked.append(chat.send("Why?"))
        return lambda: chat.stop()

    def shown() -> str:
        found = panel.findChildren(kind, "answerText")
        return str(found[-1].toPlainText()) if len(found) == len(asked) else ""

    return ask, shown


def driver(ask: Ask, shown: Callable[[], str], leave: Callable[[], object]) -> Callable[[], None]:
    """One step of it, for the host to call again and again; the last one calls `leave`."""
    steps, deadline = _steps(ask, shown), time.monotonic() + 60

    def step() -> None:
        nonlocal steps
        try:
            assert time.monotonic() < deadline, f"it shows {shown()!r}, with {our_threads()}"
            next(steps)
            return
        except StopIteration:
            pass
        except BaseException:
            traceback.print_exc(file=log)
        if steps is not _OVER:
            steps = _OVER
            leave()

    return step


def nothing_is_left() -> None:
    """For a host whose loop returns: all that is ours ends soon."""
    deadline = time.monotonic() + 10
    while our_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    print(f"left: {our_threads()}", file=log)


_OVER: Iterator[None] = iter(())


def _steps(ask: Ask, shown: Callable[[], str]) -> Iterator[None]:
    stop = ask()
    yield from _grows(shown)
    began = time.monotonic()
    stop()
    print(f"stop: {began} {time.monotonic()}", file=log)
    while our_threads():
        yield
    yield from _ten_turns()
    text = shown()
    yield from _ten_turns()
    assert shown() == text
    ask()
    yield from _grows(shown)
    assert ran_on == {os.getpid()}, ran_on
    print(f"used: {time.monotonic()}", file=log)


def _grows(shown: Callable[[], str]) -> Iterator[None]:
    for length in (50, 200):
        while len(shown()) <= length:
            yield
        assert shown().startswith("0 1 2 3 ")


def _ten_turns() -> Iterator[None]:
    for _ in range(10):
        yield
        time.sleep(0.01)
