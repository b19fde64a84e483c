"""A number within the bounds of a JSON schema."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def number_within(schema: Mapping[str, object], said: float, *, whole: bool) -> float:
    """`said` if it is within the bounds of `schema`, or else a number that is.

    Raises `ValueError` if there is none, or a bound is not a number.
    """
    bounds = {name: _number(schema[name], name) for name in _BOUNDS if name in schema}
    try:
        return next(
            number
            for number in _candidates(bounds, said, whole=whole)
            if _fits(number, bounds) and not (whole and number % 1)
        )
    except (StopIteration, ArithmeticError, ValueError):
        raise ValueError(f"no number is within {bounds}"[:200]) from None


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
        raise ValueError(f"'{name}' is not of type 'number'")
    return value


def _candidates(bounds: Mapping[str, float], said: float, *, whole: bool) -> Iterator[float]:
    """What is said, each bound and the numbers beside it, and the middle between them."""
    lows = [bounds[name] for name in ("minimum", "exclusiveMinimum") if name in bounds]
    highs = [bounds[name] for name in ("maximum", "exclusiveMaximum") if name in bounds]
    low, high = max(lows, default=None), min(highs, default=None)
    near = [said]
    near += [] if low is None else [low, low + 1]
    near += [] if high is None else [high, high - 1]
    near += [] if low is None or high is None else [(low + high) / 2]
    step = bounds.get("multipleOf") or (1 if whole else None)
    for number in near:
        if step is None:
            yield number
        else:
            yield from (math.floor(number / step) * step, math.ceil(number / step) * step)


def _fits(number: float, bounds: Mapping[str, float]) -> bool:
    return (
        number >= bounds.get("minimum", number)
        and number <= bounds.get("maximum", number)
        and ("exclusiveMinimum" not in bounds or number > bounds["exclusiveMinimum"])
        and ("exclusiveMaximum" not in bounds or number < bounds["exclusiveMaximum"])
    )
