"""Event framing by the standard's own algorithm, to compare with."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from suggestions._wire.sse import EventStream
from suggestions.errors import EventTooLargeError

BOM = b"\xef\xbb\xbf"

LATEST = 10**18 - 1  # milliseconds; longer numbers are as good


class Outcome(NamedTuple):
    events: list[tuple[str, str, str]]
    last_event_id: str = ""
    reconnection_time: int | None = None
    failure: type[Exception] | None = None


def read(chunks: Iterable[bytes], **options: Any) -> Outcome:
    stream = EventStream(chunks, **options)
    events: list[tuple[str, str, str]] = []
    failure = None
    try:
        events.extend(stream)
    except EventTooLargeError as error:
        failure = type(error)
    return Outcome(events, stream.last_event_id, stream.reconnection_time, failure)


def byte_by_byte(data: bytes) -> Iterator[list[bytes]]:
    yield [data[at : at + 1] for at in range(len(data))]


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def standard(data: bytes) -> Outcome:
    """Section 9.2.6, sentence by sentence."""
    text = data.removeprefix(BOM).decode("utf-8", "replace")
    *lines, _unfinished = re.split("\r\n|\n|\r", text)
    events = []
    data_buffer = event_type = id_buffer = last_event_id = ""
    reconnection_time = None
    for line in lines:
        if line == "":
            last_event_id = id_buffer
            if data_buffer != "":
                events.append((event_type or "message", data_buffer[:-1], last_event_id))
            data_buffer = event_type = ""
            continue
        if line.startswith(":"):
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            event_type = value
        elif field == "data":
            data_buffer += value + "\n"
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            reconnection_time = min(int(value[-4000:]), LATEST)
    return Outcome(events, last_event_id, reconnection_time)
