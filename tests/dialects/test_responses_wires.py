"""Every wire of the Responses table: whole, byte by byte, and cut in two at every place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from outcomes import SSE, source_of
from responses_wire.attached import CITATIONS, IMAGES
from responses_wire.calls import CALLS
from responses_wire.ends import ENDS, HEARTBEATS
from responses_wire.reasoning import REASONING
from responses_wire.shapes import Wire
from responses_wire.texts import REFUSALS, TEXTS
from wire_server import Server, answering, sized

from suggestions import SuggestionsEventSource
from suggestions._wire.sse import EventStream
from suggestions.events import AnswerFile, Citation

WIRES = [*TEXTS, *REFUSALS, *REASONING, *CALLS, *ENDS, *HEARTBEATS, *CITATIONS, *IMAGES]
NAMES = [wire.name for wire in WIRES]


def received(source: SuggestionsEventSource) -> tuple[Any, ...]:
    files: list[AnswerFile] = []
    source.connect("file", lambda source, event: files.append(event.detail))
    assert source.wait(9)
    assert source.files == tuple(file for file in files if not file.partial)
    return (
        source.full_message,
        source.reasoning,
        source.tool_calls,
        source.finish_reason,
        None if source.error is None else type(source.error),
        source.citations,
        tuple(files),
    )


def expected(wire: Wire) -> tuple[Any, ...]:
    what = (wire.text, wire.reasoning, wire.calls, wire.finish, wire.error)
    return (*what, wire.citations, wire.files)


@pytest.mark.parametrize("wire", WIRES, ids=NAMES)
def test_a_wire(wire: Wire) -> None:
    source = source_of("responses", wire.body)
    assert received(source) == expected(wire)
    assert wire.quotes in (source.error.message if source.error else "")


@pytest.mark.parametrize("wire", WIRES, ids=NAMES)
def test_a_wire_byte_by_byte(wire: Wire) -> None:
    single = [wire.body[place : place + 1] for place in range(len(wire.body))]
    assert received(source_of("responses", *single)) == expected(wire)


@pytest.mark.parametrize("wire", WIRES, ids=NAMES)
def test_a_wire_cut_in_two_at_every_place(wire: Wire) -> None:
    # A dialect has no memory: it says the same if it is given the same messages.
    messages = list(EventStream([wire.body]))
    for place in range(1, len(wire.body)):
        assert list(EventStream([wire.body[:place], wire.body[place:]])) == messages, place


def theirs(wire: Wire) -> tuple[Any, ...]:
    """The text, the calls, the end, the citations and the images, as the `openai` package has
    them."""
    response = sized("200 OK", wire.body, SSE, Connection="close")
    with (
        Server(answering(response)) as server,
        openai.OpenAI(api_key="any", base_url=server.url, max_retries=0) as client,
    ):
        try:
            events = client.responses.create(model="m1", input="Why?", stream=True)
            return _as_they_have_it([getattr(event, "response", None) for event in events])
        except Exception as error:  # not all that it raises is of its own tree
            return "", (), type(error).__name__, (), ()


def _as_they_have_it(responses: list[Any]) -> tuple[Any, ...]:
    last = next(filter(None, reversed(responses)), None)
    if last is None or last.status == "in_progress":
        return "", (), "cut", (), ()
    if last.output is None:
        return "", (), "done", (), ()
    calls = tuple(
        (item.call_id, item.name, item.arguments if item.type == "function_call" else item.input)
        for item in last.output
        if item.type in ("function_call", "custom_tool_call")
    )
    images = tuple(item.result for item in last.output if item.type == "image_generation_call")
    return last.output_text, calls, "done", tuple(_citations_in(last.output)), images


def _citations_in(output: list[Any]) -> Iterator[Citation]:
    """Those of web pages, with their places in the whole text."""
    before = 0
    for part in [part for item in output if item.type == "message" for part in item.content]:
        for note in getattr(part, "annotations", None) or ():
            if note.type == "url_citation":
                start, end = before + note.start_index, before + note.end_index
                yield Citation(note.url, note.title, start, end)
        before += len(getattr(part, "text", ""))


@pytest.mark.parametrize("wire", WIRES, ids=NAMES)
def test_the_openai_package_has_the_same(wire: Wire) -> None:
    pages = tuple(found for found in wire.citations if found.url.startswith("https:"))
    images = tuple(file.url.partition(",")[2] for file in wire.files if not file.partial)
    end = "done" if wire.error is None else wire.error.__name__
    ours = (wire.text, wire.calls, end, pages, images)
    same = theirs(wire) == ours
    assert same != bool(wire.differs), (theirs(wire), ours)
