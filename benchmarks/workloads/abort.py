"""`close()` in every phase of a request: how soon the server sees it, how long it takes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from time import perf_counter, sleep
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import QUESTION
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, percentile
from benchmarks.server import Server

_LONG = "x" * 8 * 2**20
"""A question that does not fit into the buffers between here and a server that reads slowly."""
_PATIENCE = 5


class _Trial:
    """One request that is closed at a random moment of its phase. All times in milliseconds."""

    def __init__(self, server: Server, scheme: str, phase: str, random: Random) -> None:
        from suggestions import SuggestionsEventSource

        url, question = self._job(server, scheme, phase)
        ended: list[float] = []
        over = threading.Event()

        def end(source: Any, event: Any) -> None:
            ended.append(perf_counter())
            over.set()

        source = SuggestionsEventSource(
            question, url=url, dialect="openai", session=_session(server), on={"end": end}
        )
        if phase not in ("resolving", "connecting"):
            reached = server.told()["reached"]
            assert reached == phase, f"the server is in {reached}, not in {phase}"
        sleep(random.uniform(0.001, 0.005))
        begun = perf_counter()
        source.close()
        self.close = (perf_counter() - begun) * 1000
        self.seen: float | None = None
        if phase not in ("resolving", "connecting"):
            self.seen = (server.told()["gone"] - begun) * 1000
        over.wait(_PATIENCE)
        if source.state != "aborted" or not ended:
            raise RuntimeError(f"{phase}: {source!r} has not ended by close()")
        self.end = (ended[0] - begun) * 1000

    def _job(self, server: Server, scheme: str, phase: str) -> tuple[str, str]:
        if phase == "sending":
            return server.url(scheme, f"slow-{scheme}", events=1), _LONG
        port = {"resolving": "full", "connecting": "full", "handshake": "silent"}.get(phase)
        return server.url(scheme, port, hold=phase), QUESTION


def _session(server: Server) -> Any:
    import requests

    session = requests.Session()
    session.verify = server.authority
    return session


@contextmanager
def _slow_resolver() -> Iterator[None]:
    """Looking up a name blocks inside of the system, where no thread can be woken."""
    quick = socket.getaddrinfo

    def slow(*arguments: Any) -> Any:
        sleep(0.02)
        return quick(*arguments)

    socket.getaddrinfo = slow  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = quick


_PHASES = {
    "http": ("resolving", "connecting", "sending", "headers", "silence", "flow"),
    "https": ("resolving", "connecting", "handshake", "sending", "headers", "silence", "flow"),
}


def abort(bench: Bench) -> Section:
    random = Random(1)
    count = bench.pick(100, 20, 2)
    rows = []
    for scheme, phases in _PHASES.items():
        trials: dict[str, list[_Trial]] = {phase: [] for phase in phases}
        for _ in range(count):
            for phase in phases:
                trials[phase].append(_trial(bench.server, scheme, phase, random))
        for phase, done in trials.items():
            rows += _rows(f"{scheme}, {phase}", done)
            rows += _figures(f"{scheme}, {phase}: close()", [t.close for t in done], None, None)
        closes = [trial.close for done in trials.values() for trial in done]
        rows += _figures(f"{scheme}, all phases: close() itself", closes, None, 5)
    return Section("Abort", _TEXT, rows)


def _trial(server: Server, scheme: str, phase: str, random: Random) -> _Trial:
    if phase == "resolving":
        with _slow_resolver():
            return _Trial(server, scheme, phase, random)
    return _Trial(server, scheme, phase, random)


def _rows(title: str, trials: list[_Trial]) -> list[Row]:
    seen = [trial.seen for trial in trials if trial.seen is not None]
    if seen:
        return _figures(f"{title}: until the server sees it", seen, 1, 10)
    return _figures(
        f"{title}: until `end` is received", [trial.end for trial in trials], None, None
    )


def _figures(title: str, values: list[float], p50: float | None, p99: float | None) -> list[Row]:
    return [
        Row(f"{title}, p50", Pair(percentile(values, 50)), p50, " ms"),
        Row(
            f"{title}, p99",
            Pair(percentile(values, 99)),
            p99,
            " ms",
            detail=f"{len(values)} aborts, the slowest {max(values):.2f} ms",
        ),
    ]


_TEXT = """\
Milliseconds from the call of `close()` to the moment in which the server's `recv()` reports the
end, on one clock. A name that is being looked up and a connection that is not answered have no
server to see it; there, it is the time until the handlers have got `end`. In "sending", the
server reads slowly and first has to read what is in the buffers."""
