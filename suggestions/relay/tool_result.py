"""What a tool that ran in the relay gave, for the frames of an answer."""

from __future__ import annotations

from typing import Any, NamedTuple


class RelayedResult(NamedTuple):
    """The detail of the event `tool_result`."""

    call_id: str
    """The `id` of the `ToolCall` that this answers."""

    name: str
    """The tool's name."""

    output: Any
    """What the tool returned, as text or as JSON value; after an error its message."""

    is_error: bool
    """Whether the tool failed, was refused, or does not exist."""
