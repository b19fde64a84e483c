"""Plays scenes on many threads, round after round, and takes a sample at rest after each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random

from soak import sample
from soak.alarm import alarmed
from soak.record import Violation
from soak.sample import Sample
from soak.scenes import Scene
from soak.service import Service

WORKERS = 24
ROUNDS = 24
"""In which the time is divided; a sample after each."""
LEAST = 6
"""Samples, also where the machine is so busy that they take longer than the time."""
_LONGEST_ROUND = 30.0  # seconds
_TO_REST = 20.0  # seconds; an error without a handler is logged after one


class Run:
    """`violations` is what was not as it must be, `samples` what there was at rest."""

    def __init__(self, scenes: Mapping[Scene, float], seed: int) -> None:
        self._scenes = list(scenes)
        self._weights = list(scenes.values())
        self._random = Random(seed)
        self._lock = threading.Lock()
        self.played: Counter[str] = Counter()
        self.violations: list[str] = []
        self.samples: list[Sample] = []

    def run(self, seconds: float, tell: Callable[[str], object] = print) -> None:
        """Plays each scene, then any of them for so long. `tell` is given a line per sample."""
        length = min(seconds / ROUNDS, _LONGEST_ROUND)
        with Service() as service, alarmed(self._note):
            for scene in self._scenes:
                self._play(service, scene, self._random)
            self._come_to_rest()
            began = time.monotonic()
            while not self.violations and (
                time.monotonic() < began + seconds or len(self.samples) < LEAST
            ):
                self._round(service, length)
                self._come_to_rest()
                self.samples.append(sample.take(time.monotonic() - began, self.played.total()))
                tell(self.samples[-1].line())

    def _round(self, service: Service, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(WORKERS, "worker") as workers:
            for _ in range(WORKERS):
                workers.submit(self._work, service, deadline, Random(self._random.random()))

    def _work(self, service: Service, deadline: float, random: Random) -> None:
        while time.monotonic() < deadline:
            [scene] = random.choices(self._scenes, self._weights)
            self._play(service, scene, random)

    def _play(self, service: Service, scene: Scene, random: Random) -> None:
        name = f"{scene.__module__.rpartition('.')[2]}.{scene.__name__}"
        with self._lock:
            self.played[name] += 1
        try:
            scene(service, random)
        except Violation as violation:
            self._note(f"{name}: {violation}")
        except Exception as error:
            self._note(f"{name}: {error!r}")

    def _come_to_rest(self) -> None:
        """Until no source has a thread any more."""
        deadline = time.monotonic() + _TO_REST
        while busy := _threads():
            if time.monotonic() > deadline:
                self._note(f"no rest within {_TO_REST:g} s: {busy}")
                return
            time.sleep(0.01)

    def _note(self, words: str) -> None:
        with self._lock:
            self.violations.append(words)


def _threads() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith("suggestions-")]
