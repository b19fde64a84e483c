"""The soak runs, and its verdict can fail: all that is left is found.

How much is played in these seconds says little; `make soak` takes half an hour.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from soak import run as soak_run
from soak.__main__ import tell
from soak.allocator import give_back
from soak.record import Record, Violation, ask
from soak.run import Run
from soak.sample import Sample
from soak.scenes import answers
from soak.service import Service
from soak.verdict import Growth, judge

SECONDS = 1.0


def test_the_soak_runs() -> None:
    # A measurement of coverage would grow.
    unmeasured = {name: text for name, text in os.environ.items() if "COVERAGE" not in name}
    process = subprocess.run(
        [sys.executable, "-m", "soak", "--seconds", "5"],
        cwd=Path(__file__).parents[2],
        env=unmeasured,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert process.stdout.splitlines()[-1].startswith("passed: ")
    assert process.stdout.count(" lives ") > soak_run.LEAST


# What is planted is found


class Plant:
    """A scene that leaves something, up to the end of the test."""

    def __init__(self, kept: ExitStack) -> None:
        self._kept = kept
        self._memory: list[bytes] = []

    def thread(self, service: Service, random: Random) -> None:
        over = threading.Event()
        thread = threading.Thread(target=over.wait, daemon=True)
        thread.start()
        self._kept.callback(thread.join)
        self._kept.callback(over.set)

    def descriptor(self, service: Service, random: Random) -> None:
        self._kept.callback(os.close, os.open(os.devnull, os.O_RDONLY))

    def source(self, service: Service, random: Random) -> None:
        self._kept.callback(ask(service, "answer", start=False).close)

    def memory(self, service: Service, random: Random) -> None:
        self._memory.append(b"x" * 2**22)


@pytest.fixture
def plant() -> Iterator[Plant]:
    with ExitStack() as kept:
        yield Plant(kept)


@pytest.fixture
def _few_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    give_back()  # what earlier tests have freed would take in what is planted
    monkeypatch.setattr(soak_run, "WORKERS", 2)
    gc.collect()
    gc.freeze()  # each sample looks at all objects, and other tests of this process have left many


def played(*scenes: Callable[[Service, Random], None]) -> Run:
    def slowly(service: Service, random: Random) -> None:
        for scene in scenes:
            scene(service, random)
        time.sleep(0.02)

    run = Run({slowly: 1.0}, seed=1)
    run.run(SECONDS, lambda line: None)
    return run


def growing(run: Run) -> list[str]:
    return [growth.series.name for growth in judge(run.samples) if growth.is_too_much]


@pytest.mark.usefixtures("_few_workers")
@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("thread", "threads"),
        ("descriptor", "descriptors"),
        ("source", "suggestions.SuggestionsEventSource"),
        ("memory", "memory (MiB)"),
    ],
)
def test_what_is_left_behind_is_found(
    capsys: pytest.CaptureFixture[str], plant: Plant, kind: str, series: str
) -> None:
    run = played(answers.received, getattr(plant, kind))
    assert run.violations == []
    assert series in growing(run)
    assert tell(run) == 1
    told = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"GROWS {series}: ") for line in told)
    assert told[-1].startswith("FAILED: ")


@pytest.mark.usefixtures("_few_workers")
def test_what_leaves_nothing_behind_does_not_grow() -> None:
    run = played(answers.received)
    assert run.violations == []
    grown = growing(run)
    assert not {"threads", "descriptors"}.intersection(grown)
    assert not [name for name in grown if name.startswith("suggestions.")]


# What is not as it must be is a violation


def wrong(service: Service, random: Random) -> None:
    raise Violation("two terminal events")


def broken(service: Service, random: Random) -> None:
    raise KeyError("a scene of ours fails")


def dying_thread(service: Service, random: Random) -> None:
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()


def handler_of_a_bug(service: Service, random: Random) -> None:
    source = ask(service, "answer", on={"done": lambda source, event: 1 // 0})
    source.wait()


def thread_for_ever(service: Service, random: Random) -> None:
    threading.Thread(target=time.sleep, args=(2.0,), name="suggestions-x", daemon=True).start()


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (wrong, "two terminal events"),
        (broken, "a scene of ours fails"),
        (dying_thread, "a thread ended with ZeroDivisionError"),
        (handler_of_a_bug, "a handler of 'done' raised"),
        (thread_for_ever, "no rest within 0.1 s: ['suggestions-x'"),
    ],
)
def test_a_violation_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scene: Callable[[Service, Random], None],
    words: str,
) -> None:
    monkeypatch.setattr(soak_run, "_TO_REST", 0.1)
    run = Run({scene: 1.0}, seed=1)
    run.run(60.0, lambda line: None)
    assert words in run.violations[0]
    assert tell(run) == 1
    assert "VIOLATION" in capsys.readouterr().out


@pytest.mark.parametrize(
    "told",
    [
        [("chunk", "a")],
        [("chunk", "a"), ("suggestion", "a"), ("done", "a"), ("abort", "a"), ("end", None)],
        [("chunk", "a"), ("suggestion", "a"), ("done", "a"), ("end", None), ("end", None)],
        [("chunk", "a"), ("suggestion", "a"), ("done", "ab"), ("end", None)],
        [("chunk", "a"), ("suggestion", ""), ("done", "a"), ("end", None)],
        [("chunk", "b"), ("suggestion", "b"), ("abort", "a"), ("end", None)],
        [("chunk", "a"), ("error", None), ("end", None)],
    ],
)
def test_a_record_against_the_contract_is_a_violation(told: list[tuple[str, object]]) -> None:
    record = Record()
    record.told.extend(told)
    with pytest.raises(Violation):
        record.check("a")


# The slope


def samples(*threads: int) -> list[Sample]:
    return [
        Sample(float(place), place, count, 8, 0, 0, 0, Counter())
        for place, count in enumerate(threads)
    ]


def growth_of(*threads: int) -> Growth:
    return next(growth for growth in judge(samples(*threads)) if growth.series.name == "threads")


@pytest.mark.parametrize(
    ("threads", "grows"),
    [
        ([1] * 12, False),
        ([1, 2, 3, 4, *[5] * 8], False),  # within the warm-up
        ([1] * 11 + [9], False),  # one sample says nothing
        ([1, 1, 1, 1, 9, 1, 1, 9, 1, 1, 1, 1], False),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], False),
        (list(range(12)), True),
        ([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3], True),  # slow, but always up
        ([0, 1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11], True),  # one sample hides nothing
    ],
)
def test_what_grows_is_judged_over_all_samples(threads: list[int], grows: bool) -> None:
    assert growth_of(*threads).is_too_much is grows


def test_few_samples_say_nothing() -> None:
    with pytest.raises(ValueError, match="expected 4 or more"):
        judge(samples(1, 1, 1))
