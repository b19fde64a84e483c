"""`output=`: an object is asked for, reported while it grows, and checked at the end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
from contract import Record, check_contract
from loop_thread import LoopThread
from object_wires import DIALECTS, object_wire
from typing_extensions import TypedDict

from suggestions import Suggester, SuggestionsEventSource, ask_question_sync
from suggestions.errors import OutputError, SuggestionsError
from suggestions.events import PartialToolCall, ToolCall
from suggestions.testing import SuggestionsServer

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
TEXT = '{"name": "Ada \\u00e9\\ud83d\\ude00", "age": 36}'
VALUE = json.loads(TEXT)


@dataclasses.dataclass
class Person:
    name: str
    age: int


class PersonDict(TypedDict):
    name: str
    age: int


class PersonModel(pydantic.BaseModel):
    name: str
    age: int


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        yield server


def asked(
    server: SuggestionsServer,
    text: str,
    output: Any = Person,
    *,
    dialect: str = "openai",
    length: bool = False,
    **arguments: Any,
) -> SuggestionsEventSource:
    """A source whose answer is that text, a character at a time."""
    wire = object_wire(dialect, list(text), length=length)
    server.sends(b"".join(wire.parts), content_type=wire.content_type)
    return SuggestionsEventSource(
        "Who?", url=server.url, dialect=dialect, output=output, **arguments
    )


def failure(source: SuggestionsEventSource) -> OutputError:
    assert source.wait(SOON)
    assert isinstance(source.error, OutputError), source.error
    assert source.error.code == "error_network"
    assert source.error.partial_text == source.full_message
    assert source.object is None
    return source.error


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (SCHEMA, VALUE),
        (Person, Person(**VALUE)),
        (PersonDict, VALUE),
        (PersonModel, PersonModel(**VALUE)),
    ],
)
def test_an_object_in_each_dialect_and_of_each_kind(
    server: SuggestionsServer, dialect: str, output: Any, expected: Any
) -> None:
    record = Record()
    source = asked(server, TEXT, output, dialect=dialect, on=record.handlers(), throttle=None)
    assert source.wait(SOON)
    check_contract(source, record)
    assert source.object == expected
    assert type(source.object) is type(expected)
    assert source.result() == TEXT
    objects = record.by_name["object"]
    assert objects[0] == {}
    assert {"name": "Ada \u00e9"} in objects
    assert objects[-1] == VALUE
    assert [name for name in record.names if name in ("object", "done")][-2:] == ["object", "done"]
    found = server.requests[0].json
    for name in object_wire(dialect, "").asked_in:
        found = found[name]
    assert found["required"] == ["name", "age"]
    assert found["additionalProperties"] is False
    assert set(found["properties"]) == {"name", "age"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_in_one_piece(server: SuggestionsServer, dialect: str) -> None:
    wire = object_wire(dialect, TEXT)
    server.sends(wire.whole, content_type="application/json")
    found: list[Any] = []
    text = ask_question_sync(
        "Who?",
        url=server.url,
        dialect=dialect,
        output=Person,
        on={
            "object": lambda source, event: found.append(event.detail),
            "done": lambda source, event: found.append(source.object),
        },
    )
    assert text == TEXT
    assert found == [VALUE, Person(**VALUE)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_is_cut_anywhere(server: SuggestionsServer, dialect: str) -> None:
    """It fails, and its object is the best of what had come; only the whole one is done."""
    wire = object_wire(dialect, [TEXT[:12], TEXT[12:25], TEXT[25:]])
    body = b"".join(wire.parts)
    for end in [*range(0, len(body), 11), len(body)]:
        server.sends(body[:end], content_type=wire.content_type)
        record = Record()
        source = SuggestionsEventSource(
            "Who?", url=server.url, dialect=dialect, output=Person, on=record.handlers()
        )
        assert source.wait(SOON)
        check_contract(source, record)
        best = record.by_name["object"][-1:] or [{}]
        assert {**VALUE, **best[0], "name": VALUE["name"]} == VALUE
        assert VALUE["name"].startswith(best[0].get("name", ""))
        if source.state == "done":
            assert source.full_message == TEXT
            assert source.object == Person(**VALUE)
        else:
            assert isinstance(source.error, SuggestionsError)
            assert source.object is None


def test_it_does_not_matter_when_a_handler_is_connected(server: SuggestionsServer) -> None:
    found: list[Any] = []
    source = asked(server, TEXT)
    source.connect("object", lambda source, event: found.append(event.detail))
    assert source.wait(SOON)
    late: list[Any] = []
    source.connect("object", lambda source, event: late.append(event.detail))
    assert source.wait(SOON)
    assert late == found


def test_each_object_is_one_of_its_own(server: SuggestionsServer) -> None:
    found: list[Any] = []

    def spoil(source: SuggestionsEventSource, event: Any) -> None:
        found.append(dict(event.detail))
        event.detail.clear()

    source = asked(server, TEXT, SCHEMA, on={"object": spoil})
    assert source.wait(SOON)
    assert found[-1] == source.object == VALUE


def test_a_long_object_is_reported_now_and_then(server: SuggestionsServer) -> None:
    """So that all of it costs time that grows with the answer alone."""
    rows = [{"name": f"Person {number}", "age": number} for number in range(10_000)]
    text = json.dumps({"rows": rows})
    server.answer([text[place : place + 20] for place in range(0, len(text), 20)])
    lengths: list[int] = []
    source = SuggestionsEventSource(
        "Who?",
        url=server.url,
        dialect="openai",
        output={"type": "object"},
        on={"object": lambda source, event: lengths.append(len(event.detail.get("rows", [])))},
    )
    assert source.wait(SOON)
    assert source.object == {"rows": rows}
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(rows)
    assert 100 < len(lengths) < 1500


def test_a_throttle_holds_objects_back_as_well(server: SuggestionsServer, dispatch: Any) -> None:
    """The first comes at once, and the newest before the end."""
    record = Record()
    source = asked(server, TEXT, dispatch=dispatch, throttle=60.0, on=record.handlers())
    assert source.wait(SOON)
    assert record.by_name["object"] == [{}, VALUE]
    assert len(record.by_name["suggestion"]) == 2
    late: list[Any] = []
    source.connect("object", lambda source, event: late.append(event.detail))
    assert source.wait(SOON)
    assert late == [VALUE]


def test_the_newest_object_comes_also_if_the_stream_falls_silent(
    server: SuggestionsServer, dispatch: Any
) -> None:
    wire = object_wire("openai", list(TEXT))
    goes_on, found = threading.Event(), []

    def script(peer: Any) -> None:
        peer.request()
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        peer.send(head.encode(), *wire.parts[:20])
        assert goes_on.wait(SOON / 2)  # the newest object of these parts has come
        peer.send(*wire.parts[20:])

    def note(source: SuggestionsEventSource, event: Any) -> None:
        found.append(event.detail)
        if event.detail.get("name") == "Ada \u00e9":
            goes_on.set()

    server.plays(script)
    source = SuggestionsEventSource(
        "Who?",
        url=server.url,
        dialect="openai",
        output=Person,
        dispatch=dispatch,
        throttle=0.05,
        on={"object": note},
    )
    assert source.wait(SOON)
    assert goes_on.is_set()
    assert found[-1] == VALUE


def test_async_handlers_of_objects_come_in_order(
    server: SuggestionsServer, loop_thread: LoopThread
) -> None:
    import asyncio

    found: list[Any] = []

    async def note(source: SuggestionsEventSource, event: Any) -> None:
        await asyncio.sleep(0)
        found.append((event.type, event.detail))

    handlers = {"object": note, "suggestion": note}
    source = asked(server, TEXT, dispatch=loop_thread.dispatch, throttle=0.001, on=handlers)
    assert source.wait(SOON)
    assert found[-2:] == [("suggestion", TEXT), ("object", VALUE)]


@pytest.mark.parametrize("head", ["```json\n", "```\n", "\n ```json\n ", "```", "\ufeff```JSON"])
def test_a_code_fence_is_tolerated(server: SuggestionsServer, head: str) -> None:
    found: list[Any] = []
    source = asked(server, f"{head}{TEXT}\n```\n")
    source.connect("object", lambda source, event: found.append(event.detail))
    assert source.wait(SOON)
    assert source.object == Person(**VALUE)
    assert found[-1] == VALUE


def test_what_the_model_thinks_is_no_part_of_it(server: SuggestionsServer) -> None:
    from suggestions.dialects.openai import OpenAI

    server.answer(['<think>{"name": 1}</th', "ink>", TEXT])
    source = SuggestionsEventSource(
        "Who?", url=server.url, dialect=OpenAI(think_tags=True), output=Person
    )
    assert source.wait(SOON)
    assert source.object == Person(**VALUE)


# What does not fit


@pytest.mark.parametrize("output", [SCHEMA, Person, PersonDict, PersonModel])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I am sorry, but I cannot help with that.", "I am sorry, but I cannot help"),
        ('{"name": "Ada", "age": "old"}', "age: "),
        ('{"name": "Ada"}', "age"),
        ("[1, 2]", "[1, 2]"),
        ('{"name": "Ada", "age": 36} and more', "and more"),
        ('{"name": "Ada", "age": NaN}', "NaN"),
        ('{"name": "Ada", "age": 3', '"age": 3'),
        ("[" * 5000, "[[["),
        ("```", "```"),
        ("```json", "```json"),
        ("```" + " " * 500_000 + "x", "```"),
    ],
)
def test_what_does_not_fit_is_an_error_that_quotes_it(
    server: SuggestionsServer, output: Any, text: str, said: str
) -> None:
    record = Record()
    server.answer([text])
    source = SuggestionsEventSource(
        "Who?", url=server.url, dialect="openai", output=output, on=record.handlers()
    )
    error = failure(source)
    check_contract(source, record)
    assert said in error.message
    assert len(error.message) < 700
    assert error.partial_text == text
    with pytest.raises(OutputError):
        source.result()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_a_limit_has_cut_off(server: SuggestionsServer, dialect: str) -> None:
    record = Record()
    cut_off = TEXT[:-1]
    source = asked(server, cut_off, dialect=dialect, length=True, on=record.handlers())
    error = failure(source)
    check_contract(source, record)
    assert "was cut off (finish_reason 'length')" in error.message
    assert "Person" in error.message
    assert record.by_name["object"][-1] == {"name": VALUE["name"]}


def test_an_answer_without_a_text(server: SuggestionsServer) -> None:
    error = failure(asked(server, "  "))
    assert error.message == "The answer has no text, and so no Person."


def test_the_token_is_not_in_the_error(server: SuggestionsServer) -> None:
    text = json.dumps({"name": "the-right-token", "age": "the-right-token"})
    source = asked(server, text, SCHEMA, token="the-right-token")
    error = failure(source)
    assert "the-right-token" not in error.message + repr(error) + str(error.args)


def test_a_filter_is_still_a_filter(server: SuggestionsServer) -> None:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}
    server.sends(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
    source = SuggestionsEventSource("Who?", url=server.url, dialect="openai", output=Person)
    assert source.wait(SOON)
    assert source.error is not None
    assert source.error.code == "error_moderation"


@pytest.mark.parametrize("text", ["", "Let me look it up.", TEXT])
def test_an_answer_that_calls_tools_needs_no_object(server: SuggestionsServer, text: str) -> None:
    call = {"index": 0, "id": "1", "function": {"name": "find", "arguments": '{"who": "Ada"}'}}
    deltas = [{"content": text}, {"tool_calls": [call]}]
    said = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    body = "".join(f"data: {json.dumps({'choices': [each]})}\n\n" for each in (*said, end))
    server.sends(f"{body}data: [DONE]\n\n".encode())
    record = Record()
    source = SuggestionsEventSource(
        "Who?", url=server.url, dialect="openai", output=Person, on=record.handlers()
    )
    assert source.wait(SOON)
    check_contract(source, record)
    assert source.state == "done"
    assert source.object == (Person(**VALUE) if text == TEXT else None)
    [whole] = record.by_name["tool_call"]
    assert whole.parsed == {"who": "Ada"}


# The arguments of a call


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        ("", {}),
        (" ", {}),
        ('{"city": "Oslo", "days": 3}', {"city": "Oslo", "days": 3}),
        ('{"city": "Os', ValueError),
        ("[1]", ValueError),
        ('"Oslo"', ValueError),
        ("Oslo", ValueError),
        ('{"a":' * 100_000, ValueError),
    ],
)
def test_the_arguments_of_a_call(arguments: str, parsed: Any) -> None:
    call = ToolCall("1", "weather", arguments)
    if parsed is ValueError:
        with pytest.raises(ValueError, match=r"JSON|line 1"):
            assert call.parsed
    else:
        assert call.parsed == parsed


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        ("", {}),
        ("{", {}),
        ('{"city": "Os', {"city": "Os"}),
        ('{"city": "Oslo", "days": 3', {"city": "Oslo"}),
        ('{"city": "Oslo", "days": 3}', {"city": "Oslo", "days": 3}),
        ("[1, 2]", {}),
        ("Oslo", {}),
    ],
)
def test_the_arguments_of_a_call_so_far(arguments: str, parsed: Any) -> None:
    call = PartialToolCall("1", "weather", arguments)
    assert call.parsed == parsed
    assert call == ("1", "weather", arguments)


def test_the_arguments_while_they_are_written(server: SuggestionsServer) -> None:
    arguments = '{"city": "Oslo", "days": 3}'
    pieces = [{"id": "1", "function": {"name": "weather", "arguments": ""}}]
    pieces += [{"function": {"arguments": char}} for char in arguments]
    deltas = [{"tool_calls": [{"index": 0, **piece}]} for piece in pieces]
    said = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    body = "".join(f"data: {json.dumps({'choices': [each]})}\n\n" for each in (*said, end))
    server.sends(f"{body}data: [DONE]\n\n".encode())
    cities: list[Any] = []
    source = SuggestionsEventSource(
        "Who?",
        url=server.url,
        dialect="openai",
        on={"tool_call_chunk": lambda source, event: cities.append(event.detail.parsed)},
    )
    assert source.wait(SOON)
    assert {"city": "Os"} in cities
    assert cities[-1] == source.tool_calls[0].parsed == json.loads(arguments)


# Code of the user's own


def checking(check: Any) -> Any:
    class Checked(pydantic.BaseModel):
        name: str
        age: int

        @pydantic.field_validator("name")
        @classmethod
        def _check(cls, name: str) -> str:
            check()
            return name

    return Checked


def test_what_a_check_raises_is_an_error_like_any_other(
    server: SuggestionsServer, dispatch: Any
) -> None:
    output = checking(lambda: 1 // 0)
    error = failure(asked(server, TEXT, output, dispatch=dispatch))
    assert "raised ZeroDivisionError" in error.message
    assert isinstance(error.__cause__, ZeroDivisionError)

    def refuse() -> None:
        raise ValueError("only full names")

    error = failure(asked(server, TEXT, checking(refuse), dispatch=dispatch))
    assert "name: Value error, only full names" in error.message


def test_a_check_may_wait_for_another_thread(server: SuggestionsServer, dispatch: Any) -> None:
    """That thread reads the source's state, connects, and closes: no lock is held meanwhile."""
    seen: list[Any] = []

    def read() -> None:
        seen.extend((source.full_message, source.state, source.object))
        source.connect("done", lambda source, event: None)

    def check() -> None:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(SOON)
        seen.append(thread.is_alive())

    source = asked(server, TEXT, checking(check), dispatch=dispatch, start=False)
    source.start()
    assert source.wait(SOON)
    assert seen == [TEXT, "suggesting", None, False]
    assert source.object.name == VALUE["name"]


