"""`Suggester(tools=...)`: one request with answers that call tools before the last one."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from loop import Loop
from process import run
from script import DONE, Script, chunk
from test_suggester import CUT, Shown
from waiting import eventually

import suggestions
from suggestions import Suggester
from suggestions.conversation import ToolsError
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.errors import StatusError
from suggestions.events import ToolCall
from suggestions.playground import Playground
from suggestions.toolkits import aio

SOON = 30  # seconds


class Service(Script):
    """Answers all that is asked about one question with what is fed to it, one after the other."""

    def __init__(self) -> None:
        super().__init__([])
        self._fed: dict[str, queue.SimpleQueue[object]] = {}
        self._one_at_a_time = threading.Lock()
        self.histories: list[list[dict[str, Any]]] = []

    def feed(self, question: str, *steps: object) -> None:
        for step in steps:
            self._queue(question).put(step)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        messages = json.loads(request.body or b"")["messages"]
        with self._one_at_a_time:
            self.histories.append(messages)
            self._steps = iter(self._queue(messages[0]["content"]).get, CUT)
            return super().send(request)

    def _queue(self, question: str) -> queue.SimpleQueue[object]:
        return self._fed.setdefault(question, queue.SimpleQueue())

    def cut(self) -> None:
        for question in list(self._fed):
            self.feed(question, CUT, CUT, CUT)


def calls(*names: str, arguments: str = "{}") -> bytes:
    """The end of an answer that calls those tools."""
    called = [
        {
            "index": number,
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        for number, name in enumerate(names)
    ]
    return chunk(tool_calls=called) + chunk(finish="tool_calls") + DONE


class Tools:
    """`look` returns at once, `wait` when the test says so."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()

    def look(self) -> str:
        """Looks."""
        return "seen"

    def wait(self) -> str:
        """Waits."""
        self.began.set()
        self.may_end.wait(SOON)
        return "waited"


@pytest.fixture
def tools() -> Iterator[Tools]:
    tools = Tools()
    yield tools
    tools.may_end.set()


@pytest.fixture
def service(tools: Tools) -> Iterator[Service]:
    service = Service()
    yield service
    tools.may_end.set()
    service.cut()
    assert suggestions.shutdown(SOON)  # no thread of this test logs in the next one


def view_of(service: Any, tools: Tools, **options: Any) -> Shown:
    return Shown(service, tools=[tools.look, tools.wait], dialect="openai", **options)


REQUESTING, SUGGESTING = ("state", "requesting"), ("state", "suggesting")


@pytest.mark.parametrize("posted", [False, True])
def test_a_view_gets_the_events_of_one_request(
    service: Service, tools: Tools, loop: Loop, posted: bool
) -> None:
    view = view_of(service, tools, dispatch=loop.post if posted else None)
    service.feed("Why?", chunk("Let me see. "), calls("look", "none"), calls("look"))
    service.feed("Why?", chunk("So"), chunk(" it is."), DONE)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("done", "So it is.")])
    assert view.told == [
        REQUESTING,
        SUGGESTING,
        ("suggestion", "Let me see. "),
        ("suggestion", "So"),
        ("suggestion", "So it is."),
        ("state", "done"),
        ("done", "So it is."),
    ]
    assert view.wrong == []
    assert (view.suggester.suggestion, view.suggester.error) == ("So it is.", None)
    assert [len(history) for history in service.histories] == [1, 4, 6]
    last = service.histories[-1]
    assert " ".join(each["role"] for each in last) == "user assistant tool tool assistant tool"
    assert last[2]["content"] == "seen"
    assert last[3]["content"] == "There is no tool 'none': expected look, wait."
    assert (threading.get_ident() in view.threads) == posted


def test_the_state_is_suggesting_while_a_tool_runs(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = view_of(service, tools, dispatch=loop.post)
    service.feed("Why?", calls("wait"))
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told == [REQUESTING, SUGGESTING])
    loop.run_until(tools.began.is_set)
    assert view.suggester.state == "suggesting"
    tools.may_end.set()
    service.feed("Why?", DONE)
    loop.run_until(lambda: view.told[-1:] == [("done", "")])
    assert view.states == ["requesting", "suggesting", "done"]


def waiting(service: Service, tools: Tools, loop: Loop, **options: Any) -> Shown:
    """A view whose tool runs."""
    view = view_of(service, tools, **{"dispatch": loop.post, **options})
    service.feed("Why?", chunk("Well, "), calls("wait"))
    view.suggester.request("Why?")
    loop.run_until(tools.began.is_set)
    loop.run_until(lambda: view.told[-1:] == [("suggestion", "Well, ")])
    view.told.clear()
    return view


