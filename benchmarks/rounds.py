"""Rounds: all contenders do the same job in turn, and are compared within the round alone.

On a machine with neighbours the same job takes half as long again a second later. What was
measured side by side was disturbed alike, so a ratio is taken within a round; the median of the
ratios is what is judged. The quietest round, the one in which all together took least, is
printed beside it: where the two are far apart, the machine was busy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import inf
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from benchmarks.worker import Worker

T = TypeVar("T")


class Pair(NamedTuple):
    """One figure, as the median round and as the quietest round have it.

    A figure that is no ratio and pools all rounds has no quietest one.
    """

    median: float
    quietest: float | None = None


class Rounds(Generic[T]):
    """What each contender measured in each round; `cost` is what a round's noise is judged by."""

    def __init__(self, rounds: list[dict[str, T]], cost: Callable[[T], float]) -> None:
        self.rounds = rounds
        self._quietest = min(rounds, key=lambda one: sum(map(cost, one.values())))

    def figure(self, of: Callable[[dict[str, T]], float]) -> Pair:
        """A figure that is taken within a round."""
        return Pair(median(map(of, self.rounds)), of(self._quietest))


def take_turns(
    contenders: Sequence[str],
    turn: Callable[[Worker, str], T],
    cost: Callable[[T], float],
    *,
    sets: int,
    rounds: int,
    warm_up: Callable[[Worker, str], object] | None = None,
) -> Rounds[T]:
    """`sets` times a fresh worker for each contender, warmed up, and with these so many rounds."""
    done: list[dict[str, T]] = []
    for _ in range(sets):
        with ExitStack() as stack:
            workers = {name: stack.enter_context(Worker()) for name in contenders}
            if warm_up is not None:
                for name in contenders:
                    warm_up(workers[name], name)
            for number in range(rounds):
                # Not always the same one after the same neighbour.
                shift = number % len(contenders)
                order = [*contenders[shift:], *contenders[:shift]]
                results = {name: turn(workers[name], name) for name in order}
                done.append({name: results[name] for name in contenders})
    return Rounds(done, cost)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def ratio(one: float, other: float) -> float:
    """Infinite if the other is nothing: in a smoke run, or if a stream has no events."""
    return one / other if other else inf
