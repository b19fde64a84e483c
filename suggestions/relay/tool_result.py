"""What a tool that ran in the relay gave, for the frames of an answer."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, NamedTuple

from ..conversation.running import ToolResult


class RelayedResult(NamedTuple):
    """The detail of the event `tool_result`."""

    call_id: str
    """The `id` of the `ToolCall` that this answers."""

    name: str
    """The tool's name."""

    output: Any
    """What the tool returned, as text or as JSON value; after an error a sentence."""

    is_error: bool
    """Whether the tool failed, was refused, or does not exist."""


def result_of(result: ToolResult, expose_errors: bool) -> RelayedResult:
    """What was an object or a list is one again: the model gets it as text.

    What a tool raised may quote a secret, such as an address with a key in it. The model gets it
    all the same; a browser only with `expose_errors`.
    """
    if result.outcome == "failed" and not expose_errors:
        result = result._replace(text=f"{result.call.name} failed.")
    is_error, output = result.outcome != "returned", result.text
    if not is_error and output[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):  # a text that only begins like one
            output = json.loads(output)
    return RelayedResult(result.call.id, result.call.name, output, is_error)