@pytest.mark.parametrize("posted", [False, True])
def test_stop_cancels_the_calls(service: Service, tools: Tools, loop: Loop, posted: bool) -> None:
    view = waiting(service, tools, loop, dispatch=loop.post if posted else None)
    view.suggester.stop()
    assert (view.suggester.state, view.suggester.suggestion) == ("aborted", "Well, ")
    loop.run_until(lambda: view.told == [("state", "aborted"), ("stop", "Well, ")])
    view.suggester.stop()
    tools.may_end.set()
    view.suggester.request("And?")
    service.feed("And?", chunk("a"), DONE)
    loop.run_until(lambda: view.told[-1:] == [("done", "a")])
    assert view.told[2:] == [
        REQUESTING,
        SUGGESTING,
        ("suggestion", "a"),
        ("state", "done"),
        ("done", "a"),
    ]
    assert len(service.histories) == 2
    assert view.wrong == []


def test_a_new_request_cancels_the_calls_and_so_does_reset(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = waiting(service, tools, loop)
    view.suggester.request("And?")
    service.feed("And?", calls("wait"))
    loop.run_until(lambda: view.told == [REQUESTING, SUGGESTING])
    view.suggester.reset()
    assert view.suggester.state == "init"
    loop.run_until(lambda: view.told[-1:] == [("state", "init")])
    assert len(view.told) == 3
    assert [history[0]["content"] for history in service.histories] == ["Why?", "And?"]


def test_stop_counts_even_if_the_program_has_seen_that_the_answer_ended(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = view_of(service, tools, dispatch=loop.post)
    service.feed("Why?", chunk("a"), calls("wait"))
    view.suggester.request("Why?")
    source = view.suggester.source
    assert source is not None
    source.result(SOON)
    view.suggester.stop()
    assert view.suggester.state == "aborted"
    loop.run_until(lambda: view.told[-1:] == [("stop", "a")])
    assert not tools.began.is_set()


def test_stop_while_the_last_answer_is_written_closes_it(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = view_of(service, tools, dispatch=loop.post)
    service.feed("Why?", calls("look"), chunk("So"))
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("suggestion", "So")])
    view.suggester.stop()
    loop.run_until(lambda: view.told[-1:] == [("stop", "So")])
    assert view.wrong == []


@pytest.mark.parametrize("moment", range(40))
def test_stop_at_any_moment_ends_the_request_once(
    service: Service, tools: Tools, moment: int
) -> None:
    view = view_of(service, tools, max_steps=20)
    service.feed("Why?", *[calls("look")] * 10, chunk("a"), DONE)
    view.suggester.request("Why?")
    time.sleep(moment / 1000)
    view.suggester.stop()
    assert eventually(lambda: {"done", "stop"}.intersection(name for name, _ in view.told))
    assert suggestions.shutdown(SOON)  # nothing more comes
    (end,) = [name for name, _ in view.told if name in ("done", "stop", "error")]
    assert view.suggester.state == {"done": "done", "stop": "aborted"}[end]
    assert view.wrong == []


def test_an_error_of_a_later_answer_is_reported(tools: Tools, loop: Loop) -> None:
    from suggestions.testing import SuggestionsServer

    with SuggestionsServer() as server:
        server.sends(calls("look"))
        server.fails(404)
        errors: list[Any] = []
        suggester = Suggester(
            tools=[tools.look],
            on_error=errors.append,
            dialect=OpenAI(server.url, "key", "m"),
            dispatch=loop.post,
        )
        suggester.request("Why?")
        loop.run_until(lambda: errors)
    assert isinstance(suggester.error, StatusError)
    assert errors == [suggester.error]
    assert suggester.state == "error"


def test_a_model_that_goes_on_calling_is_an_error(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = view_of(service, tools, max_steps=2, dispatch=loop.post)
    service.feed("Why?", calls("look"), chunk("Again"), calls("look"))
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("error", "error_tools")])
    error = view.suggester.error
    assert isinstance(error, ToolsError)
    assert error.message == "The model still calls tools after max_steps=2 answers."
    assert view.suggester.suggestion == "Again"
    view.suggester.stop()
    assert view.suggester.state == "error"
    assert len(service.histories) == 2


