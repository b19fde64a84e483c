"""Messages that services put into a stream of events without framing them as events.

By the standard (WHATWG HTML, section 9.2.6), a line with an unknown field is ignored, and so is an
event that no blank line ends. But either may say how an answer ended: llama.cpp sends
`error: {...}`, proxies append a body of their own to a stream that has begun, and some services
send no blank line after the terminator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..events import ServerSentEvent

_FIELD = r"(?:data|event|id|retry)?(?::|$)"
_ERROR = "error:"
_STARTS = ("\n{", "\n[", "\nerror:")


def may_have_strays(block: str) -> bool:
    """Whether to look for messages beside the event of this block; takes little time."""
    return block.startswith(("{", "[", _ERROR)) or any(start in block for start in _STARTS)


def strays_in(block: str, last_event_id: str) -> Iterator[ServerSentEvent]:
    """The messages in those lines of a block that are no fields of an event."""
    lines = [line for line in block.split("\n") if not re.match(_FIELD, line)]
    bare = "\n".join(lines)
    for data in [bare] if _is_json(bare) else lines:
        if data.startswith(_ERROR):
            yield ServerSentEvent("error", data.removeprefix(_ERROR).strip(), last_event_id)
        elif is_whole(data):
            yield ServerSentEvent("message", data, last_event_id)


def is_whole(data: str) -> bool:
    """Whether nothing of an event's data can be missing: it is a terminator, or whole JSON, or
    several of these, each in a line."""
    if data.strip('"') == "[DONE]" or _is_json(data):
        return True
    return "\n" in data and all(map(is_whole, data.split("\n")))


def _is_json(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
