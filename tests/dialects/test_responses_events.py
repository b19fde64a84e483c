"""Each event of the Responses wire is read, or passed over for a reason that the documents give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from openai.types.responses import ResponseStreamEvent
from openai.types.responses.responses_server_event import ResponsesServerEvent
from outcomes import named, outcome, source_of
from responses_wire.shapes import completed, created, message

from suggestions.dialects.responses_events import PASSED_OVER, READ

DOCUMENT = Path(__file__).parents[2] / "docs" / "dialects.md"
# `error` is any dialect's.
OURS = READ.keys() | PASSED_OVER.keys() | {"error"}
OPEN_RESPONSES = [
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.completed",
    "response.failed",
    "response.incomplete",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_text.annotation.added",
    "response.refusal.delta",
    "response.refusal.done",
    "response.reasoning.delta",
    "response.reasoning.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "error",
]
"""Its schema/events.tsp, version 2026-04-24."""


def types_of(union: Any) -> set[str]:
    """The values of `type` in the events of a union of the `openai` package."""
    members = get_args(get_args(union)[0])
    return {name for kind in members for name in get_args(kind.model_fields["type"].annotation)}


def test_each_event_that_the_openai_package_knows_is_read_or_passed_over() -> None:
    streamed, over_websockets = types_of(ResponseStreamEvent), types_of(ResponsesServerEvent)
    assert len(streamed) > 50
    assert (streamed | over_websockets) <= OURS


def test_each_event_of_open_responses_is_read_or_passed_over() -> None:
    assert set(OPEN_RESPONSES) <= OURS


def test_no_event_is_both() -> None:
    assert not READ.keys() & PASSED_OVER.keys()


def section() -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.split("\n## responses\n")[1].split("\n## ")[0]


def rows(heading: str) -> Iterator[tuple[list[str], str]]:
    """The rows of the table below a heading: the events of each, and what is said of them."""
    table = section().split(f"\n### {heading}\n")[1].split("\n### ")[0]
    for line in table.splitlines():
        if line.startswith("| `"):
            events, said = line.strip("| ").split(" | ")
            yield re.findall("`(.+?)`", events), said


def test_the_documents_name_each_event_that_is_read() -> None:
    named = [event for events, _ in rows("Events that are read") for event in events]
    assert sorted(named) == sorted(READ.keys() | {"error"})


def test_the_documents_give_the_reason_for_each_event_that_is_passed_over() -> None:
    found = {
        event: said for events, said in rows("Events that are passed over") for event in events
    }
    assert found == PASSED_OVER


@pytest.mark.parametrize("kind", PASSED_OVER)
def test_an_event_that_is_passed_over_changes_nothing(kind: str) -> None:
    fields = {"output_index": 0, "item_id": "x1", "code": "print(1)", "delta": "x", "error": {}}
    event = named(kind, **fields, part={"type": "output_text", "text": ""}, message="m")
    got = outcome("responses", created(), event, completed(message("Hi")))
    assert got == outcome("responses", created(), completed(message("Hi")))


@pytest.mark.parametrize("kind", PASSED_OVER)
def test_an_event_that_is_passed_over_shows_that_the_service_is_at_work(kind: str) -> None:
    # If nothing else came, the answer is cut, and not one of another dialect.
    error = source_of("responses", named(kind)).error
    assert error is not None
    assert "dialect" not in error.message