def test_a_call_may_be_refused(service: Service, tools: Tools, loop: Loop) -> None:
    def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
        return call.name == "look"

    view = view_of(service, tools, approve=approve, dispatch=loop.post)
    service.feed("Why?", calls("look", "wait"), chunk("a"), DONE)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("done", "a")])
    results = [each["content"] for each in service.histories[-1][2:]]
    assert results == ["seen", "The user has refused this call of wait."]


def test_what_approve_raises_is_an_error_and_logged(
    service: Service, tools: Tools, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
        raise LookupError("no window")

    view = view_of(service, tools, approve=approve, dispatch=loop.post)
    service.feed("Why?", calls("look"))
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("error", "error_tools")])
    assert view.suggester.error is not None
    assert view.suggester.error.message == "LookupError: no window"
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_a_call_that_hangs_has_a_timeout(service: Service, tools: Tools, loop: Loop) -> None:
    view = view_of(service, tools, tool_timeout=0.05, dispatch=loop.post)
    service.feed("Why?", calls("wait"), chunk("a"), DONE)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("done", "a")])
    assert service.histories[-1][-1]["content"] == "wait did not answer within 0.05 seconds."


def test_shutdown_stops_the_tools(service: Service, tools: Tools, loop: Loop) -> None:
    view = waiting(service, tools, loop)
    assert not suggestions.shutdown(0.2)  # the thread of the tool is left
    loop.run_until(lambda: view.told[-1:] == [("stop", "Well, ")])
    tools.may_end.set()
    assert suggestions.shutdown(SOON)


def test_async_tools_run_on_the_loop_of_the_callbacks(service: Service) -> None:
    async def main() -> None:
        threads: set[int] = set()
        ended = asyncio.Event()

        async def look() -> str:
            await asyncio.sleep(0)
            threads.add(threading.get_ident())
            return "seen"

        view = Shown(service, tools=[look], dialect="openai", dispatch=aio())
        view.then["done a"] = ended.set
        service.feed("Why?", calls("look"), chunk("a"), DONE)
        view.suggester.request("Why?")
        await asyncio.wait_for(ended.wait(), SOON)
        assert threads == view.threads == {threading.get_ident()}

    asyncio.run(main())
    assert service.histories[-1][-1]["content"] == "seen"


KINDS = {"anthropic": Anthropic, "responses": Responses, "openai": OpenAI, "ollama": Ollama}


