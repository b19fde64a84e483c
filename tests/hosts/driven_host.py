"""Runs a real host whose driver uses `answer_in_host`, and checks what the service saw."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from real_host import HOSTS, environment, run, vendor
from service import Service
from waiting import eventually

HERE = Path(__file__).parent
OURS = f"{HOSTS.parents[1]}:{HERE}"
"""For a host that runs in this Python: the path of the library and of `answer_in_host`."""


class _Answers(Service):
    """Notes when each client hung up."""

    def __init__(self) -> None:
        super().__init__(1_000_000, pace=0.002)
        self.hung_up_at: list[float] = []

    def _answer(self, peer: Any) -> None:
        try:
            super()._answer(peer)
        finally:
            self.hung_up_at.append(time.monotonic())


def bring_along(folder: Path) -> None:
    """The library, and what drives the host."""
    vendor(folder)
    shutil.copy(HERE / "answer_in_host.py", folder)


def answers(command: list[str], home: Path, *known: str, **more: str) -> list[str]:
    """Two answers, one of which is stopped: the service has seen that before the host quits.

    Returns what else the driver wrote. `known` lines of stderr are as for `run`; `more` is for the
    environment.
    """
    log = home / "log"
    with _Answers() as service:
        env = environment(home, service.url, HOST_LOG=str(log), AI_MODEL_NAME="any", **more)
        printed = run(command, env, *known)
        assert eventually(service.has_seen_all_hang_up)
    lines = log.read_text("utf-8").splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["stop", "used"], (lines, printed)
    assert service.asked == 2
    began, returned = (float(each) for each in lines[0].split()[1:])
    seen, used = service.hung_up_at[0], float(lines[1].split()[1])
    print(f"stop: {(returned - began) * 1e3:.1f} ms, seen after {(seen - began) * 1e3:.1f} ms")
    assert seen < used  # and not only when the host had ended
    return lines[2:]
