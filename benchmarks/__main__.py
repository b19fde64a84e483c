"""`python -m benchmarks [--quick] [workload …]`: runs them, prints the tables, writes the results.

Only a full run of all of them is written to `RESULTS.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
from time import monotonic

from benchmarks import report
from benchmarks.bench import Bench, Size
from benchmarks.clients import CLIENTS, installed
from benchmarks.server import Server
from benchmarks.workloads import WORKLOADS


def main() -> None:
    options = _options()
    for name in CLIENTS.keys() - installed():
        print(f"left out, since it is not installed: {name}", file=sys.stderr)
    size: Size = "smoke" if options.smoke else "quick" if options.quick else "full"
    is_whole = size == "full" and not options.workloads
    if is_whole:
        from benchmarks.plot import draw  # now: what is missing is reported before the long run
    started, load = monotonic(), os.getloadavg()[0]
    sections = []
    with Server() as server:
        for name in options.workloads or WORKLOADS:
            begun = monotonic()
            section = WORKLOADS[name](Bench(server, size))
            print(report.as_text(section), flush=True)
            print(f"({monotonic() - begun:.0f} s)", flush=True)
            sections.append(section)
    if is_whole:
        draw(sections, report.PLOT)
        seconds, busy = monotonic() - started, (load, os.getloadavg()[0])
        report.RESULTS.write_text(
            report.as_markdown(sections, seconds=seconds, busy=busy), encoding="utf-8"
        )
        print(f"\nwritten: {report.RESULTS}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", help=f"any of: {', '.join(WORKLOADS)}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a third of the time, rougher figures")
    size.add_argument("--smoke", action="store_true", help="only to see that it runs")
    options = parser.parse_args()
    unknown = set(options.workloads) - WORKLOADS.keys()
    if unknown:
        parser.error(f"not known: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
