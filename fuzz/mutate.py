"""Changes an input: bytes as libFuzzer does, or a value in one of its lines of JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Mutate = Callable[[bytes, int], bytes]

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 10**30, "", "text", "error", "\ud800", "JETPACK_AI_ERROR"),
    *([], [None], {}, {"error": "text"}, {"error": {"code": 429}}, {"code": "x", "message": "y"}),
)


def mutate(data: bytes, max_size: int, seed: int, otherwise: Mutate) -> bytes:
    """`otherwise` changes the bytes, in half of the cases and where there is no JSON."""
    chance = random.Random(seed)
    lines = data.split(b"\n")
    number = chance.randrange(len(lines))
    before, brace, rest = lines[number].partition(b"{")
    if brace and chance.random() < 0.5:
        try:
            value = json.loads(brace + rest)
            place = chance.choice(list(_places(value)))
            _change(place, chance)
            lines[number] = before + json.dumps(value).encode()
        except (ValueError, RecursionError, IndexError):
            return otherwise(data, max_size)
        return b"\n".join(lines)[:max_size]
    return otherwise(data, max_size)


_Place = tuple[Any, Any]
"""A container, and a key or an index in it."""


def _places(value: Any) -> Iterator[_Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in inner:
        yield value, key
        if isinstance(child, (dict, list)):
            yield from _places(child)


def _change(place: _Place, chance: random.Random) -> None:
    container, key = place
    kind = chance.randrange(4)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = [container[key]]
    else:
        container[key] = chance.choice(_VALUES)
