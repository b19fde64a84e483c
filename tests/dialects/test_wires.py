"""Every wire of the tables: whole, byte by byte, and cut in two at every place.

Cutting at every place is a hundred thousand answers. Most of the time that a source takes goes into
its thread and its request, so these answers are read by a source's parts without either; one test
holds the two ways against each other.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from contract import Record, check_contract
from requests.structures import CaseInsensitiveDict
from script import Script
from wires import TABLES, WIRES
from wires.wire import Call, Received, Wire

from suggestions import Dialect, SuggestionsEventSource
from suggestions._delivery.delivery import Delivery
from suggestions._sources.answer import Answer
from suggestions._sources.answer_entries import AnswerEntries
from suggestions._sources.exchange import Exchange
from suggestions._sources.intake import Intake
from suggestions._wire.abort import Cancellation
from suggestions._wire.timeouts import Deadlines, check_timeouts
from suggestions._wire.transport import Transport
from suggestions.dialects import Request, find
from suggestions.errors import SuggestionsError

URL = "https://service.example/ask"
all_wires = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


class Outcome(NamedTuple):
    """All that a user can read of a source that is over."""

    text: str
    state: str
    reasoning: str
    calls: tuple[Any, ...]
    function: Any
    usage: Any
    finish_reason: str | None
    error: tuple[Any, ...] | None
    citations: tuple[Any, ...]
    files: tuple[Any, ...]
    content: Any
    """Of the assistant's message."""


def outcome_of(source: SuggestionsEventSource | Answer) -> Outcome:
    error = source.error
    return Outcome(
        source.full_message,
        source.state,
        source.reasoning,
        # Some dialects make up the ids that are not there.
        tuple((call.name, call.arguments) for call in source.tool_calls),
        source.full_function_call,
        source.usage,
        source.finish_reason,
        None if error is None else (type(error), error.message, error.status, error.retry_after),
        tuple(source.citations),
        tuple(source.files),
        source.message["content"],
    )


def read(wire: Wire, pieces: Sequence[bytes]) -> tuple[SuggestionsEventSource, Record]:
    """The source of the answer that comes in these pieces, when it is over."""
    script = Script(
        pieces, status=wire.status, content_type=wire.content_type, headers=dict(wire.headers)
    )
    record = Record()
    source = SuggestionsEventSource(
        "Why?",
        "secret-token",
        url=URL,
        dialect=wire.dialect,
        session=script.session(),
        on=record.handlers(),
    )
    assert source.wait(10)
    return source, record


def check(source: SuggestionsEventSource, received: Received) -> None:
    """The source ended as the table says."""
    error = source.error
    assert source.full_message == received.text
    if received.error is None:
        assert (source.state, error) == ("done", None)
    else:
        assert isinstance(error, received.error), error or "it is done"
        assert [words for words in received.quotes if words not in error.message] == [], error
        assert [word for word in received.lacks if word in error.message] == [], error
        assert error.retry_after == received.retry_after
    assert source.reasoning == received.reasoning
    assert _as_said(source.tool_calls, received.calls) == list(received.calls)
    function = [call for call in (source.full_function_call,) if call]
    expected = [received.function] if received.function else []
    assert _as_said(function, expected) == expected
    if received.usage is not ...:
        usage = source.usage
        counted = usage and (usage.prompt_tokens, usage.completion_tokens)
        assert counted == received.usage
        assert counted is None or {type(count) for count in counted} == {int}
    if received.finish is not ...:
        assert source.finish_reason == received.finish
    assert source.citations == received.citations
    assert source.files == received.files
    assert source.message["role"] == "assistant"
    assert _without_names(source.message["content"] or "") == (
        list(received.parts) or received.text
    )


def _without_names(content: Any) -> Any:
    """The content without the parts that only name its calls and items."""
    if isinstance(content, str):
        return content
    said = [part for part in content if part["type"] not in ("call", "item")]
    texts = [part["text"] for part in said if part["type"] == "text"]
    return said if len(texts) < len(said) else "".join(texts)


