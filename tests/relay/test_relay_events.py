"""What a relay sends besides the text: by default, if asked for, and read back by a client."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from contract import Record, check_contract
from script import DONE, HOLD, Script, chunk, data
from wire_server import Server, answering, sized

from suggestions import SuggestionsEventSource
from suggestions.dialects.openai import OpenAI
from suggestions.events import AnswerFile, Citation, ToolCall, Usage
from suggestions.relay import RelayResponse, relay

sys.path.append(str(Path(__file__).parents[1] / "dialects"))
from wires import WIRES
from wires.wire import Wire

URL = "https://service.example/ask"
EVENTS = (
    *("reasoning", "tool_call_chunk", "tool_call", "function_done"),
    *("citation", "file", "usage"),
)
OF_OPENAI = ("reasoning", "tool_call", "function_done", "citation", "file", "usage")
PNG = "data:image/png;base64,iVBORw0KGgo="


def frame(kind: str, said: Any = None, **fields: Any) -> bytes:
    return data(json.dumps({"type": kind, **({"data": said} if said else {}), **fields}))


COUNTS = {
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "total_tokens": 14,
    "details": {"prompt_tokens": 9, "cost": 0.25},
    "cached_tokens": 4,
    "reasoning_tokens": 2,
}
CALLS = [
    {"index": 0, "id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
    {"index": 1, "id": "c2", "name": "time", "arguments": "{}"},
]
CITED = {"url": "https://a.example", "title": "A", "start": 1, "end": 4, "quote": "Said."}
NAMED = {"url": "https://b.example", "title": "", "start": None, "end": None, "quote": ""}
PREVIEW = {"media_type": "image/png", "url": PNG[:-4], "partial": True, "id": "i1"}
IMAGE = {"media_type": "image/png", "url": PNG, "partial": False, "id": "i1"}
ALL = [
    frame("reasoning", "Hm."),
    frame("content", "It is "),
    frame("citation", CITED),
    frame("citation", NAMED),
    frame("file", PREVIEW),
    frame("tool_call_chunk", {**CALLS[0], "arguments": ""}),
    frame("tool_call_chunk", {"index": 0, "arguments": '{"city": '}),
    frame("tool_call_chunk", {"index": 1, "id": "c2", "name": "time", "arguments": ""}),
    frame("tool_call_chunk", {"index": 0, "arguments": '"Oslo"}'}),
    frame("content", "cold."),
    frame("file", IMAGE),
    *(frame("tool_call", call) for call in CALLS),
    frame("usage", COUNTS),
    frame("done", finish_reason="tool_calls"),
]
"""An answer that has everything, as a relay sends it."""


def listen(steps: list[Any], dialect: Any = "relay") -> tuple[SuggestionsEventSource, Record]:
    record = Record()
    source = SuggestionsEventSource(
        "Why?", dialect=dialect, url=URL, session=Script(steps).session(), on=record.handlers()
    )
    assert source.wait(20)
    check_contract(source, record)
    return source, record


def relayed(steps: list[Any], dialect: Any = "relay", **options: Any) -> bytes:
    session = Script(steps).session()
    return b"".join(relay("Why?", dialect=dialect, url=URL, session=session, **options))


def frames_in(wire: bytes) -> list[Any]:
    lines = [line for line in wire.decode().split("\n") if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


# Our own frames


def test_a_client_of_a_relay_gets_the_events() -> None:
    source, record = listen(ALL)
    received = record.by_name
    assert received["done"] == ["It is cold."]
    assert received["reasoning"] == ["Hm."]
    assert received["citation"] == [Citation(**CITED), Citation(**NAMED)] == [*source.citations]
    assert received["file"] == [AnswerFile(**PREVIEW), AnswerFile(**IMAGE)]
    assert source.files == (AnswerFile(**IMAGE),)
    assert [call.arguments for call in received["tool_call_chunk"] if call.id == "c1"] == [
        "",
        '{"city": ',
        '{"city": "Oslo"}',
        '{"city": "Oslo"}',
    ]
    calls = [ToolCall("c1", "weather", '{"city": "Oslo"}'), ToolCall("c2", "time", "{}")]
    assert received["tool_call"] == calls
    assert received["usage"] == [Usage(**COUNTS)]
    assert source.finish_reason == "tool_calls"


def test_by_default_a_browser_gets_the_text_alone() -> None:
    frames = frames_in(relayed(ALL))
    assert [frame["type"] for frame in frames] == ["content", "content", "done"]
    counts = {name: count for name, count in COUNTS.items() if name != "details"}
    assert frames[-1] == {"type": "done", "finish_reason": "tool_calls", "usage": counts}
    source, _ = listen([relayed(ALL)])
    assert source.finish_reason == "tool_calls"
    assert source.usage is not None
    assert source.usage._replace(details={}) == Usage(**{**COUNTS, "details": {}})


@pytest.mark.parametrize("seconds", ["7", "0.5", None])
def test_an_error_says_how_long_to_wait(seconds: str | None) -> None:
    headers = {} if seconds is None else {"Retry-After": seconds}
    script = Script([b"{}"], status=429, content_type="application/json", headers=headers)
    wire = b"".join(relay("Why?", dialect="relay", url=URL, session=script.session()))
    [error] = frames_in(wire)
    expected = None if seconds is None else float(seconds)
    assert error.get("retry_after") == expected
    source, record = listen([wire])
    assert [told.retry_after for told in record.by_name["error"]] == [expected]
    assert source.state == "error"


@pytest.mark.parametrize("wrong", ["soon", True, -1, [], None, 1e12])
def test_a_wait_that_is_none_is_no_wait(wrong: Any) -> None:
    error = frame("error", error="No.", code="error_quota_exceeded", retry_after=wrong)
    source, _ = listen([error])
    assert source.error is not None
    assert source.error.retry_after is None


@pytest.mark.parametrize("wrong", ["many", 3, [], None])
def test_counts_that_are_none_are_no_counts(wrong: Any) -> None:
    source, record = listen([frame("content", "Hi"), frame("done", usage=wrong, finish_reason=3)])
    assert record.by_name["done"] == ["Hi"]
    assert source.usage is None


@pytest.mark.parametrize("name", EVENTS)
def test_a_browser_gets_the_events_that_the_program_names(name: str) -> None:
    kinds = {frame["type"] for frame in frames_in(relayed(ALL, events=[name]))}
    assert kinds == {"content", "done", *({name} - {"function_done"})}


def test_two_relays_one_behind_the_other_lose_nothing() -> None:
    once = relayed(ALL, events=EVENTS)
    twice = relayed([once], events=EVENTS)
    assert frames_in(once) == frames_in(twice)
    one, received = listen(ALL)
    other, again = listen([twice])
    for name in ("chunk", "reasoning", "citation", "file", "tool_call", "usage", "done"):
        assert again.by_name[name] == received.by_name[name], name
    assert other.message == one.message
    assert other.finish_reason == one.finish_reason


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
@pytest.mark.parametrize("frames", ["relay", "openai"])
def test_any_wire_is_the_same_after_a_relay(wire: Wire, frames: Any) -> None:
    def script() -> Script:
        return Script(
            [wire.body],
            status=wire.status,
            content_type=wire.content_type,
            headers=dict(wire.headers),
        )

    source = SuggestionsEventSource(
        "Why?", dialect=wire.dialect, url=URL, session=script().session()
    )
    source.connect("error", lambda source, event: None)
    assert source.wait(10)
    events = {"relay": EVENTS, "openai": OF_OPENAI}[frames]
    passed = relay(
        "Why?",
        dialect=wire.dialect,
        url=URL,
        session=script().session(),
        frames=frames,
        events=events,
    )
    again, _ = listen([b"".join(passed)], frames)
    assert again.full_message == source.full_message
    assert again.reasoning == source.reasoning
    assert again.full_function_call == source.full_function_call
    assert [_as_json(call) for call in again.tool_calls] == [
        _as_json(call) for call in source.tool_calls
    ]
    if source.state == "done":
        reason = source.finish_reason or "stop"
        if frames == "openai" and (source.tool_calls or source.full_function_call):
            reason = "tool_calls" if source.tool_calls else "function_call"
        assert (again.finish_reason or "stop") == reason
        assert _counts(again.usage) == _counts(source.usage)
    code = source.error and source.error.code
    assert (again.state, again.error and again.error.code) == (source.state, code)


def _as_json(call: ToolCall) -> tuple[str, Any]:
    """Some dialects make up the ids that are not there."""
    try:
        return call.name, json.loads(call.arguments)
    except ValueError:
        return call.name, call.arguments


def _counts(usage: Usage | None) -> Any:
    return usage and usage._replace(details={})


def test_what_json_cannot_say_is_null_in_a_browser() -> None:
    counts = '{"prompt_tokens": 1, "completion_tokens": 1, "cost": NaN, "rate": 1e999}'
    steps = [chunk("Hi"), data('{"choices": [], "usage": ' + counts + "}"), DONE]
    wire = relayed(steps, OpenAI(model="m"), events=["usage"])
    assert b"NaN" not in wire
    [usage] = [frame["data"] for frame in frames_in(wire) if frame["type"] == "usage"]
    assert (usage["details"]["cost"], usage["details"]["rate"]) == (None, None)


def test_an_object_is_sent_once_it_is_whole() -> None:
    steps = [*(chunk(piece) for piece in ('{"na', 'me": "A', 'da"}')), DONE]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    wire = relayed(steps, OpenAI(model="m"), output=schema, events=["object"])
    *pieces, last, done = frames_in(wire)
    assert {frame["type"] for frame in pieces} == {"content"}
    assert last == {"type": "object", "data": {"name": "Ada"}}
    assert done == {"type": "done"}
    source, _ = listen([wire])
    assert source.result(1) == '{"name": "Ada"}'


OTHERS = [
    *(frame(kind, "words") for kind in ("tool_call", "citation", "file", "usage", "object")),
    *(frame(kind, [1]) for kind in ("reasoning", "tool_call", "function_done", "usage")),
    frame("reasoning"),
    frame("usage", usage={"prompt_tokens": 1}),
    frame("citation", number=1),
]


def test_frames_of_another_backend_with_the_same_names_are_no_failure() -> None:
    source, record = listen([frame("content", "Hi"), *OTHERS, frame("done")])
    assert source.result(1) == "Hi"
    assert not any(record.by_name[name] for name in (*EVENTS, "tool_call_chunk"))


def test_no_opaque_part_reaches_a_browser() -> None:
    """Signed thinking goes back to its service, in the program's own history, and nowhere else."""
    blocks = [
        ("message_start", {"message": {"id": "m", "model": "m", "usage": {}}}),
        ("content_block_start", {"index": 0, "content_block": {"type": "thinking"}}),
        (
            "content_block_delta",
            {"index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        ),
        (
            "content_block_delta",
            {"index": 0, "delta": {"type": "signature_delta", "signature": "c2lnbmVk"}},
        ),
        ("content_block_stop", {"index": 0}),
        (
            "content_block_start",
            {"index": 1, "content_block": {"type": "redacted_thinking", "data": "c2VjcmV0"}},
        ),
        ("content_block_stop", {"index": 1}),
        ("content_block_start", {"index": 2, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 2, "delta": {"type": "text_delta", "text": "Hi"}}),
        ("content_block_stop", {"index": 2}),
        ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}),
        ("message_stop", {}),
    ]
    steps = [
        f"event: {kind}\n".encode() + data(json.dumps({"type": kind, **fields}))
        for kind, fields in blocks
    ]
    for options in ({"frames": "relay", "events": EVENTS}, {"frames": "openai"}):
        wire = relayed(steps, "anthropic", **options)
        assert b"Hm." in wire
        assert b"Hi" in wire
        assert b"c2lnbmVk" not in wire
        assert b"c2VjcmV0" not in wire


