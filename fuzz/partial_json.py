"""The reader of a JSON text that is still being written: it takes any text, cut anywhere, and the
whole of an object is what `json` reads.

Input: the text, in UTF-8.
"""

from __future__ import annotations

import json

from suggestions._util.partial_json import JSONSoFar, best_object

_SLICES = 40
_DEEPEST = 200  # what is deeper is left out


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    so_far = JSONSoFar()
    step = len(text) // _SLICES + 1
    for start in range(0, len(text), step):
        so_far.feed(text[start : start + step])
        cut, read = so_far.cut, text[: start + step]
        best = best_object(read)
        assert isinstance(best, (dict, list, type(None)))
        assert repr(cut and cut.value_in(read)) == repr(best), "it depends on the pieces"
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(whole, (dict, list)) and _depth(text) < _DEEPEST:
        assert repr(best_object(text)) == repr(whole)


def _depth(text: str) -> int:
    """At least as many as there are objects and arrays within each other."""
    return text.count("{") + text.count("[")
