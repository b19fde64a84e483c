"""Tools that run in the relay: several answers of a service are one to the browser."""

from __future__ import annotations

import asyncio
import contextvars
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
import requests
import waiting
from redis_server import RedisServer
from requests.adapters import HTTPAdapter
from script import DONE, Script, chunk

from suggestions import SuggestionsEventSource, Tool
from suggestions.conversation import ToolsError
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground
from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import MemoryStore, Store

trio: Any = pytest.importorskip("trio")

SOON = waiting.SOON
KINDS: dict[str, Any] = {
    "anthropic": Anthropic,
    "responses": Responses,
    "openai": OpenAI,
    "ollama": Ollama,
}
WEATHER_AND_NUMBER = 'Get weather for "Paris", and calculate 3 + 4'
EVENTS = ("tool_call", "tool_result")


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


class Counting(HTTPAdapter):
    """Keeps the bodies of the questions."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> Any:
        self.asked.append(json.loads(request.body or b"{}"))
        return super().send(request, *args, **named)


class Service:
    """The playground, as one dialect, and what it was asked."""

    def __init__(self, playground: Playground, kind: str) -> None:
        url = getattr(playground, f"{kind}_url")
        self.dialect = KINDS[kind](url, "key", "playground")
        self._adapter = Counting()
        self._session = requests.Session()
        self._session.mount("http://", self._adapter)

    @property
    def asked(self) -> list[Any]:
        return self._adapter.asked

    def relay(self, messages: Any, tools: Any, **options: Any) -> RelayResponse:
        given = {"dialect": self.dialect, "session": self._session, "events": EVENTS, **options}
        return relay(messages, tools=tools, timeouts={"total": SOON}, **given)


@pytest.fixture
def service(playground: Playground) -> Service:
    return Service(playground, "openai")


# The ways to send a response


Until = Callable[[bytes], bool]


def the_end(wire: bytes) -> bool:
    return False


def the_call(wire: bytes) -> bool:
    return b'"tool_call"' in wire


async def sent_by_task(response: RelayResponse, until: Until = the_end) -> bytes:
    """All of it, or what has been sent when the browser leaves."""
    wire = b""
    async with aclosing(response.__aiter__()) as stream:
        async for data in stream:
            wire += data
            if until(wire):
                break
    return wire


def by_thread(response: RelayResponse, until: Until = the_end) -> bytes:
    wire = b""
    stream: Any = iter(response)
    try:
        for data in stream:
            wire += data
            if until(wire):
                break
    finally:
        stream.close()
    return wire


def by_asyncio(response: RelayResponse, until: Until = the_end) -> bytes:
    return asyncio.run(sent_by_task(response, until))


def by_trio(response: RelayResponse, until: Until = the_end) -> bytes:
    sent: bytes = trio.run(sent_by_task, response, until)
    return sent


Way = Callable[..., bytes]
WAYS = {"thread": by_thread, "asyncio": by_asyncio, "trio": by_trio}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture(params=["connection", "store"])
def kept(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Without a store, and with one."""
    return {} if request.param == "connection" else {"store": MemoryStore()}


