"""The targets by name, which is also that of the folder of inputs in `corpus/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fuzz import answer, decode, event_stream, partial_json
from suggestions.dialects import NAMES

CORPUS = Path(__file__).parent / "corpus"

SHARES = {"event_stream": 4, "answer": 4}
"""Of the time, where it is not 1: for the slow ones."""

TARGETS: dict[str, Callable[[bytes], None]] = {
    "event_stream": event_stream.check,
    **{f"decode_{name}": decode.checker(name) for name in NAMES},
    "answer": answer.check,
    "partial_json": partial_json.check,
}