def test_closed_while_it_is_checked(server: SuggestionsServer, dispatch: Any) -> None:
    record = Record()

    def close() -> None:
        source.close()

    source = asked(
        server, TEXT, checking(close), dispatch=dispatch, on=record.handlers(), start=False
    )
    source.start()
    assert source.wait(SOON)
    check_contract(source, record)
    assert source.state == "aborted"
    assert source.object is None


def test_all_of_the_text_is_delivered_before_the_check(
    server: SuggestionsServer, dispatch: Any
) -> None:
    delivered = threading.Event()
    received: list[str] = []

    def note(source: Any, event: Any) -> None:
        received.append(event.detail)
        if "".join(received) == TEXT:
            delivered.set()

    seen: list[bool] = []
    output = checking(lambda: seen.append(delivered.wait(SOON)))
    source = asked(server, TEXT, output, dispatch=dispatch, on={"chunk": note})
    assert source.wait(SOON)
    assert seen == [True]


def test_a_loop_goes_on_while_it_is_checked(
    server: SuggestionsServer, loop_thread: LoopThread
) -> None:
    went_on = threading.Event()
    seen: list[bool] = []

    def check() -> None:
        loop_thread.loop.call_soon_threadsafe(went_on.set)
        seen.append(went_on.wait(SOON))

    source = asked(server, TEXT, checking(check), dispatch=loop_thread.dispatch)
    assert source.wait(SOON)
    assert seen == [True]