# Linear


def pieces(count: int) -> list[bytes]:
    """A call whose arguments come in so many pieces."""
    first = {"index": 0, "id": "c1", "function": {"name": "save", "arguments": '{"text": "'}}
    piece = chunk(tool_calls=[{"index": 0, "function": {"arguments": "x" * 10}}])
    last = chunk(tool_calls=[{"index": 0, "function": {"arguments": '"}'}}])
    return [chunk(tool_calls=[first]), piece * count, last, chunk(finish="tool_calls"), DONE]


@pytest.mark.parametrize(
    "options",
    [{"frames": "openai"}, {"frames": "relay", "events": ["tool_call_chunk"]}],
    ids=["openai", "relay"],
)
def test_a_long_call_in_many_pieces_takes_no_quadratic_time(options: Any) -> None:
    began = time.perf_counter()
    wire = relayed(pieces(20_000), OpenAI(model="m"), **options)
    assert time.perf_counter() - began < 20
    assert len(wire) < 300 * 20_000
    assert wire.count(b"x" * 10) == 20_000


# OpenAI's frames, read by OpenAI's own client


def completion_of(wire: bytes) -> Any:
    """What the client's own helper makes of the frames."""
    messages: Any = [{"role": "user", "content": "Why?"}]
    with (
        Server(answering(sized("200 OK", wire))) as server,
        openai.OpenAI(api_key="key", base_url=server.url) as client,
        client.chat.completions.stream(model="m", messages=messages) as stream,
    ):
        for _ in stream:
            pass
        return stream.get_final_completion()


