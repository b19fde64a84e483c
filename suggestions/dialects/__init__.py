"""Dialects: one file a wire format. A dialect makes the request and decodes the response.

To add a dialect, touch:

1. `dialects/NAME.py`: the class, with `name = "NAME"`.
2. `dialects/by_name.py`: its name in `NAMES`, and a case.
3. `dialects/auto.py`, only if the dialect "auto" is to recognise its answers.
4. `docs/dialects.md`: a row, and a section `## NAME`; `docs/reference/dialects.md`: its `:::` line;
   `README.md`: its row of services.
5. Its tests in `tests/dialects/`.

`find` and the command line follow from `NAMES`.
"""

from __future__ import annotations

from .base import Dialect, Framing, Request
from .by_name import NAMES, class_of
from .delta import (
    DONE,
    Attached,
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    OpaquePiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from .described_tool import DescribedTool
from .question import (
    AssistantCall,
    AudioPart,
    CalledFunction,
    File,
    FilePart,
    ImagePart,
    ImageURL,
    InputAudio,
    Message,
    Part,
    Question,
    TextPart,
)

__all__ = [
    "DONE",
    "NAMES",
    "AssistantCall",
    "Attached",
    "AudioPart",
    "CalledFunction",
    "Delta",
    "DescribedTool",
    "Dialect",
    "DialectName",
    "Done",
    "Failure",
    "File",
    "FilePart",
    "Finish",
    "Framing",
    "FunctionCallPiece",
    "ImagePart",
    "ImageURL",
    "InputAudio",
    "Message",
    "OpaquePiece",
    "OtherChoice",
    "Part",
    "Question",
    "Reasoning",
    "Request",
    "Source",
    "TextPart",
    "ToolCallPiece",
    "WholeReasoning",
    "WholeText",
    "find",
]

DialectName = str | Dialect
"""One of `NAMES`, or a `Dialect`."""


def find(dialect: DialectName) -> Dialect:
    """The dialect of that name, or the given object. Raises `ValueError`, `TypeError`."""
    if isinstance(dialect, Dialect):
        return dialect
    if isinstance(dialect, type):
        raise TypeError(f"dialect must be an object, not the class: {dialect.__name__}()")
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be a name or a Dialect, not {type(dialect).__name__}")
    if dialect == "auto":
        from .auto import Auto

        return Auto()
    return class_of(dialect)()


for _name in __all__:
    _public = globals()[_name]
    if isinstance(_public, type):
        _public.__module__ = __name__  # what a traceback and a `repr` say
