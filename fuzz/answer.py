"""A whole answer on the real way, from the response to the handlers, by the event contract.

Input: the dialect and the media type with a blank between, a line end, the body.
"""

from __future__ import annotations

import random
import zlib

from contract import Record
from outcomes import Outcome, outcome
from standard import cut_at

from suggestions.dialects import NAMES


def check(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    dialect, _, media_type = head.decode("latin-1").partition(" ")
    if dialect not in NAMES or not media_type.isprintable():
        return
    chance = random.Random(zlib.crc32(data))  # an input always does the same
    cut = cut_at(body, [chance.randrange(len(body) + 1) for _ in range(chance.randint(1, 6))])
    # Each is held against the contract on the way.
    first, second = Record(), Record()
    whole = _without_ids(outcome(dialect, body, content_type=media_type, record=first))
    in_parts = outcome(dialect, *cut, content_type=media_type, record=second)
    assert _without_ids(in_parts) == whole, cut
    assert first.by_name["handler_error"] == second.by_name["handler_error"] == []


def _without_ids(found: Outcome) -> Outcome:
    """Without those of its calls: a call gets a new one each time if the service sends none."""
    return found._replace(calls=tuple(call._replace(id="") for call in found.calls))
