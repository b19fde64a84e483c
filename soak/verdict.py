"""Whether anything grows from sample to sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

from soak.sample import Sample

WARM_UP = 1 / 3
"""The part of the samples that comes before the first that counts."""
_MIB = 2**20


class Series(NamedTuple):
    """One figure of all samples, how much it may grow over all of them, and what one unit is."""

    name: str
    figure: Callable[[Sample], float]
    allowed: float
    unit: float = 1


# What there is none of in a process at rest may not grow at all: less than one, over the whole
# run. Memory that is freed does not all go back to the system, and Python and requests have
# caches: those are bounded, and what is allowed is the same however long the run is.
_SERIES = (
    Series("threads", lambda sample: sample.threads, 0.9),
    Series("descriptors", lambda sample: sample.descriptors, 0.9),
    Series("memory (MiB)", lambda sample: sample.memory, 8 * _MIB, _MIB),
    Series("objects", lambda sample: sample.objects, 200),
    Series("blocks", lambda sample: sample.blocks, 2000),
)
_OF_A_KIND = 0.9


class Growth(NamedTuple):
    """`grown`: the slope over the samples (Theil and Sen: the median of the slopes of each pair,
    which no single sample can bend) times the time between the first and the last."""

    series: Series
    first: float
    last: float
    grown: float

    @property
    def is_too_much(self) -> bool:
        return self.grown > self.series.allowed

    def line(self) -> str:
        first, last, grown, allowed = (
            f"{number / self.series.unit:,.1f}"
            for number in (self.first, self.last, self.grown, self.series.allowed)
        )
        word = "GROWS" if self.is_too_much else "flat"
        return f"{word:5} {self.series.name}: {first} to {last}, {grown} by slope of {allowed}"


def judge(samples: Sequence[Sample]) -> list[Growth]:
    """Of each series, and of each kind of object. Raises `ValueError` for fewer than 4 samples."""
    if len(samples) < 4:
        raise ValueError(f"{len(samples)} samples say nothing: expected 4 or more")
    counted = samples[int(len(samples) * WARM_UP) :]
    return [_growth(series, counted) for series in (*_SERIES, *_kinds(counted))]


def _kinds(samples: Sequence[Sample]) -> Iterator[Series]:
    for name in sorted(set().union(*(sample.kinds for sample in samples))):
        yield Series(name, lambda sample, name=name: sample.kinds[name], _OF_A_KIND)


def _growth(series: Series, samples: Sequence[Sample]) -> Growth:
    figures = [series.figure(sample) for sample in samples]
    times = [sample.seconds for sample in samples]
    slopes = [
        (figures[after] - figures[before]) / (times[after] - times[before])
        for before, after in combinations(range(len(samples)), 2)
    ]
    return Growth(series, figures[0], figures[-1], median(slopes) * (times[-1] - times[0]))