def test_the_openai_package_reads_everything() -> None:
    usage_wanted = {"include_usage": True}
    completion = completion_of(relayed(ALL, frames="openai", stream_options=usage_wanted))
    [choice] = completion.choices
    message = choice.message
    assert message.content == "It is cold."
    assert message.reasoning_content == "Hm."
    assert choice.finish_reason == "tool_calls"
    assert [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls] == [
        ("c1", "weather", '{"city": "Oslo"}'),
        ("c2", "time", "{}"),
    ]
    first, second = message.annotations
    cited = first.url_citation
    assert (cited.url, cited.title, cited.start_index, cited.end_index) == (
        *(CITED[name] for name in ("url", "title", "start", "end")),
    )
    assert second.url_citation.url == "https://b.example"
    [image] = message.images  # the preview is no image of the answer
    assert image["image_url"]["url"] == PNG
    usage = completion.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (9, 5, 14)
    assert usage.prompt_tokens_details.cached_tokens == 4
    assert usage.completion_tokens_details.reasoning_tokens == 2


CALLING = {
    name: wire for name, wire in WIRES.items() if wire.received.calls and not wire.received.error
}


@pytest.mark.parametrize("wire", CALLING.values(), ids=CALLING)
def test_the_openai_package_assembles_the_same_calls(wire: Wire) -> None:
    passed = relay(
        "Why?",
        dialect=wire.dialect,
        url=URL,
        session=Script([wire.body], content_type=wire.content_type).session(),
        frames="openai",
    )
    message = completion_of(b"".join(passed)).choices[0].message
    source = passed.source
    assert source is not None
    calls = [ToolCall(c.id, c.function.name, c.function.arguments) for c in message.tool_calls]
    assert [call.id for call in calls] == [call.id for call in source.tool_calls]
    assert [*map(_as_json, calls)] == [*map(_as_json, source.tool_calls)]


