"""`python -m fuzz [--seconds N] [target …]`: fuzzes each target for its part of N seconds.

Ends with status 1 where something was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic

from fuzz.targets import CORPUS, SHARES, TARGETS

_WORK = Path(".fuzz")


def main() -> None:
    options = _options()
    if importlib.util.find_spec("atheris") is None:
        sys.exit(
            "error: fuzzing needs atheris, which has wheels for Linux on x86-64 alone;\n"
            "tests/project/test_fuzz.py replays the corpus without it"
        )
    names = options.targets or list(TARGETS)
    one = options.seconds / sum(SHARES.get(name, 1) for name in names)
    failed = [name for name in names if not _fuzz(name, round(one * SHARES.get(name, 1)) or 1)]
    if failed:
        sys.exit(f"found something in: {', '.join(failed)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=300, help="for all together (default 300)")
    options = parser.parse_args()
    for name in options.targets:
        if name not in TARGETS:
            parser.error(f"there is no target {name!r}: expected one of {', '.join(TARGETS)}")
    return options


def _fuzz(name: str, seconds: int) -> bool:
    """Whether nothing was found."""
    folder = _WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    began = monotonic()
    with log.open("w") as file:
        command = [sys.executable, "-m", "fuzz.one", name, str(seconds), str(folder)]
        status = subprocess.run(command, stdout=file, stderr=file, check=False).returncode
    said = log.read_text(errors="replace")
    runs = int(_last(r"number_of_executed_units: (\d+)", said) or 0)
    print(f"{name}: {runs} runs, {runs / (monotonic() - began):.0f} a second", flush=True)
    if status == 0 and runs:
        return True
    print(said[-4000:])
    written = _last(r"Test unit written to (\S+)", said)
    if written:
        print(f"The input is {written}. Copied to {CORPUS / name}, it is replayed by make test.")
    return False


def _last(pattern: str, text: str) -> str | None:
    return next(iter(re.findall(pattern, text)[-1:]), None)


if __name__ == "__main__":
    main()
