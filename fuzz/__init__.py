"""Fuzzing: hostile bytes against what must hold for any bytes. `make fuzz` runs it.

Each target is a function that takes bytes and raises `AssertionError` where something does not
hold. `corpus/` has a folder of inputs for each; `tests/project/test_fuzz.py` replays
them all, without the fuzzer.
"""

import sys
from pathlib import Path

# The scripted service, the check of the contract and the standard's algorithm are the tests' own.
sys.path.append(str(Path(__file__).parent.parent / "tests" / "helpers"))
