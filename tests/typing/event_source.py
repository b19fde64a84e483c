"""`EventSource` as a type checker sees it: checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from typing import Any

import requests
from typing_extensions import assert_type

from suggestions import Event, EventSource, SuggestionsError
from suggestions.events import MessageEvent

source = EventSource(
    "https://example.org/",
    method="POST",
    headers={"X-Title": "title"},
    body={"prompt": "Hello"},
    token=lambda: "token",
    last_event_id="7",
    read_timeout=30,
    initial_retry_delay=1,
    max_retry_delay=60.0,
    session=requests.Session(),
    dispatch=asyncio.new_event_loop().call_soon_threadsafe,
    history=0,
    start=False,
)
EventSource("https://example.org/", body=b"bytes", token="token")


def on_message(source: EventSource, event: Event[MessageEvent]) -> None:
    assert_type(event.detail.data, str)
    assert_type(event.detail.type, str)
    assert_type(event.detail.last_event_id, str)
    assert_type(event.detail.origin, str)
    assert_type(event.detail.json(), Any)


def on_failure(source: EventSource, event: Event[SuggestionsError]) -> None:
    assert_type(event.detail.retry_after, float | None)
    assert_type(source.ready_state == EventSource.CLOSED, bool)


def on_text(source: EventSource, event: Event[str]) -> None:
    assert_type(event.detail, str)


source.connect("message", on_message)
source.connect("new-message", on_message, weak=True)
source.connect("error", on_failure)
source.connect("comment", on_text)
source.connect("open", lambda source, event: print(event.detail.status, source.url))
source.connect("handler_error", lambda source, event: print(event.detail.exception))
source.connect("*", lambda source, event: print(event.type, event.detail))
source.once("message", on_message)
source.on("error")(on_failure)
source.connect("message", on_text)  # type: ignore[arg-type]


@source.on("message")
def hear(source: EventSource, event: Event[MessageEvent]) -> None:
    assert_type(source.last_event_id, str)
    assert_type(source.reconnection_time, float)


name: str = source.ready_state.name
number: int = source.ready_state
with source as opened:
    assert_type(opened, EventSource)
    opened.restart()
    opened.close()
    assert_type(opened.join(), bool)
