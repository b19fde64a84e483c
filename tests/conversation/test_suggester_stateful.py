"""`Suggester` where callbacks give commands and raise, and older requests still get chunks.

The rules of tests/sources/test_suggester.py and its model: texts carry the number of their
request, and
nothing of an older one may be delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from script import DONE, chunk
from test_suggester import CUT, AnyOrder

CALLBACKS = st.sampled_from(("suggestion", "done", "stop", "error", "state"))
COMMANDS = st.sampled_from(("request", "reset", "stop", "raise"))


class Next(dict[str, Callable[[], object]]):
    """What a callback does when it is called next, with whatever value."""

    def pop(self, called: str, default: Any = None) -> Any:
        name, _, _ = called.partition(" ")
        return super().pop(name, default)


class Reentrant(AnyOrder):
    @initialize()
    def begin(self) -> None:
        super().begin()
        self.view.then = Next()

    @rule(callback=CALLBACKS, command=COMMANDS, elsewhere=st.booleans())
    def command_within(self, callback: str, command: str, elsewhere: bool) -> None:
        def act() -> None:
            if command == "raise":
                raise ZeroDivisionError
            try:
                getattr(self, command)(elsewhere=elsewhere)
            except AssertionError as error:
                # Whatever a callback raises is only logged.
                self.view.wrong.append(f"{command} within {callback}: {error}")

        self.view.then[callback] = act

    @rule(number=st.integers(1, 5), end=st.sampled_from((None, DONE, CUT)))
    def feed_an_older_one(self, number: int, end: object) -> None:
        is_older = number < self.count or (number == self.count and self.suggester.source is None)
        if is_older:
            self.service.feed(f"{number}?", chunk(f"{number}late "), *([end] if end else []))

    @rule()
    def run(self) -> None:
        """Turns the loop until all that was fed has been delivered, and what that leads to."""
        source, fed = self.suggester.source, self.fed
        if source is not None:
            told = len(self.view.told)
            self.loop.run_until(lambda: source.full_message == fed or source.state == "aborted")
            self.loop.run_until(lambda: len(self.view.told) > told or not self._is_behind())

    def _is_behind(self) -> bool:
        source = self.suggester.source
        return source is not None and self.view.states[-1:] != [source.state]

    @rule()
    def settle(self) -> None:
        self.view.then.clear()
        super().settle()


Reentrant.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestCallbacksThatCommand = Reentrant.TestCase
