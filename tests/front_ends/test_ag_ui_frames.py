"""`frames="ag-ui"`: each kind of answer and of failure, and its events, which the schemas and the
checks of AG-UI's own packages accept."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest
from answer_kinds import (
    BUSY,
    CITED,
    COUNTS,
    ID,
    PNG,
    SENTENCE,
    STEPS,
    URL,
    a_call,
    check,
    said,
)
from hypothesis import given
from hypothesis import strategies as st
from node_packages import run_node
from packages_beside import run_with
from script import HOLD, Script, data

from suggestions.errors import AbortedError, NetworkError
from suggestions.events import AnswerFile, Citation, Event
from suggestions.relay import AgUiRun, BadRequest, RelayResponse, follow, relay, stop
from suggestions.relay.frames import Wording, make_frames
from suggestions.relay.stores import MemoryStore
from suggestions.relay.tool_result import RelayedResult

CURRENT, OLD, OLDEST = "ag_ui", "ag_ui_0", "ag_ui_oldest"
"""The folders with the packages of version 1.0, of the last one before it, and of 0.0.45, the first
that reads all of it."""
RUN = {"threadId": "thread-1", "runId": "run-1"}


class Same:
    """An id that is not known before, and that is the same each time."""

    def __init__(self) -> None:
        self.id: str | None = None

    def is_that(self, sent: Any) -> bool:
        assert ID.fullmatch(sent), sent
        self.id = self.id or sent
        return bool(self.id == sent)


M1, M2, M3, R1, R2 = (object() for _ in range(5))
"""The ids of the messages of a case."""


def text(*pieces: str, id: Any = M1) -> list[dict[str, Any]]:
    named = {"messageId": id}
    return [
        {"type": "TEXT_MESSAGE_START", **named, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", **named, "delta": piece} for piece in pieces),
        {"type": "TEXT_MESSAGE_END", **named},
    ]


def reasoning(*pieces: str, id: Any = R1) -> list[dict[str, Any]]:
    named = {"messageId": id}
    return [
        {"type": "REASONING_START", **named},
        {"type": "REASONING_MESSAGE_START", **named, "role": "reasoning"},
        *({"type": "REASONING_MESSAGE_CONTENT", **named, "delta": piece} for piece in pieces),
        {"type": "REASONING_MESSAGE_END", **named},
        {"type": "REASONING_END", **named},
    ]


def begun(id: Any, name: str, message: Any = M1) -> dict[str, Any]:
    named = {"toolCallId": id, "toolCallName": name}
    return {"type": "TOOL_CALL_START", **named, "parentMessageId": message}


def piece(id: Any, delta: str) -> dict[str, Any]:
    return {"type": "TOOL_CALL_ARGS", "toolCallId": id, "delta": delta}


def ended(id: Any) -> dict[str, Any]:
    return {"type": "TOOL_CALL_END", "toolCallId": id}


def call(id: Any, name: str, *pieces: str, message: Any = M1) -> list[dict[str, Any]]:
    return [begun(id, name, message), *(piece(id, each) for each in pieces), ended(id)]


def whole(*events: dict[str, Any], reason: str = "stop", **finish: Any) -> list[dict[str, Any]]:
    """An answer with its beginning and its end."""
    about = {"finishReason": reason, **finish.pop("about", {})}
    last = {"type": "RUN_FINISHED", **RUN, "metadata": about, **finish}
    return [{"type": "RUN_STARTED", **RUN}, *events, last]


def failed(*events: dict[str, Any], code: str = "error_network", **error: Any) -> list[Any]:
    told = {"type": "RUN_ERROR", "message": SENTENCE, "code": code, **error}
    return [{"type": "RUN_STARTED", **RUN}, *events, told]


class Case(NamedTuple):
    """What the service sends, and the events that the client gets."""

    steps: list[Any]
    events: list[dict[str, Any]]
    options: dict[str, Any] = {}


TOO_MANY: dict[str, Any] = {"code": "error_quota_exceeded", "metadata": {"retryAfter": 7.0}}

CASES = {
    "text": Case(
        STEPS["text"],
        whole(*text("It is ", "so.")),
    ),
    "text that JSON or UTF-8 cannot write as it is": Case(
        STEPS["text that JSON or UTF-8 cannot write as it is"],
        whole(*text('"a\n\ud800')),
    ),
    "nothing at all": Case(STEPS["nothing at all"], whole()),
    "reasoning, then text": Case(
        STEPS["reasoning, then text"],
        whole(*reasoning("Hm", "."), *text("Yes")),
    ),
    "reasoning twice": Case(
        [
            *(said("reasoning", "Hm"), said("content", "Yes"), said("reasoning", "No")),
            *(said("content", ", no"), said("done")),
        ],
        whole(*reasoning("Hm"), *text("Yes"), *reasoning("No", id=R2), *text(", no")),
    ),
    "two tool calls in pieces that come in turn": Case(
        [
            said("content", "Wait."),
            said("tool_call_chunk", {"index": 0, "id": "c1", "name": "weather", "arguments": ""}),
            said("tool_call_chunk", {"index": 0, "arguments": '{"city": '}),
            said("tool_call_chunk", {"index": 1, "id": "c2", "name": "time", "arguments": "{"}),
            said("tool_call_chunk", {"index": 0, "arguments": '"Oslo"}'}),
            said("tool_call_chunk", {"index": 1, "arguments": "}"}),
            said("content", "Now."),
            said("done", finish_reason="tool_calls"),
        ],
        whole(
            *text("Wait."),
            *(begun("c1", "weather"), piece("c1", '{"city": ')),
            *(begun("c2", "time"), piece("c2", "{")),
            *(piece("c1", '"Oslo"}'), piece("c2", "}")),
            *text("Now."),
            *(ended("c1"), ended("c2")),
            reason="tool_calls",
        ),
    ),
    "a tool call at once, and nothing else": Case(
        [
            said("tool_call", {"index": 0, "id": "c1", "name": "time", "arguments": '{"a": 1}'}),
            said("done", finish_reason="tool_calls"),
        ],
        whole(*call("c1", "time", '{"a": 1}'), reason="tool_calls"),
    ),
    "a tool call whose arguments are no JSON": Case(
        STEPS["a tool call whose arguments are no JSON"],
        whole(*call("c1", "time", '{"a'), reason="length"),
    ),
    "the older kind of call": Case(
        STEPS["the older kind of call"],
        whole(*call(re.compile("call_[0-9a-f]{32}"), "time", "{}"), reason="function_call"),
    ),
    "citations and files": Case(
        [
            said("content", "So it is."),
            said("citation", CITED),
            said("file", {"media_type": "image/png", "url": PNG, "id": "i"}),
            said("done"),
        ],
        whole(
            *text("So it is."),
            {"type": "CUSTOM", "name": "citation", "value": CITED},
            {
                "type": "CUSTOM",
                "name": "file",
                "value": {"media_type": "image/png", "url": PNG, "partial": False, "id": "i"},
            },
        ),
    ),
    "usage": Case(
        STEPS["usage"],
        whole(
            *text("Yes"),
            usage=[
                {
                    "inputTokens": 9,
                    "outputTokens": 5,
                    "totalTokens": 14,
                    "cachedInputTokens": 4,
                    "reasoningTokens": 2,
                }
            ],
        ),
    ),
    "counts that the format does not take": Case(
        [
            said("content", "Yes"),
            said("usage", {**COUNTS, "prompt_tokens": -9, "total_tokens": 2**53}),
            said("done"),
        ],
        whole(*text("Yes"), usage=[{"outputTokens": 5}]),
    ),
    "the text alone": Case(
        STEPS["the text alone"],
        whole(*text("Yes"), reason="tool_calls"),
        {"events": []},
    ),
    "a failure in the stream before the first piece": Case(
        [data(json.dumps(BUSY))],
        failed(**TOO_MANY, message=re.compile("Too many requests.+")),
    ),
    "a failure before the service accepts": Case(
        [],
        [
            {
                "type": "RUN_ERROR",
                "message": re.compile("Too many requests.+"),
                "code": "error_quota_exceeded",
            }
        ],
        {"status": 429},
    ),
    "a failure in mid-text": Case(
        STEPS["a failure in mid-text"],
        failed(*text("It is "), **TOO_MANY, message=re.compile("Too many requests.+")),
    ),
    "a failure in the service's words": Case(
        STEPS["a failure in the service's words"],
        failed(*text("It is "), **TOO_MANY, message=re.compile(".*Slow down.*")),
        {"expose_errors": True},
    ),
    "a failure in the program's words": Case(
        STEPS["a failure in the program's words"],
        failed(**TOO_MANY, message="Oh no."),
        {"error_message": "Oh no."},
    ),
    "an answer that is cut": Case(
        STEPS["an answer that is cut"],
        failed(*reasoning("Hm"), *text("It is ")),
    ),
    "an answer that is cut within a call": Case(
        STEPS["an answer that is cut within a call"],
        failed(begun("c1", "time"), piece("c1", "{")),
    ),
}


def events_in(wire: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in wire.decode().split("\n") if line.startswith("data: ")]


def relayed(steps: list[Any], status: int = 200, **options: Any) -> list[Any]:
    session = Script(steps, status=status).session()
    frames = AgUiRun(RUN)
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames=frames, **options)
    return events_in(b"".join(answer))


def check_events(sent: list[Any], expected: list[Any]) -> None:
    ids: dict[Any, Same] = {}
    check(sent, expected, lambda name, id: ids.setdefault(name, Same()).is_that(id))
    assert len({each.id for each in ids.values()}) == len(ids)


@pytest.mark.parametrize("name", CASES)
def test_each_answer_has_its_events(name: str) -> None:
    case = CASES[name]
    check_events(relayed(case.steps, **case.options), case.events)


def encoded(*events: Event[Any]) -> list[Any]:
    """What events become that only a relay with tools has."""
    source: Any = type("Ended", (), {"finish_reason": "stop", "usage": None, "model": "m1"})()
    frames = make_frames(AgUiRun(RUN), source, Wording(False, None), None)
    frames.message_id = "0" * 32
    return events_in(b"".join(frames.encode(event) for event in events))


WITH_TOOLS = (
    Event("open", None),
    Event("chunk", "Wait."),
    *(a_call("c1"), a_call("c2"), a_call("c3")),
    Event("tool_result", RelayedResult("c1", "weather", {"degrees": 3}, False)),
    Event("tool_result", RelayedResult("c2", "weather", "no such city", True)),
    Event("tool_result", RelayedResult("c3", "weather", [1], True)),
    Event("tool_result", RelayedResult("c9", "weather", "of no call", False)),
    Event("step", None),
    Event("open", None),
    a_call("c4"),
    Event("tool_result", RelayedResult("c4", "weather", "3 degrees", False)),
    Event("step", None),
    *(a_call("c4"), a_call("c4")),
    Event("chunk", "Still."),
    Event("done", "Wait.Still."),
)


def test_tools_that_run_in_the_relay() -> None:
    arguments, failure = '{"city": "Oslo"}', {"metadata": {"isError": True}}

    def result(id: str, content: str, **more: Any) -> dict[str, Any]:
        told = {"type": "TOOL_CALL_RESULT", "messageId": ID, "toolCallId": id, "content": content}
        return {**told, "role": "tool", **more}

    another = re.compile("call_[0-9a-f]{32}")
    check_events(
        encoded(*WITH_TOOLS),
        whole(
            *text("Wait."),
            *(each for id in ("c1", "c2", "c3") for each in call(id, "weather", arguments)),
            result("c1", '{"degrees": 3}'),
            result("c2", "no such city", **failure),
            result("c3", "[1]", **failure),
            *call("c4", "weather", arguments, message=M2),
            result("c4", "3 degrees"),
            # Some services count the ids of calls anew in each answer, or have one for all.
            *call(another, "weather", arguments, message=M3),
            *call(another, "weather", arguments, message=M3),
            *text("Still.", id=M3),
            about={"model": "m1"},
        ),
    )


def test_an_answer_that_the_program_stops() -> None:
    session = Script([said("content", "It is "), HOLD]).session()
    frames = AgUiRun(RUN)
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames=frames)
    wire = b""
    for sent in answer:
        wire += sent
        if b"It is" in wire:
            answer.close()
    last = {"type": "RUN_FINISHED", **RUN, "outcome": {"type": "cancelled"}}
    check_events(events_in(wire), [{"type": "RUN_STARTED", **RUN}, *text("It is "), last])


def test_a_call_that_is_stopped_is_not_for_the_client_to_run() -> None:
    steps = [said("tool_call_chunk", {"index": 0, "id": "c1", "name": "time", "arguments": "{"})]
    session = Script([*steps, HOLD]).session()
    frames = AgUiRun(RUN)
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames=frames)
    wire = b""
    for sent in answer:
        wire += sent
        if b"TOOL_CALL_ARGS" in wire:
            answer.close()
    expected = failed(begun("c1", "time"), piece("c1", "{"), code="abort")
    expected[-1]["message"] = re.compile(".*stopped.*|Sorry.*")
    check_events(events_in(wire), expected)


def test_the_ids_of_a_run_are_those_of_the_client_or_new_ones() -> None:
    session = Script([said("done")]).session()
    answer = relay("Why?", dialect="relay", url=URL, session=session, frames="ag-ui")
    first, last = events_in(b"".join(answer))
    assert (first["type"], last["type"]) == ("RUN_STARTED", "RUN_FINISHED")
    for name in ("threadId", "runId"):
        assert ID.fullmatch(first[name])
        assert first[name] == last[name]
    assert first["runId"] != first["threadId"]
    with pytest.raises(BadRequest, match=r"^runId must be a text, not NoneType$"):
        AgUiRun({"threadId": "t"})
    with pytest.raises(BadRequest, match=r"^the body must be an object with 'threadId' and 'runI"):
        AgUiRun("thread-1")


def stored(steps: list[Any], store: MemoryStore) -> RelayResponse:
    session, frames = Script(steps).session(), AgUiRun(RUN)
    return relay(
        "Why?", dialect="relay", url=URL, session=session, frames=frames, store=store, id="a-1"
    )


def test_an_answer_in_a_store_has_its_id() -> None:
    store = MemoryStore()
    wire = b"".join(stored([said("content", "Yes"), said("done")], store))
    check_events(events_in(wire), whole(*text("Yes", id="a-1")))
    assert b"".join(follow("a-1", store=store, frames="ag-ui")) == wire


def test_an_answer_in_a_store_that_is_stopped() -> None:
    store = MemoryStore()
    wire = b""
    for sent in stored([said("content", "Yes"), HOLD], store):
        wire += sent
        if b"Yes" in wire:
            stop("a-1", store=store)
    last = {"type": "RUN_ERROR", "message": "The answer was stopped.", "code": "abort"}
    open_text = text("Yes", id="a-1")[:-1]
    check_events(events_in(wire), [{"type": "RUN_STARTED", **RUN}, *open_text, last])
    each = run_node(CURRENT, VERIFY, {"stopped": events_in(wire)})["made"]["stopped"]
    assert (each["refused"], each["error"], each["told"]) == ([], None, [last["message"]])


def test_events_of_other_formats_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^events has 'object': with frames='ag-ui', expected a"):
        relay("Why?", dialect="relay", url=URL, frames=AgUiRun(RUN), events=["object"])


EVENTS = st.one_of(
    st.sampled_from(["chunk", "reasoning"]).flatmap(
        lambda kind: st.text(min_size=1, max_size=3).map(lambda text: Event(kind, text))
    ),
    st.integers(1, 9).map(lambda number: a_call(f"c{number}")),
    st.integers(1, 9).map(
        lambda n: Event("tool_result", RelayedResult(f"c{n}", "weather", "3", False))
    ),
    st.builds(lambda: Event("citation", Citation("https://a.example"))),
    st.booleans().map(lambda partial: Event("file", AnswerFile("image/png", PNG, partial))),
    st.sampled_from([Event("step", None), Event("open", None)]),
)
ENDS = st.sampled_from(
    [
        *(Event("done", ""), Event("abort", "")),
        Event("error", NetworkError("The network is down.")),
        Event("error", AbortedError("The answer was stopped.")),
    ]
)


@given(st.lists(EVENTS, max_size=12), ENDS)
def test_whatever_comes_the_events_fit_into_each_other(events: list[Any], end: Any) -> None:
    sent = encoded(*events, end)
    opened: set[tuple[str, str]] = set()
    calls: list[str] = []
    for place, each in enumerate(sent):
        kind, _, what = each["type"].rpartition("_")
        assert (each["type"] == "RUN_STARTED") == (place == 0 and each["type"] != "RUN_ERROR")
        id = each.get("toolCallId", each.get("messageId", ""))
        if what == "START":
            assert (kind, id) not in opened
            opened.add((kind, id))
            if kind == "TOOL_CALL":
                assert id not in calls
                calls.append(id)
        elif what in ("CONTENT", "ARGS", "END"):
            assert (kind, id) in opened
            if what == "END":
                opened.remove((kind, id))
        elif what == "RESULT":
            assert id in calls
    assert not opened
    assert sent[-1]["type"] in ("RUN_FINISHED", "RUN_ERROR")
    for name, kind in (("chunk", "TEXT_MESSAGE"), ("reasoning", "REASONING_MESSAGE")):
        told = "".join(each.detail for each in events if each.type == name)
        deltas = [each["delta"] for each in sent if each["type"] == f"{kind}_CONTENT"]
        assert told == "".join(deltas)


# The packages' own opinion

VERIFY = """
import { verifyEvents, AbstractAgent } from "@ag-ui/client";
import * as core from "@ag-ui/core";
import { from, lastValueFrom, toArray } from "rxjs";
import { readFileSync } from "node:fs";
let { EventSchemas } = core;
EventSchemas ??= (await import("@ag-ui/core/schemas")).EventSchemas;
class Agent extends AbstractAgent {
    constructor(events) { super({ threadId: "thread-1" }); this.events = events; }
    run() { return from(this.events); }
}
const warnings = [];
console.warn = (...said) => warnings.push(said.join(" "));
const made = {};
for (const [name, events] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
    const refused = events.map((event) => [event, EventSchemas.safeParse(event)])
        .filter(([, result]) => !result.success)
        .map(([event, result]) => [event, String(result.error)]);
    let error = null;
    try {
        await lastValueFrom(from(events).pipe(verifyEvents(), toArray()));
    } catch (raised) { error = String(raised); }
    const agent = new Agent(events);
    const told = [];
    let failed = null;
    try {
        await agent.runAgent({ runId: "run-1" }, {
            onRunErrorEvent: ({ event }) => { told.push(event.message); },
        });
    } catch (raised) { failed = String(raised); }
    made[name] = { refused, error, told, failed, messages: agent.messages };
}
console.log(JSON.stringify({ made, warnings }));
"""


def all_events() -> dict[str, list[Any]]:
    sent = {name: relayed(case.steps, **case.options) for name, case in CASES.items()}
    return {**sent, "tools": encoded(*WITH_TOOLS)}


@pytest.mark.parametrize("version", [CURRENT, OLD, OLDEST])
def test_the_client_accepts_every_sequence(version: str) -> None:
    sent = all_events()
    seen = run_node(version, VERIFY, sent)
    assert seen["warnings"] == []
    for name, each in seen["made"].items():
        assert (each["refused"], each["error"]) == ([], None), name
        last = sent[name][-1]
        assert each["told"] == ([last["message"]] if last["type"] == "RUN_ERROR" else []), name
    messages = {name: each["messages"] for name, each in seen["made"].items()}
    assert [each["content"] for each in messages["text"]] == ["It is so."]
    thought, said = messages["reasoning, then text"]
    assert (thought["role"], thought["content"], said["content"]) == ("reasoning", "Hm.", "Yes")
    [answer] = messages["two tool calls in pieces that come in turn"]
    assert answer["content"] == "Wait.Now."
    assert [each["function"]["arguments"] for each in answer["toolCalls"]] == [
        *('{"city": "Oslo"}', "{}")
    ]
    roles = [message["role"] for message in messages["tools"]]
    assert roles == ["assistant", "tool", "tool", "tool", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(("version", "accepts"), [(CURRENT, True), (OLD, False)])
def test_the_end_of_a_stopped_answer_is_of_version_1(version: str, accepts: bool) -> None:
    sent = encoded(Event("open", None), Event("chunk", "It is "), Event("abort", "It is "))
    each = run_node(version, VERIFY, {"stopped": sent})["made"]["stopped"]
    assert (each["refused"] == []) is accepts
    assert each["error"] is None


MODELS = """
import json, sys
from pydantic import TypeAdapter
from ag_ui.core import Event
event, refused = TypeAdapter(Event), []
for name, events in json.load(sys.stdin).items():
    for each in events:
        try:
            made = event.validate_python(each)
        except ValueError as error:
            refused.append([name, str(error)])
            continue
        known = set(type(made).model_fields)
        unknown = set(made.model_extra or {}) - known
        if unknown:
            refused.append([name, sorted(unknown)])
json.dump(refused, sys.stdout)
"""


def test_the_python_models_accept_every_event() -> None:
    sent = all_events()
    sent["stopped"] = encoded(Event("open", None), Event("abort", ""))
    assert json.loads(run_with("ag_ui", "-c", MODELS, input=json.dumps(sent))) == []
