"""What a process pays once: importing, opening its first stream, and the memory for both."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from benchmarks.bench import Bench
from benchmarks.clients import OURS
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, Rounds

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_POST = 'requests.post({url!r}, json={{"messages": []}}, stream=True)'
_PROGRAMS = {
    "import suggestions": "import suggestions",
    "import requests": "import requests",
    OURS: """\
from threading import Event
from suggestions import SuggestionsEventSource
opened = Event()
source = SuggestionsEventSource("Who?", url={url!r} + "/chat/completions", dialect="openai",
                                on={{"open": lambda source, event: opened.set()}})
opened.wait()""",
    "requests + blinker + sseclient-py": f"""\
import requests, blinker, sseclient
response = {_POST}""",
    "openai": """\
from openai import OpenAI
stream = OpenAI(base_url={url!r}, api_key="none").chat.completions.create(
    model="m", messages=[{{"role": "user", "content": "Who?"}}], stream=True)""",
    "httpx2": """\
import httpx2
client = httpx2.Client()
stream = client.sse({url!r}, method="POST")
events = stream.__enter__()""",
}
_FRAME = """\
from time import process_time
begun = process_time()
{program}
print(process_time() - begun, flush=True)
input()
"""


def startup(bench: Bench) -> Section:
    # Each program in a fresh process, which stops right after what is measured.
    url = bench.server.url(events=12, every=0.2)
    for program in _PROGRAMS.values():
        _start(program, url)  # leaves the bytecode there, as an installation does
    rounds = Rounds(
        [
            {name: _start(program, url) for name, program in _PROGRAMS.items()}
            for _ in range(bench.pick(15, 5, 1))
        ],
        cost=lambda figures: figures[0],
    )
    apart = "requests + blinker + sseclient-py"

    def figures(name: str) -> str:
        return f"{rounds.figure(lambda one: one[name][0]).median:.1f} ms"

    rows = [
        Row(
            "import suggestions to import requests",
            rounds.figure(lambda one: one["import suggestions"][0] / one["import requests"][0]),
            0.2,
            detail=f"{figures('import suggestions')} to {figures('import requests')}",
        ),
        Row(
            f"first stream open, over {apart}",
            rounds.figure(lambda one: one[OURS][0] - one[apart][0]),
            8,
            " ms",
            detail=f"{figures(OURS)} to {figures(apart)}",
        ),
        Row(
            "memory to openai",
            rounds.figure(lambda one: one[OURS][1] / one["openai"][1]),
            0.5,
        ),
    ]
    rows += [
        Row(
            f"memory with a stream open: {name}",
            Pair(rounds.figure(lambda one, name=name: one[name][1]).median),  # type: ignore[misc]
            unit=" MiB",
            detail=f"{figures(name)} of CPU to import and open",
        )
        for name in list(_PROGRAMS)[2:]
    ]
    return Section("Startup", _TEXT, rows)


def _start(program: str, url: str) -> tuple[float, float]:
    """CPU milliseconds and resident MiB."""
    code = _FRAME.format(program=program.format(url=url))
    kept = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=kept,
    ) as process:
        assert process.stdout is not None
        seconds = float(process.stdout.readline())
        memory = psutil.Process(process.pid).memory_info().rss
        process.communicate("\n")
    return seconds * 1000, memory / 2**20


_TEXT = """\
CPU time (an import whose files are in the cache waits for nothing) and resident memory, in a
fresh process each. "First stream open" is from the start of the program to the accepted request,
in both programs; the difference is what the library adds to what it is built of."""
