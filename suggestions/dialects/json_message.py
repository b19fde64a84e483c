"""Messages in JSON: parses one, reads its fields, and the error that a service reports in it.

`text_of`, `object_of` and `array_of` read the answer itself. A missing, null or empty value is an
empty one. A text may be any other value: some gateways parse each piece of a text, and send a digit
as a number. Any other value of the wrong type raises `ValueError`, because ignoring it would lose a
part of the answer without a word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

from ..errors import from_report
from ..events import Usage
from .delta import Failure

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_scan: Callable[[str, int], tuple[Any, int]] = vars(JSONDecoder())["scan_once"]
"""What `raw_decode` calls, and so one function less for each event."""


_LARGEST_INDEX = 2**31 - 2
"""Up to here, integers differ in their hashes, which are remainders by 2**31 - 1 or by 2**61 - 1.
Among thousands that have one hash, each look-up in a dict would take as many steps."""
_MOST_DIGITS = 18


def parse(data: str) -> Any:
    """`data` as one JSON value. Raises `ValueError`, `RecursionError`."""
    try:
        value, end = _scan(data, 0)
    except StopIteration as stop:
        raise JSONDecodeError("Expecting value", data, stop.value) from None
    if end < len(data):
        raise ValueError("something follows the JSON value")
    return value


def parse_object(data: str) -> Mapping[str, Any]:
    """`data` as one JSON object. Raises `ValueError`, `RecursionError`."""
    value = parse(data)
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return value


def event_in(message: ServerSentEvent) -> Mapping[str, Any] | None:
    """The JSON object that is the data of an event; None if there is none to read.

    An event with a name may be a heartbeat with any data, such as a time. `[DONE]`, the terminator
    of chats, says nothing in a wire that has one of its own. Raises `ValueError`, `RecursionError`
    for any other data that is not an object.
    """
    data = message.data.strip()
    is_named = message.type != "message"
    if not data or is_terminator(data) or (is_named and not data.startswith("{")):
        return None
    return parse_object(data)


def failure_in(data: str) -> Failure:
    """The failure that `data` reports, which may be JSON or any text."""
    try:
        report = parse(data)
    except (ValueError, RecursionError):
        report = data
    return Failure(from_report(report, body=data))


def name_of(value: object) -> str | None:
    """A name, an id or the like: the value if it is a text and not empty."""
    return value if value and isinstance(value, str) else None


def id_of(value: object) -> str:
    """The id of a call, which some services have as a number; "" if there is none."""
    return str(value) if type(value) is int else name_of(value) or ""


def is_terminator(data: str) -> bool:
    """Whether the data of a message is the terminator of chats; some encode it as JSON."""
    return data.strip('"') == "[DONE]"


def text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or value == [] or value == {}:
        return ""
    return json.dumps(value, ensure_ascii=False)


def object_of(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    _check_empty(value, "object")
    return {}


def array_of(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    _check_empty(value, "array")
    return []


def index_of(value: object) -> int | None:
    """The position of a call among the others, if the service says it. No number of calls comes
    near the largest that counts."""
    number = _integer_in(value)
    return number if number is not None and abs(number) <= _LARGEST_INDEX else None


def _integer_in(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS:
        return int(value)
    return value if type(value) is int else None  # true is no number


def usage_of(
    counts: Mapping[str, Any],
    prompt: str = "prompt_tokens",
    completion: str = "completion_tokens",
) -> Usage:
    """Counts of tokens; `prompt` and `completion` are the service's names for the two."""
    # Some gateways have Anthropic's names in the wire of another service.
    asked = _count(counts.get(prompt)) or _count(counts.get("input_tokens"))
    answered = _count(counts.get(completion)) or _count(counts.get("output_tokens"))
    read = _count(counts.get("cache_read_input_tokens"))
    if "prompt_tokens" not in counts and "total_tokens" not in counts:
        # Anthropic counts what its cache reads and writes besides the rest of the question.
        asked += read + _count(counts.get("cache_creation_input_tokens"))
    total = _count(counts.get("total_tokens")) or asked + answered
    cached = read or _detail(counts, "cached_tokens", "prompt_tokens", "input_tokens")
    cached = cached or _count(counts.get("prompt_cache_hit_tokens"))  # DeepSeek's
    thought = _detail(counts, "reasoning_tokens", "completion_tokens", "output_tokens")
    thought = thought or _detail(counts, "thinking_tokens", "output_tokens")  # Anthropic's
    return Usage(asked, answered, total, counts, cached, thought)


def _detail(counts: Mapping[str, Any], name: str, *parts: str) -> int:
    """A count within those of a part, which some services have beside them."""
    details = (counts.get(f"{part}_details") for part in parts)
    within = (each.get(name) for each in details if isinstance(each, Mapping))
    return next(filter(None, map(_count, within)), 0) or _count(counts.get(name))


def _count(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _integer_in(value) or 0


def _check_empty(value: object, expected: str) -> None:
    if value:
        raise ValueError(f"expected a JSON {expected}, got {type(value).__name__}")