def test_each_piece_of_a_call_is_sent_as_it_comes() -> None:
    def until(wanted: Callable[[bytes], bool]) -> None:
        wire = b""
        for sent in response:
            wire += sent
            if wanted(wire):
                return

    first = {"index": 0, "id": "c1", "function": {"name": "save", "arguments": '{"te'}}
    response: RelayResponse = relay(
        "Why?",
        dialect=OpenAI(model="m"),
        url=URL,
        session=Script([chunk(tool_calls=[first]), HOLD]).session(),
        frames="openai",
    )
    until(lambda wire: b'{\\"te' in wire)
    response.close()


# Arguments


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"events": "usage"}, TypeError, "events must be a list of names, not str"),
        ({"events": 5}, TypeError, "events must be a list of names, not int"),
        ({"events": ["chunk"]}, ValueError, "events has 'chunk': .* expected any of reasoning"),
        ({"events": [None]}, ValueError, "events has None"),
        (
            {"events": ["object"], "frames": "openai"},
            ValueError,
            "events has 'object': with frames='openai', expected any of reasoning, tool_call",
        ),
    ],
)
def test_wrong_events_raise_at_the_call(options: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        relay("Why?", dialect="relay", url=URL, **options)


def test_openai_frames_may_have_less() -> None:
    wire = relayed(ALL, frames="openai", events=["citation"])
    assert b"annotations" in wire
    assert b"Hm." not in wire
    assert b"weather" not in wire
    assert b"usage" not in wire
