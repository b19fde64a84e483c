"""The frame formats that a relay can send, one file a format.

To add one:

1. A file in this folder with a class that has the members of `Frames` (`protocol.py`) and is made
   as `Format(source, wording, events)`. `optional` are the events besides the text that it can
   send, `by_default` those of them that it sends if the program names none; with a method
   `asked_for(parameters)` the parameters of the request decide. `headers`, if it has any, go into
   the response.
2. Its name in `FramesName` and a case in `_format`, both below.
3. A line about it in the docstring of `relay` (`asking.py`, arguments `frames` and `events`) and in
   `docs/relay.md`.

A dialect, which may have the same name, reads it: a file in `suggestions/dialects/`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

from ..ag_ui_input import AgUiRun
from .protocol import ENDINGS, AnswerFacts, Frames, Wording

__all__ = ["ENDINGS", "Frames", "FramesName", "Wording", "headers_of", "make_frames"]

FramesName = Literal["relay", "openai", "ui", "ag-ui"]


def make_frames(
    name: FramesName | AgUiRun,
    source: AnswerFacts,
    wording: Wording,
    events: Collection[str] | None,
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> Frames:
    """The format of that name, for one answer. `events` are those that are sent besides the text;
    None for the format's own, on which the `parameters` of the request may have a say. Raises
    `TypeError`, `ValueError` for a wrong argument."""
    ids = {}
    if isinstance(name, AgUiRun):
        ids, name = {"thread_id": name.thread_id, "run_id": name.run_id}, "ag-ui"
    kind = _format(name)
    if events is None and hasattr(kind, "asked_for"):
        events = kind.asked_for(parameters)
    if events is None:
        events = kind.by_default
    if isinstance(events, str) or not isinstance(events, Collection):
        raise TypeError(f"events must be a list of names, not {type(events).__name__}")
    for event in events:
        if event not in kind.optional:
            known = ", ".join(kind.optional)
            raise ValueError(f"events has {event!r}: with frames={name!r}, expected any of {known}")
    made: Frames = kind(source, wording, events, **ids)
    return made


def headers_of(name: FramesName | AgUiRun) -> Mapping[str, str]:
    """The headers of a response in that format, besides those of all. Raises `ValueError`."""
    kind = _format("ag-ui" if isinstance(name, AgUiRun) else name)
    headers: Mapping[str, str] = getattr(kind, "headers", {})
    return headers


def _format(name: str) -> Any:
    # Written out, because PyInstaller and its like do not find an import with a computed name.
    match name:
        case "relay":
            from .relay import RelayFrames

            return RelayFrames
        case "openai":
            from .openai import OpenAIFrames

            return OpenAIFrames
        case "ui":
            from .ui import UIFrames

            return UIFrames
        case "ag-ui":
            from .ag_ui import AgUiFrames

            return AgUiFrames
    known = " or ".join(map(repr, get_args(FramesName)))
    raise ValueError(f"frames is {name!r}: expected {known}")
