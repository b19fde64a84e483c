"""What a tool that runs in the relay has returned."""

from __future__ import annotations

from typing import Any, NamedTuple


class RelayedResult(NamedTuple):
    """Detail of the event `tool_result`, which frames send: the result of one call.

    `call_id` and `name` are those of the call. `output` is a text or a value of JSON; with
    `is_error`, it is the text of what went wrong.
    """

    call_id: str
    name: str
    output: Any
    is_error: bool = False
