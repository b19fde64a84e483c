"""The relay under the web servers that people run it on: how much later a browser reads."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from http.client import HTTPConnection
from importlib.util import find_spec
from statistics import median
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, percentile
from benchmarks.web_server import UVICORN, serving

_EVENTS = 20
_SERVERS = {
    "gunicorn, sync": "gunicorn -b 127.0.0.1:PORT benchmarks.relay_app:wsgi",
    "gunicorn, gthread": "gunicorn -k gthread -b 127.0.0.1:PORT benchmarks.relay_app:wsgi",
    "waitress": "waitress --listen=127.0.0.1:PORT benchmarks.relay_app:wsgi",
    "uvicorn": UVICORN + "benchmarks.relay_app:asgi",
}


def relay(bench: Bench) -> Section:
    path = bench.server.path(stamped=_EVENTS, every=0.01)
    browsers = bench.pick(50, 10, 1)
    rows = []
    for name, command in _SERVERS.items():
        if find_spec(command.split()[0]) is None:
            print(f"left out, since it is not installed: {name}", file=sys.stderr)
            continue
        with serving(command, bench.server.address()) as server:
            _lags(server.port, path)  # what a worker does once, before its first answer
            answers = [_lags(server.port, path) for _ in range(browsers)]
        first = [lags[0] for lags in answers]
        later = [lag for lags in answers for lag in lags[1:]]
        detail = f"p99 of the pieces after it {percentile(later, 99):.2f} ms"
        rows.append(Row(f"{name}: first piece", Pair(median(first), min(first)), 50, " ms", detail))
    return Section("Relay", _TEXT, rows)


def _lags(port: int, path: str) -> list[float]:
    """Milliseconds from the service's write to the browser's read, for each piece of an answer."""
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path)
        return [
            (perf_counter() - float(json.loads(line[6:])["data"])) * 1000
            for line in connection.getresponse()
            if line.startswith(b'data: {"type": "content"')
        ]


_TEXT = """\
Wall time from the service's write to the browser's read of a piece, through `suggestions.relay` on
one worker of each server; "quietest" is the least. The service writes each piece's time into it."""