def test_a_check_must_not_wait_for_the_answer_itself(server: SuggestionsServer) -> None:
    source = asked(server, TEXT, checking(lambda: source.wait()), start=False)
    source.start()
    error = failure(source)
    assert isinstance(error.__cause__, RuntimeError)


def test_a_late_async_handler_does_not_cost_the_object(
    server: SuggestionsServer, loop_thread: LoopThread
) -> None:
    """Handlers that catch up together get the newest of each, also if one of them is async."""
    objects: list[Any] = []

    async def take(source: Any, event: Any) -> None:
        await asyncio.sleep(0.01)

    source = asked(server, TEXT, SCHEMA, dispatch=loop_thread.dispatch, throttle=0.05)
    source.result(SOON)

    def connect() -> None:
        source.connect("suggestion", take)
        source.connect("object", lambda source, event: objects.append(event.detail))

    loop_thread.loop.call_soon_threadsafe(connect)
    deadline = time.monotonic() + SOON
    while not objects and time.monotonic() < deadline:
        time.sleep(0.01)
    assert objects[-1] == VALUE


def test_a_check_that_exits(server: SuggestionsServer) -> None:
    def leave() -> None:
        raise SystemExit

    record = Record()
    source = asked(server, TEXT, checking(leave), on=record.handlers())
    assert source.wait(SOON)
    check_contract(source, record)
    assert source.state == "error"