def frames_in(wire: bytes) -> list[Any]:
    lines = [line for line in wire.decode().split("\n") if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def data_of(frames: list[Any], kind: str) -> list[Any]:
    return [frame["data"] for frame in frames if frame["type"] == kind]


def get_weather(city: str, days: int = 1) -> dict[str, Any]:
    """The weather in a city."""
    return {"city": city, "degrees": 18}


def calculate(first: int, second: int) -> int:
    """The sum."""
    return first + second


async def look_up(word: str = "") -> list[str]:
    """The meanings of a word."""
    await asyncio.sleep(0)
    return ["a", "b"]


# What a browser gets


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_after_two_calls_comes_in_the_same_response(
    playground: Playground, kind: str, way: Way, kept: dict[str, Any]
) -> None:
    service = Service(playground, kind)
    pieces, texts = list[str](), list[str]()
    response = service.relay(
        WEATHER_AND_NUMBER,
        [get_weather, calculate],
        on_content=pieces.append,
        on_complete=texts.append,
        **kept,
    )
    frames = frames_in(way(response))
    calls, results = data_of(frames, "tool_call"), data_of(frames, "tool_result")
    assert [call["name"] for call in calls] == ["get_weather", "calculate"]
    assert {result["call_id"] for result in results} == {call["id"] for call in calls}
    by_name = {result["name"]: result for result in results}
    assert by_name["get_weather"]["output"] == {"city": "Paris", "degrees": 18}
    assert by_name["calculate"]["output"].isdigit()
    assert not any(result["is_error"] for result in results)
    text = "".join(data_of(frames, "content"))
    assert text.endswith("That is **all** I needed to know.")
    assert "".join(pieces) == text
    assert texts == [text]
    kinds = [frame["type"] for frame in frames]
    assert kinds.count("done") == 1
    assert kinds.index("tool_call") < kinds.index("tool_result") < kinds.index("content")
    assert frames[-1]["finish_reason"] == "stop"
    assert len(service.asked) == 2


def test_by_default_a_browser_gets_the_text_of_all_answers(service: Service, way: Way) -> None:
    frames = frames_in(way(service.relay(WEATHER_AND_NUMBER, [get_weather], events=None)))
    assert {frame["type"] for frame in frames} == {"content", "done"}
    assert "The tool answered:" in "".join(data_of(frames, "content"))


def test_the_counts_are_those_of_all_answers(playground: Playground) -> None:
    service = Service(playground, "anthropic")
    response = service.relay(WEATHER_AND_NUMBER, [get_weather], events=["usage"])
    frames = frames_in(by_thread(response))
    each = data_of(frames, "usage")
    assert len(each) == 2
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert frames[-1]["usage"][name] == sum(one[name] for one in each) > 0


def test_a_desktop_client_reads_it(service: Service) -> None:
    wire = by_thread(service.relay(WEATHER_AND_NUMBER, [get_weather, calculate]))
    session = Script([wire]).session()
    url = "https://relay.example/ask"
    source = SuggestionsEventSource("Why?", dialect="relay", url=url, session=session)
    assert source.result(SOON) == "".join(data_of(frames_in(wire), "content"))
    assert [call.name for call in source.tool_calls] == ["get_weather", "calculate"]


def test_the_indexes_of_calls_go_on_after_a_step() -> None:
    def call(id: str) -> dict[str, Any]:
        function = {"name": "again", "arguments": "{}"}
        return {"index": 0, "id": id, "type": "function", "function": function}

    script = Script([])
    rounds = iter([[chunk(tool_calls=[call("c1")])], [chunk(tool_calls=[call("c2")])]])

    def again() -> str:
        """Again."""
        script.answer([*next(rounds, [chunk("Over.")]), chunk(finish="stop"), DONE])
        return "[not JSON"

    script.answer([*next(rounds), chunk(finish="tool_calls"), DONE])
    events = ["tool_call_chunk", "tool_call", "tool_result"]
    response = relay(
        "Why?",
        tools=[again],
        dialect=OpenAI("https://service.example", "key", "m"),
        session=script.session(),
        events=events,
    )
    frames = frames_in(by_thread(response))
    for kind in ("tool_call_chunk", "tool_call"):
        told = data_of(frames, kind)
        assert [(call["index"], call["id"]) for call in told] == [(0, "c1"), (1, "c2")]
    assert [told["output"] for told in data_of(frames, "tool_result")] == ["[not JSON"] * 2
    assert "".join(data_of(frames, "content")) == "Over."


# What tools do


def test_async_and_plain_tools(service: Service, way: Way, kept: dict[str, Any]) -> None:
    on = list[str]()

    async def look_up() -> list[str]:
        """The meanings of a word."""
        sleep = trio.sleep if way is by_trio else asyncio.sleep
        await sleep(0.01)
        on.append(threading.current_thread().name)
        return ["a", "b"]

    frames = frames_in(way(service.relay("look up, calculate 1", [look_up, calculate], **kept)))
    by_name = {told["name"]: told["output"] for told in data_of(frames, "tool_result")}
    assert by_name["look_up"] == ["a", "b"]
    assert by_name["calculate"].isdigit()
    assert (on == ["MainThread"]) == (way is not by_thread)
    assert frames[-1]["type"] == "done"


@pytest.mark.parametrize("exposed", [False, True])
def test_what_a_tool_raised_is_for_the_model_alone(
    service: Service, way: Way, kept: dict[str, Any], exposed: bool
) -> None:
    def fail_now() -> None:
        raise LookupError("no such thing")

    response = service.relay("fail now", [fail_now], expose_errors=exposed, **kept)
    [result] = data_of(frames_in(way(response)), "tool_result")
    assert ("no such thing" in result["output"]) == exposed
    assert "no such thing" in str(service.asked[-1])


def test_what_goes_wrong_in_a_tool_is_a_result(
    service: Service, way: Way, kept: dict[str, Any]
) -> None:
    is_over = threading.Event()

    def fail_now() -> None:
        raise LookupError("no such thing")

    def hang_now() -> None:
        is_over.wait(SOON)

    async def sleep_now() -> None:
        await (trio.sleep if way is by_trio else asyncio.sleep)(SOON)

    def refuse_now() -> None:
        raise AssertionError

    response = service.relay(
        "fail now, hang now, sleep now, refuse now",
        [fail_now, hang_now, sleep_now, refuse_now],
        tool_timeout=0.2,
        approve=lambda call, arguments: call.name != "refuse_now",
        **kept,
    )
    frames = frames_in(way(response))
    is_over.set()
    results = data_of(frames, "tool_result")
    said = {told["name"]: told["output"] for told in results}
    assert all(told["is_error"] for told in results)
    assert said == {
        "fail_now": "fail_now failed.",
        "hang_now": "hang_now did not answer within 0.2 seconds.",
        "sleep_now": "sleep_now did not answer within 0.2 seconds.",
        "refuse_now": "The user has refused this call of refuse_now.",
    }
    assert frames[-1]["type"] == "done"


def test_too_many_steps_are_one_error(service: Service, way: Way, kept: dict[str, Any]) -> None:
    errors, ran = list[Any](), list[str]()

    def calculate(first: int) -> str:
        ran.append("calculate")
        return "5"

    response = service.relay(
        "calculate 5", [calculate], max_steps=1, on_error=errors.append, **kept
    )
    *_, last = frames = frames_in(way(response))
    assert (last["type"], last["code"]) == ("error", "error_tools")
    assert [frame["type"] for frame in frames].count("error") == 1
    assert [type(error) for error in errors] == [ToolsError]
    assert ran == ["calculate"]  # those calls have run
    assert len(service.asked) == 1


def test_what_approve_raises_is_one_error(
    service: Service, way: Way, kept: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def approve(call: object, arguments: object) -> bool:
        raise LookupError("no entry is there")

    frames = frames_in(way(service.relay("calculate 5", [calculate], approve=approve, **kept)))
    assert frames[-1]["code"] == "error_tools"
    assert data_of(frames, "tool_result") == []
    assert "no entry is there" in caplog.text
    assert len(service.asked) == 1


def test_a_service_that_fails_after_a_tool_is_an_error_with_the_text_so_far(way: Way) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "again", "arguments": "{}"}}
    script = Script([chunk("One. "), chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE])
    errors, usage = list[Any](), list[str]()

    def again() -> None:
        script.answer([chunk("Two."), ConnectionResetError()])

    response = relay(
        "Why?",
        tools=[again],
        dialect=OpenAI("https://service.example", "key", "m"),
        session=script.session(),
        on_error=errors.append,
        on_content=usage.append,
    )
    frames = frames_in(way(response))
    assert frames[-1]["type"] == "error"
    assert [error.partial_text for error in errors] == ["One. Two."] == ["".join(usage)]


