"""Cuts text into tokens, about as a real tokenizer does, and times them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

# In this order: ideographs and whatever lies beyond them (emoji), two at a time at most; a word or
# a run of signs with the space before it; line ends; any other space. Together they match anything.
_PIECE = re.compile(r"[\u2e80-\U0010ffff]{1,2}| ?[^\W\u2e80-\U0010ffff]+| ?[^\w\s]+|\n+|\s")
_LONGEST_WHOLE_WORD = 7

# Like a real model: a pause for thought, then uneven steps whose mean is 1.
_FIRST_PAUSE = 6.0
_STEPS = (0.6, 1.3, 0.8, 1.1, 0.4, 1.8)


def tokenize(text: str) -> tuple[str, ...]:
    """The tokens of `text`; joined they are exactly `text`."""
    return tuple(token for piece in _PIECE.findall(text) for token in _cut_in_two(piece))


def _cut_in_two(piece: str) -> tuple[str, ...]:
    if len(piece.strip()) <= _LONGEST_WHOLE_WORD:
        return (piece,)
    middle = (len(piece) + 1) // 2
    return piece[:middle], piece[middle:]


def pauses(pace: float) -> Iterator[float]:
    """The seconds to wait before each token, without end; `pace` is their mean in seconds."""
    yield pace * _FIRST_PAUSE
    for step in itertools.cycle(_STEPS):
        yield pace * step