# Wrong arguments


@pytest.mark.parametrize(
    ("output", "error", "said"),
    [
        ("a text", TypeError, "not str"),
        (7, TypeError, "not int"),
        (True, TypeError, "not bool"),
        ([SCHEMA], TypeError, "not list"),
        (int, TypeError, "not int"),
        (list[int], TypeError, "not "),
        (dict, TypeError, "not dict"),
        (Person("Ada", 36), TypeError, "an object of Person: pass the class itself"),
        (PersonModel(name="A", age=1), TypeError, "an object of PersonModel: pass the class"),
        ({"type": "objekt"}, ValueError, "output['type'] is no JSON schema: 'objekt'"),
        ({"properties": {"a": {"type": 1}}}, ValueError, "output['properties']['a']['type']"),
        ({"type": object()}, TypeError, "output cannot be sent as JSON"),
        ({"const": float("nan")}, ValueError, "output cannot be sent as JSON"),
    ],
)
def test_a_wrong_output_is_refused_at_the_call(
    output: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        SuggestionsEventSource("Who?", dialect="openai", url="http://127.0.0.1:1/", output=output)
    assert said in str(caught.value)
    if said.startswith(("not", "an object")):
        assert "expected a JSON schema (a dict), a dataclass, a TypedDict or a pydantic" in str(
            caught.value
        )


def test_a_type_without_a_schema_is_refused_at_the_call() -> None:
    @dataclasses.dataclass
    class Odd:
        of: threading.Thread

    with pytest.raises(TypeError, match="output Odd has no JSON schema"):
        SuggestionsEventSource("Who?", dialect="openai", url="http://127.0.0.1:1/", output=Odd)


@pytest.mark.parametrize("dialect", ["jetpack", "chatbot", "text", "relay", "auto"])
def test_a_service_that_takes_no_schema(dialect: str) -> None:
    with pytest.raises(ValueError, match=f"output is not for the dialect '{dialect}'"):
        SuggestionsEventSource("Who?", dialect=dialect, url="http://127.0.0.1:1/", output=SCHEMA)


@pytest.mark.parametrize(
    ("dialect", "options", "named"),
    [
        ("openai", {"response_format": {"type": "json_object"}}, "response_format"),
        ("responses", {"text": {"format": {"type": "text"}}}, "text.format"),
        ("anthropic", {"output_config": {"format": {}}}, "output_config.format"),
        ("ollama", {"format": "json"}, "format"),
    ],
)
def test_the_same_parameter_twice(dialect: str, options: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"output and {named} ask for the same: use one"):
        SuggestionsEventSource(
            "Who?", dialect=dialect, url="http://127.0.0.1:1/", output=SCHEMA, options=options
        )


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("responses", {"text": {"verbosity": "low"}}),
        ("anthropic", {"output_config": {"effort": "low"}}),
    ],
)
def test_what_the_parameter_has_besides(
    server: SuggestionsServer, dialect: str, options: dict[str, Any]
) -> None:
    source = asked(server, TEXT, SCHEMA, dialect=dialect, options=options)
    assert source.wait(SOON)
    sent = server.requests[0].json
    [(name, others)] = options.items()
    assert others.items() < sent[name].items()
    assert sent[name]["format"]["schema"] == SCHEMA
    with pytest.raises(TypeError, match=f"{name} must be a mapping, not str"):
        asked(server, TEXT, SCHEMA, dialect=dialect, options={name: "x"})


