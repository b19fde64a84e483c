"""`python -m soak --seconds N`: prints a line per sample, and a verdict; status 1 for a bad one."""

from __future__ import annotations

import argparse
import sys
import time

from soak.allocator import give_back
from soak.run import LEAST, Run
from soak.scenes import SCENES
from soak.verdict import WARM_UP, judge

_MOST_TOLD = 20


def main() -> int:
    parser = argparse.ArgumentParser("python -m soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0, help="how long; 1800 without it")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is random")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    give_back()
    run = Run(SCENES, options.seed)
    run.run(options.seconds, lambda line: print(line, flush=True))
    return tell(run)


def tell(run: Run) -> int:
    """Prints the verdict. Returns the status to exit with."""
    for violation in run.violations[:_MOST_TOLD]:
        print(f"VIOLATION {violation}")
    grown = judge(run.samples) if len(run.samples) >= LEAST else []
    for growth in grown:
        if growth.is_too_much or growth.grown or growth.series.unit > 1:
            print(growth.line())
    growing = sum(growth.is_too_much for growth in grown)
    passed = bool(grown) and not run.violations and not growing
    print(
        f"{'passed' if passed else 'FAILED'}: {run.played.total():,} lives of {len(run.played)} "
        f"kinds, {len(run.violations)} violations; {growing} of {len(grown)} series grow (the "
        f"first {WARM_UP:.0%} of {len(run.samples)} samples is warm-up)"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