def test_a_loop_goes_round_while_a_plain_tool_blocks(service: Service) -> None:
    ticks, seen = [0], list[int]()

    def calculate(first: int) -> str:
        before = ticks[0]
        assert waiting.eventually(lambda: ticks[0] > before + 3)
        seen.append(ticks[0])
        return "5"

    async def tick() -> None:
        while not seen:
            ticks[0] += 1
            await asyncio.sleep(0.001)

    async def main() -> bytes:
        beside = asyncio.ensure_future(tick())
        wire = await sent_by_task(service.relay("calculate 5", [calculate], heartbeat=0.01))
        await beside
        return wire

    assert frames_in(asyncio.run(main()))[-1]["type"] == "done"
    assert seen


def test_heartbeats_while_a_tool_runs(service: Service, way: Way) -> None:
    def calculate(first: int) -> str:
        time.sleep(1)
        return "5"

    wire = way(service.relay("calculate 5", [calculate], heartbeat=0.05))
    beat = wire.index(b":\n:\n\n")
    assert wire.index(b'"tool_call"') < beat < wire.index(b'"tool_result"')


person: contextvars.ContextVar[str] = contextvars.ContextVar("person")


def test_tools_have_the_context_of_the_view(service: Service, way: Way) -> None:
    def calculate(first: int) -> str:
        return person.get()

    token = person.set("Ada")
    response = service.relay("calculate 5", [calculate])
    person.reset(token)
    [result] = data_of(frames_in(way(response)), "tool_result")
    assert result["output"] == "Ada"