# Where else it goes


def test_a_suggester_passes_it_on(server: SuggestionsServer) -> None:
    server.answer([TEXT])
    suggester = Suggester(url=server.url, dialect="openai", output=Person)
    suggester.request("Who?")
    assert suggester.source is not None
    assert suggester.source.wait(SOON)
    assert suggester.source.object == Person(**VALUE)


def test_a_relay_passes_it_on(server: SuggestionsServer) -> None:
    from suggestions.relay import relay

    server.answer(["no", " object"])
    body = b"".join(relay("Who?", url=server.url, dialect="openai", output=Person))
    frames = [json.loads(line[6:]) for line in body.decode().splitlines() if line[:6] == "data: "]
    assert frames[-1]["type"] == "error"
    assert server.requests[0].json["response_format"]["json_schema"]["name"] == "Person"


def test_under_asyncio(server: SuggestionsServer, loop_thread: LoopThread) -> None:
    import asyncio

    source = asked(server, TEXT, start=False)

    async def ask() -> str:
        source.start()
        return await source

    text = asyncio.run_coroutine_threadsafe(ask(), loop_thread.loop).result(SOON)
    assert text == TEXT
    assert source.object == Person(**VALUE)


def test_without_output_there_is_no_object(server: SuggestionsServer) -> None:
    server.answer([TEXT])
    record = Record()
    source = SuggestionsEventSource("Who?", url=server.url, on=record.handlers())
    assert source.wait(SOON)
    assert source.object is None
    assert record.by_name["object"] == []


def test_a_failed_connection_has_no_object(server: SuggestionsServer) -> None:
    server.cut_after(1, [TEXT[:20], TEXT[20:]])
    source = SuggestionsEventSource("Who?", url=server.url, dialect="openai", output=Person)
    assert source.wait(SOON)
    assert source.state == "error"
    assert not isinstance(source.error, OutputError)
    assert source.object is None