@pytest.mark.parametrize("name", KINDS)
def test_each_service_that_has_tools(name: str) -> None:
    def get_weather(city: str) -> str:
        return f"{city} is warm"

    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with Playground(pace=0) as playground:
        kind: Any = KINDS[name]
        suggester = Suggester(
            tools=[get_weather],
            on_done=ended.put,
            on_error=ended.put,
            dialect=kind(getattr(playground, f"{name}_url"), "key", "playground"),
        )
        suggester.request([{"role": "user", "content": 'Get weather for "Paris".'}])
        assert str(ended.get(timeout=SOON)).startswith('The tool answered: "Paris is warm".')


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_in_a_forked_child_the_request_is_closed() -> None:
    run(
        """
import os, sys, threading
sys.path[:0] = ["tests/helpers", "tests/conversation"]
from script import DONE, chunk
from test_suggester_tools import Service, calls
from suggestions import Suggester

service, began, may_end, done = Service(), threading.Event(), threading.Event(), threading.Event()

def wait() -> str:
    began.set()
    may_end.wait(60)
    return "waited"

suggester = Suggester(
    tools=[wait],
    on_done=lambda text: done.set(),
    url="https://service.example/",
    dialect="openai",
    session=service.session(),
)
service.feed("Why?", chunk("a"), calls("wait"))
suggester.request("Why?")
assert began.wait(60)
child = os.fork()
if child == 0:
    assert (suggester.state, suggester.suggestion) == ("aborted", "a")
    suggester.stop()
    service.feed("And?", chunk("b"), DONE)
    suggester.request("And?")
else:
    service.feed("Why?", chunk("b"), DONE)
    may_end.set()
assert done.wait(60)
assert (suggester.state, suggester.suggestion) == ("done", "b")
if child == 0:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    )


# Arguments


async def later() -> str:
    """An async function, which no loop would await."""
    return "later"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tools": later}, "tools must be a list of functions, not function"),
        ({"tools": [later]}, "the tool later is an async function"),
        ({"max_steps": 0}, "max_steps must be 1 or more"),
        ({"tool_timeout": 0}, "tool_timeout must be more than 0 seconds"),
        ({"approve": ["look"]}, "approve must be a callable, not list"),
    ],
)
def test_wrong_arguments_are_named_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        Suggester(**arguments)


def test_a_request_that_no_tool_could_serve_leaves_everything_as_it_was(
    service: Service, tools: Tools, loop: Loop
) -> None:
    view = waiting(service, tools, loop)
    with pytest.raises(ValueError, match="tools are not for the dialect 'text'"):
        view.suggester.request("How?", dialect="text")
    with pytest.raises(ValueError, match="question"):
        view.suggester.request("")
    with pytest.raises(TypeError, match="question"):
        view.suggester.request(None)  # type: ignore[arg-type]
    assert view.suggester.state == "suggesting"
    tools.may_end.set()
    service.feed("Why?", chunk("a"), DONE)
    loop.run_until(lambda: view.told[-1:] == [("done", "a")])


# Any order of commands, news and turns of the loop


class AnyOrder(RuleBasedStateMachine):
    """Texts have the number of their request, so that a report of an older one would show."""

    @initialize()
    def begin(self) -> None:
        self.loop = Loop()
        self.service = Service()
        self.results: dict[int, queue.SimpleQueue[str]] = {}
        self.view = Shown(
            self.service, tools=[self.work], dialect="openai", dispatch=self.loop.post
        )
        self.suggester = self.view.suggester
        self.count = 0
        self.asked_at = 0
        self.calling = 0  # calls of the newest request that have not returned, 0 or 1
        self.steps = 0
        self.is_over = True

    def work(self, number: int) -> str:
        """Works until the test says that it is done."""
        return self.results[number].get(timeout=SOON)

    @rule()
    def request(self) -> None:
        self._let_go()
        self.count += 1
        self.results[self.count] = queue.SimpleQueue()
        self.suggester.request(f"{self.count}?")
        self._forget(is_over=False)
        assert (self.suggester.state, self.suggester.suggestion) == ("requesting", "")

    @rule()
    def reset(self) -> None:
        self.suggester.reset()
        self._forget(is_over=True)
        assert (self.suggester.state, self.suggester.suggestion) == ("init", "")

    @rule()
    def stop(self) -> None:
        was_open = not self.is_over
        self.suggester.stop()
        if was_open:
            assert self.suggester.state == "aborted"
        self.is_over = True

    @rule(word=st.sampled_from("abc"))
    def feed(self, word: str) -> None:
        if not self.is_over and not self.calling:
            self.service.feed(f"{self.count}?", chunk(f"{self.count}{word} "))

    @rule()
    def call(self) -> None:
        if not self.is_over and not self.calling and self.steps < 4:
            self.steps += 1
            self.calling = 1
            arguments = json.dumps({"number": self.count})
            self.service.feed(f"{self.count}?", calls("work", arguments=arguments))

    @rule()
    def let_a_tool_return(self) -> None:
        if self.calling:
            self.calling = 0
            self.results[self.count].put("done")

    @rule(end=st.sampled_from([DONE, CUT]))
    def end(self, end: object) -> None:
        if not self.is_over and not self.calling:
            self.service.feed(f"{self.count}?", end)
            self._settle("error" if end is CUT else "done")
            self.is_over = True

    @rule()
    def turn(self) -> None:
        self.loop.run_once()

    @invariant()
    def what_is_told_is_kept_and_of_the_newest(self) -> None:
        assert self.view.wrong == []
        told = self.view.told[self.asked_at :]
        texts = [value for name, value in told if name in ("suggestion", "done", "stop")]
        assert {text[:-1].split()[0][:-1] for text in texts if text} <= {str(self.count)}
        ends = [name for name, _ in told if name in ("done", "stop", "error")]
        assert len(ends) <= 1

    @invariant()
    def states_come_in_order_each_once(self) -> None:
        order = ["requesting", "suggesting", "done", "error", "aborted"]
        told = self.view.told[self.asked_at :]
        places = [order.index(v) for n, v in told if n == "state" and v != "init"]
        assert places == sorted(set(places))

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self._let_go()
            self.suggester.reset()
            self.service.cut()

    def _settle(self, state: str) -> None:
        self.loop.run_until(lambda: self.suggester.state == state)
        self.loop.run_until(lambda: self.view.told[-1][0] == state)

    def _let_go(self) -> None:
        if self.calling:
            self.results[self.count].put("late")
        self.calling = 0

    def _forget(self, *, is_over: bool) -> None:
        self._let_go()
        self.asked_at = len(self.view.told)
        self.is_over = is_over
        self.steps = 0


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestAnyOrder = AnyOrder.TestCase
