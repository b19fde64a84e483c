"""The frame formats that a relay can send, one file a format.

To add one:

1. A file in this folder with a class that has the two members of `Frames` (`protocol.py`) and is
   made as `Format(source, wording)`.
2. A line in `_CLASSES` and the name in `FramesName`, both below.
3. A line about it in the docstring of `relay` (`asking.py`, argument `frames`) and in
   `docs/relay.md`.

A dialect, which may have the same name, reads it: a file in `suggestions/dialects/`.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.relay.frames.protocol import ENDINGS, Frames, Wording

__all__ = ["ENDINGS", "Frames", "FramesName", "Wording", "make_frames"]

FramesName = Literal["relay", "openai"]

_CLASSES: dict[FramesName, str] = {"relay": "RelayFrames", "openai": "OpenAIFrames"}
"""By the name of a format, which is that of its file; only the file that is asked for is read."""


def make_frames(name: FramesName, source: SuggestionsEventSource, wording: Wording) -> Frames:
    """The format of that name, for one answer. Raises `ValueError` if there is none."""
    if not isinstance(name, str) or name not in _CLASSES:
        known = " or ".join(map(repr, _CLASSES))
        raise ValueError(f"frames is {name!r}: expected {known}")
    module: Any = importlib.import_module(f"suggestions.relay.frames.{name}")
    frames: Frames = getattr(module, _CLASSES[name])(source, wording)
    return frames
