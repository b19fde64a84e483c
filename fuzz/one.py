"""`python -m fuzz.one TARGET SECONDS FOLDER`: fuzzes one target in a process of its own.

libFuzzer ends the process itself. What it finds new lies in FOLDER, after `crash-` if it is
an input that breaks something.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

# What is imported in here is watched; the rest of the harness only calls it.
with atheris.instrument_imports(include=["suggestions", "sseclient"], enable_loader_override=False):
    from fuzz.targets import CORPUS, TARGETS

from fuzz.mutate import mutate

_LONGEST_INPUT = 1024  # bytes
_LONGEST_RUN = 10  # seconds for one input; more is a hang
_MOST_MEMORY = 1024  # MiB


def main() -> None:
    name, seconds, folder = sys.argv[1:]
    found = Path(folder, "found")
    found.mkdir(parents=True, exist_ok=True)
    arguments = [
        *(sys.argv[0], str(found), str(CORPUS / name)),
        *(f"-max_total_time={seconds}", f"-artifact_prefix={folder}/"),
        *(f"-max_len={_LONGEST_INPUT}", f"-timeout={_LONGEST_RUN}"),
        *(f"-rss_limit_mb={_MOST_MEMORY}", f"-dict={Path(__file__).with_name('words.dict')}"),
        *("-print_final_stats=1", "-verbosity=1"),
    ]

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        return mutate(data, max_size, seed, atheris.Mutate)

    atheris.Setup(arguments, TARGETS[name], custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