# A browser that leaves, and stops


def run_in_trio(main: Any) -> None:
    async def awaited() -> None:
        await main

    trio.run(awaited)


class Slow:
    """A tool that runs until it is released, plain or async."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.is_released = threading.Event()
        self.was_cancelled = threading.Event()

    def plain(self, first: int = 0) -> str:
        self.has_begun.set()
        self.is_released.wait(SOON)
        return "5"

    async def coroutine(self, first: int = 0) -> str:
        self.has_begun.set()
        try:
            if is_in_trio():
                await trio.sleep(SOON)
            else:
                await asyncio.sleep(SOON)
        except BaseException:
            self.was_cancelled.set()
            raise
        return "5"


def is_in_trio() -> bool:
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        return False
    return True


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.is_released.set()


def tool_of_slow(slow: Slow, is_async: bool) -> Tool:
    function: Any = slow.coroutine if is_async else slow.plain
    return Tool("wait_long", "Waits.", {"properties": {"first": {"type": "integer"}}}, function)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_browser_that_leaves_cancels_the_tools(
    service: Service, way: Way, slow: Slow, is_async: bool
) -> None:
    left, others = list[str](), list[Any]()
    response = service.relay(
        "wait long",
        [tool_of_slow(slow, is_async)],
        heartbeat=0.05,
        on_abort=left.append,
        on_complete=others.append,
        on_error=others.append,
    )
    way(response, the_call)  # just before the tool begins, or just after
    assert waiting.eventually(lambda: left == [""])
    if slow.has_begun.is_set() and is_async:
        assert slow.was_cancelled.wait(SOON)
    assert others == []
    assert len(service.asked) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_browser_that_leaves_while_a_tool_runs(
    service: Service, way: Way, slow: Slow, is_async: bool
) -> None:
    left = list[str]()
    tool = tool_of_slow(slow, is_async)
    response = service.relay("wait long", [tool], heartbeat=0.05, on_abort=left.append)
    way(response, lambda wire: slow.has_begun.is_set())
    if is_async:
        assert slow.was_cancelled.wait(SOON)
    assert waiting.eventually(lambda: left == [""])
    assert waiting.eventually(lambda: not waiting.our_threads("tools"))
    assert len(service.asked) == 1


@pytest.mark.parametrize("run", [asyncio.run, run_in_trio])
@pytest.mark.parametrize("is_async", [False, True])
def test_an_asgi_server_whose_browser_leaves_while_a_tool_runs(
    service: Service, slow: Slow, run: Any, is_async: bool
) -> None:
    left, wire = list[str](), bytearray()
    tool = tool_of_slow(slow, is_async)
    response = service.relay("wait long", [tool], on_abort=left.append)

    async def receive() -> dict[str, Any]:
        sleep = trio.sleep if is_in_trio() else asyncio.sleep
        await waiting.until(slow.has_begun.is_set, sleep)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        wire.extend(message.get("body", b""))

    async def main() -> None:
        await response({"type": "http", "method": "POST", "headers": []}, receive, send)
        await waiting.until(lambda: left, trio.sleep if is_in_trio() else asyncio.sleep)

    run(main())
    assert not data_of(frames_in(bytes(wire)), "content")
    assert left == [""]
    if is_async:
        assert slow.was_cancelled.wait(SOON)
    assert waiting.eventually(lambda: not waiting.our_threads("tools"))
    assert len(service.asked) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_closing_a_response_while_a_tool_runs(
    service: Service, way: Way, slow: Slow, is_async: bool
) -> None:
    response = service.relay("wait long", [tool_of_slow(slow, is_async)])

    def close() -> None:
        assert slow.has_begun.wait(SOON)
        response.close()

    closer = threading.Thread(target=close)
    closer.start()
    frames = frames_in(way(response))
    closer.join()
    assert [frame["type"] for frame in frames] == ["tool_call", "error"]
    if is_async:
        assert slow.was_cancelled.wait(SOON)
    assert waiting.eventually(lambda: not waiting.our_threads("tools"))
    assert len(service.asked) == 1


@pytest.fixture(params=["memory", "redis"])
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[Store, Store]]:
    """The store of the worker that asks, and that of another one."""
    if request.param == "memory":
        store = MemoryStore()
        yield store, store
        return
    redis: RedisServer = request.getfixturevalue("redis")
    with redis.store() as asking, redis.store() as other:
        yield asking, other


@pytest.mark.parametrize("is_async", [False, True])
def test_stopping_a_kept_answer_while_a_tool_runs(
    service: Service, way: Way, slow: Slow, is_async: bool, workers: tuple[Store, Store]
) -> None:
    asking, other = workers
    left = list[str]()
    response = service.relay(
        "wait long",
        [tool_of_slow(slow, is_async)],
        store=asking,
        id="an-answer",
        on_abort=left.append,
    )

    def halt() -> None:
        assert slow.has_begun.wait(SOON)
        assert stop("an-answer", store=other)

    stopper = threading.Thread(target=halt)
    stopper.start()
    frames = frames_in(way(response))
    stopper.join()
    assert frames[-1]["type"] == "error"
    assert way is not by_thread or waiting.eventually(lambda: left == [""])
    assert waiting.eventually(lambda: not waiting.our_threads("tools"))
    assert len(service.asked) == 1


def test_others_follow_a_kept_answer_past_its_tools(
    service: Service, slow: Slow, workers: tuple[Store, Store]
) -> None:
    asking, other = workers
    tool = tool_of_slow(slow, False)
    response = service.relay("wait long", [tool], store=asking, id="an-answer")
    first = by_thread(response, the_call)  # leaves while the tool runs
    assert b'"content"' not in first
    following = iter(follow("an-answer", store=other))
    wire = next(following) + next(following)
    assert b'"tool_result"' not in wire
    slow.is_released.set()
    wire += b"".join(following)
    frames = frames_in(wire)
    assert frames_in(b"".join(follow("an-answer", store=asking))) == frames
    kinds = [frame["type"] for frame in frames]
    assert kinds[:2] == ["tool_call", "tool_result"]
    assert kinds[-1] == "done"
    assert "The tool answered:" in "".join(data_of(frames, "content"))


def test_an_abandoned_answer_stops_its_tools(service: Service, slow: Slow) -> None:
    store = MemoryStore()
    response = service.relay(
        "wait long", [tool_of_slow(slow, True)], store=store, id="an-answer", abandon_after=0.1
    )
    by_thread(response, the_call)
    assert slow.has_begun.wait(SOON)
    assert slow.was_cancelled.wait(SOON)
    assert frames_in(b"".join(follow("an-answer", store=store)))[-1]["type"] == "error"
    assert len(service.asked) == 1


def test_a_close_before_the_start_asks_nothing(service: Service, way: Way) -> None:
    response = service.relay("calculate 5", [calculate])
    response.close()
    frames = frames_in(way(response))
    assert [frame["type"] for frame in frames] == ["error"]
    assert service.asked == []


# Tools of the browser


def described(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@pytest.mark.parametrize("frames", ["relay", "openai"])
def test_tools_of_the_browser_are_called_there(service: Service, frames: Any, way: Way) -> None:
    options: dict[str, Any] = {} if frames == "relay" else {"events": None}
    response = service.relay("open map", [described("open_map")], frames=frames, **options)
    told = frames_in(way(response))
    assert ("tool_call" in json.dumps(told[0])) or ("tool_calls" in json.dumps(told))
    assert len(service.asked) == 1


def test_an_answer_with_a_call_for_the_browser_is_the_last(
    service: Service, way: Way, kept: dict[str, Any]
) -> None:
    tools = [described("open_map"), calculate]
    texts = list[str]()
    response = service.relay("open map, calculate 5", tools, on_complete=texts.append, **kept)
    frames = frames_in(way(response))
    assert [call["name"] for call in data_of(frames, "tool_call")] == ["open_map", "calculate"]
    # What runs here has run: the browser asks again with all the results.
    assert [told["name"] for told in data_of(frames, "tool_result")] == ["calculate"]
    assert frames[-1] == {"type": "done", "finish_reason": "tool_calls"}
    assert texts == [""]
    assert len(service.asked) == 1
    named = [tool["function"]["name"] for tool in service.asked[0]["tools"]]
    assert named == ["open_map", "calculate"]


@pytest.mark.parametrize("others", [[], [described("open_map")]])
def test_a_call_of_a_tool_that_there_is_not(others: list[Any]) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "invented", "arguments": "{}"}}
    script = Script([chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE])
    response = relay(
        "Why?",
        tools=[calculate, *others],
        max_steps=2,
        dialect=OpenAI("https://service.example", "key", "m"),
        session=script.session(),
        events=EVENTS,
    )
    frames = frames_in(by_thread(response))
    if others:  # the browser may know it
        assert [frame["type"] for frame in frames] == ["tool_call", "done"]
    else:  # the model gets it as a result
        said = {told["output"] for told in data_of(frames, "tool_result")}
        assert said == {"There is no tool 'invented': expected calculate."}
        assert frames[-1]["code"] == "error_tools"


def test_a_client_of_openai_gets_no_call_of_a_tool_that_there_is_not() -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "invented", "arguments": "{}"}}
    script = Script([chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE])
    options: dict[str, Any] = {"session": script.session(), "frames": "openai", "max_steps": 2}
    dialect = OpenAI("https://service.example", "key", "m")
    frames = frames_in(by_thread(relay("Why?", tools=[calculate], dialect=dialect, **options)))
    assert calls_in(frames) == []
    assert frames[-1]["error"]["suggestions_code"] == "error_tools"


@pytest.mark.parametrize("frames", ["relay", "ui", "ag-ui"])
def test_a_result_that_json_cannot_say_is_null_to_the_browser(
    service: Service, frames: Any, way: Way
) -> None:
    def measure_heat() -> dict[str, float]:
        """How hot it is."""
        return {"degrees": math.nan}

    events = EVENTS if frames == "relay" else None
    wire = way(service.relay("measure heat", [measure_heat], frames=frames, events=events))
    [result] = [
        each
        for each in frames_in(wire)
        if "result" in str(each["type"]).lower() or each["type"] == "tool-output-available"
    ]
    output = result.get("output") or result.get("content") or result["data"]["output"]
    assert (json.loads(output) if isinstance(output, str) else output) == {"degrees": None}


def calls_in(chunks: list[Any]) -> list[Any]:
    deltas = [choice["delta"] for each in chunks for choice in each.get("choices", [])]
    return [call for delta in deltas for call in delta.get("tool_calls", [])]


def test_a_client_of_openai_gets_no_call_that_runs_here(service: Service, way: Way) -> None:
    tools = [get_weather, calculate]
    wire = way(service.relay(WEATHER_AND_NUMBER, tools, frames="openai", events=None))
    assert calls_in(frames_in(wire)) == []
    assert frames_in(wire)[-1]["choices"][0]["finish_reason"] == "stop"
    assert wire.endswith(b"data: [DONE]\n\n")


def test_a_client_of_openai_gets_the_calls_that_it_is_to_run(service: Service) -> None:
    tools = [calculate, described("open_map")]
    response = service.relay("calculate 5, open map", tools, frames="openai", events=None)
    chunks = frames_in(by_thread(response))
    [call] = calls_in(chunks)
    assert (call["index"], call["function"]["name"]) == (0, "open_map")
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_without_results_a_page_gets_no_call_that_runs_here(service: Service) -> None:
    events = ["tool_call", "tool_call_chunk"]
    response = service.relay(WEATHER_AND_NUMBER, [get_weather], events=events)
    assert {frame["type"] for frame in frames_in(by_thread(response))} == {"content", "done"}


# The arguments


def test_the_source_is_that_of_the_newest_answer(service: Service) -> None:
    response = service.relay(WEATHER_AND_NUMBER, [get_weather])
    first = response.source
    assert isinstance(first, SuggestionsEventSource)
    by_thread(response)
    assert first.tool_calls
    assert response.source is not first


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"tools": [calculate, calculate]}, ValueError, "two of the name 'calculate'"),
        ({"tools": [calculate, 5]}, TypeError, "functions, Tools or mappings, not int"),
        ({"tools": [lambda x: x]}, ValueError, "a tool cannot have the name"),
        ({"tools": [calculate], "max_steps": 0}, ValueError, "max_steps"),
        ({"tools": [calculate], "tool_timeout": -1}, ValueError, "tool_timeout"),
        ({"tools": [calculate], "approve": [calculate]}, TypeError, "approve must be a callable"),
        ({"tools": [calculate], "dialect": "text"}, ValueError, "text"),
        ({"tools": [calculate], "events": ["step"]}, ValueError, "events has 'step'"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], error: type[Exception], said: str) -> None:
    given = {"dialect": "openai", "url": "https://service.example", "model": "m", **options}
    with pytest.raises(error, match=said):
        relay("Why?", **given)
