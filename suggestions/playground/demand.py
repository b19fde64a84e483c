"""What a request demands of the playground itself: its pace, and a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import current_app, request

from .failures import FAILURES, Failure, find
from .faults import Fault, Refused

_LONGEST_PACE = 60.0  # seconds
_AFTER = "3"  # tokens


@dataclass(frozen=True)
class Demand:
    """`pace` in seconds between two tokens, and the failure with the tokens to tell before it."""

    pace: float
    failure: Failure
    after: int


def demanded() -> Demand:
    """What the current request demands; raises `Refused` for what it cannot have."""
    name = request.args.get("fail") or request.headers.get("X-Playground-Fail")
    failure = find(name) if name else Failure("Nothing fails.")
    if failure is None:
        known = ", ".join(FAILURES)
        raise _unknown("fail", f"expected any status from 201 to 599, or one of {known}")
    after = request.args.get("after", _AFTER)
    if not re.fullmatch("[0-9]{1,9}", after):
        raise _unknown("after", "expected a number of tokens")
    return Demand(_pace(), failure, int(after))


def _pace() -> float:
    given = request.args.get("pace")
    if given is None:
        return float(current_app.config["PLAYGROUND_PACE"])
    try:
        pace = float(given)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= _LONGEST_PACE:
        raise _unknown("pace", f"expected seconds from 0 to {_LONGEST_PACE:g}")
    return pace


def _unknown(parameter: str, expected: str) -> Refused:
    message = f"Invalid value for the query parameter '{parameter}': {expected}."
    return Refused(Fault(400, message, "invalid_value", param=parameter))