def _as_said(calls: Sequence[Any], expected: Sequence[Call]) -> list[Call]:
    """The calls, the arguments as JSON if the table has them so."""
    as_json = [not isinstance(arguments, str) for _, arguments in expected]
    as_json += [False] * len(calls)
    return [
        (call.name, json.loads(call.arguments) if is_json else call.arguments)
        for call, is_json in zip(calls, as_json, strict=False)
    ]


def check_events(source: SuggestionsEventSource, record: Record) -> None:
    """The contract, and that the events say what the source says."""
    check_contract(source, record)
    told = record.by_name
    assert "".join(told["reasoning"]) == source.reasoning
    assert tuple(told["tool_call"]) == source.tool_calls
    assert told["function_done"] in ([], [source.full_function_call])
    assert told["usage"] == ([source.usage] if source.usage else [])
    assert tuple(told["citation"]) == source.citations
    assert tuple(told["file"]) == source.files


@all_wires
def test_a_wire_is_read_as_the_table_says(wire: Wire) -> None:
    source, record = read(wire, [wire.body])
    check(source, wire.received)
    check_events(source, record)


@all_wires
def test_a_wire_is_read_the_same_byte_by_byte(wire: Wire) -> None:
    whole, _ = read(wire, [wire.body])
    source, record = read(wire, [wire.body[at : at + 1] for at in range(len(wire.body))])
    assert outcome_of(source) == outcome_of(whole)
    check_events(source, record)


# Cut in two at every place


class _Served(Transport):
    """A response that is there already: the product's transport without its request."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(Deadlines(check_timeouts(None)), Cancellation())
        self._response = requests.Response()
        self._response.status_code = wire.status
        headers = {"Content-Type": wire.content_type, **wire.headers}
        self._response.headers = CaseInsensitiveDict(headers)
        self.pieces: Iterator[bytes] = iter(())

    def open(self, *_: Any) -> None:
        """It is open."""

    def read(self) -> bytes:
        return next(self.pieces, b"")


def read_at_once(served: _Served, dialect: Dialect, *pieces: bytes) -> Outcome:
    """What a source would have, read on this thread and without a request."""
    log: list[Any] = []
    answer = Answer(log.append)
    delivery = Delivery(None, AnswerEntries(answer, log, None))
    delivery.reader = threading.get_ident()  # or each piece would start a thread
    intake = Intake(answer, delivery)
    served.pieces = iter(pieces)
    exchange = Exchange(served, dialect, intake)
    try:
        exchange.open(Request(URL))
        list(exchange.read())
    except SuggestionsError as error:
        intake.fail(error)
    return outcome_of(answer)


@all_wires
def test_a_wire_is_read_the_same_cut_in_two_at_every_place(wire: Wire) -> None:
    served = _Served(wire)
    dialect = find(wire.dialect) if isinstance(wire.dialect, str) else wire.dialect
    source, _ = read(wire, [wire.body])
    whole = outcome_of(source)
    assert read_at_once(served, dialect, wire.body) == whole
    for place in range(1, len(wire.body)):
        pieces = wire.body[:place], wire.body[place:]
        assert read_at_once(served, dialect, *pieces) == whole, pieces


# The tables themselves


def test_each_name_is_that_of_one_wire() -> None:
    assert len(WIRES) == sum(map(len, TABLES.values()))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_table_has_counter_samples(table: Sequence[Wire]) -> None:
    """A mend that goes too far is seen."""
    assert len(table) >= 5
    assert any(wire.name.startswith("counter-sample") for wire in table)


# The document

SERVICES_PAGE = Path(__file__).parents[2] / "docs" / "services.md"
WITHOUT_A_NAME = re.compile("(a|any|the) ")


def senders() -> set[str]:
    """The services that the names of the wires name, without when and before what."""
    found = set()
    for wire in WIRES.values():
        name = wire.name.removeprefix("counter-sample, ")
        if not WITHOUT_A_NAME.match(name):
            each = name.partition(": ")[0].partition("'s ")[0].split(", ")
            found |= {re.split(" (?:in|before|for|at) ", service)[0] for service in each}
    return found


def test_the_page_has_the_services_of_the_tables() -> None:
    rows = re.findall(r"(?m)^\| ([^|]+?) \| ", SERVICES_PAGE.read_text("utf-8"))
    assert {row for row in rows if row not in ("service", "---")} == senders()
