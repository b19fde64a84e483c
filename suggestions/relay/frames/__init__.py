"""The frame formats that a relay can send, one file a format.

To add one:

1. A file in this folder with a class that has the two members of `Frames` (`protocol.py`) and is
   made as `Format(source, wording)`.
2. Its name in `FramesName` and a case in `make_frames`, both below.
3. A line about it in the docstring of `relay` (`asking.py`, argument `frames`) and in
   `docs/relay.md`.

A dialect, which may have the same name, reads it: a file in `suggestions/dialects/`.
"""

from __future__ import annotations

from typing import Literal, get_args

from ..._sources.suggestions_event_source import SuggestionsEventSource
from .protocol import ENDINGS, Frames, Wording

__all__ = ["ENDINGS", "Frames", "FramesName", "Wording", "make_frames"]

FramesName = Literal["relay", "openai"]


def make_frames(name: FramesName, source: SuggestionsEventSource, wording: Wording) -> Frames:
    """The format of that name, for one answer. Raises `ValueError` if there is none."""
    # Written out, because a program that freezes another one finds no import with a computed name.
    match name:
        case "relay":
            from .relay import RelayFrames

            return RelayFrames(source, wording)
        case "openai":
            from .openai import OpenAIFrames

            return OpenAIFrames(source, wording)
    known = " or ".join(map(repr, get_args(FramesName)))
    raise ValueError(f"frames is {name!r}: expected {known}")
